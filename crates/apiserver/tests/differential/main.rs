//! The same requests to our server and to a real kube-apiserver: answers and stored objects are compared.
//!
//! Run by `cargo xtask differential`, which starts the real one and names its kubeconfig in
//! `WINDLASS_REAL_SERVER`. Without it this is skipped, and says so. What differs on purpose or is not done yet
//! stands in `known-differences.txt` with the reason; a difference that is not listed fails the test.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod cases;
mod catalog;
mod known;
mod normal;
mod report;
mod side;

use cases::Case;
use known::Known;
use report::Report;
use side::Side;
use std::time::{Duration, Instant};

/// How long the two may need to come to the same state where controllers work behind the API.
const SETTLING: Duration = Duration::from_secs(3);

/// Cases that take longer are named.
const SLOW: Duration = Duration::from_secs(5);

#[tokio::test]
async fn answers_are_those_of_a_real_server() {
    let Some(kubeconfig) = std::env::var_os("WINDLASS_REAL_SERVER") else {
        println!(
            "skipped: `cargo xtask differential` builds and starts a real kube-apiserver to compare with"
        );
        return;
    };
    let mut ours = Side::ours().await;
    let mut real = Side::real(kubeconfig.as_ref()).await;
    let wanted = std::env::var("WINDLASS_CASES").unwrap_or_default();
    let cases: Vec<Case> =
        cases::all().into_iter().filter(|case| case.name.contains(&wanted)).collect();
    let mut report = Report::default();
    for case in &cases {
        let begin = Instant::now();
        run(case, &mut ours, &mut real, &mut report).await;
        if begin.elapsed() > SLOW {
            println!("{} took {:.1} s", case.name, begin.elapsed().as_secs_f32());
        }
    }
    let known = Known::read();
    // A selection of cases says nothing about entries that belong to the others.
    let verdict = report.verdict(&known, wanted.is_empty());
    println!("{}", verdict.summary);
    assert!(verdict.passed, "{}", verdict.details);
}

async fn run(case: &Case, ours: &mut Side, real: &mut Side, report: &mut Report) {
    ours.begin();
    real.begin();
    for (number, step) in case.steps.iter().enumerate() {
        let begin = Instant::now();
        loop {
            let (left, right) = tokio::join!(ours.ask(step), real.ask(step));
            let differences = normal::differences(&left, &right);
            if step.settles && !differences.is_empty() && begin.elapsed() < SETTLING {
                tokio::time::sleep(Duration::from_millis(150)).await;
                continue;
            }
            report.note(case, number, step, &right, differences);
            break;
        }
    }
}
