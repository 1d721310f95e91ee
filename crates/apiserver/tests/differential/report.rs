//! What differed, and whether it may.

use crate::cases::{Case, Step};
use crate::known::Known;
use crate::normal::{Answer, Difference};
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Default)]
pub(crate) struct Report {
    requests: usize,
    kinds: BTreeMap<String, usize>,
    found: Vec<Found>,
}

struct Found {
    case: String,
    step: String,
    request: String,
    status: u16,
    differences: Vec<Difference>,
}

impl Found {
    /// The request with those of its differences that `which` chooses.
    fn tell(&self, text: &mut String, which: impl Fn(&Difference) -> bool) {
        let Self { case, step, status, request, .. } = self;
        let _ = writeln!(text, "== {case} step {step} ({status})\n{request}");
        for Difference { path, ours, real } in self.differences.iter().filter(|d| which(d)) {
            let _ = writeln!(text, "  {path}\n    ours {ours}\n    real {real}");
        }
    }
}

pub(crate) struct Verdict {
    pub(crate) passed: bool,
    pub(crate) summary: String,
    pub(crate) details: String,
}

impl Report {
    pub(crate) fn note(
        &mut self,
        case: &Case,
        number: usize,
        step: &Step,
        real: &Answer,
        differences: Vec<Difference>,
    ) {
        self.requests += 1;
        let kind = case.name.split('/').next().unwrap_or_default().to_owned();
        *self.kinds.entry(kind).or_default() += 1;
        if !differences.is_empty() {
            self.found.push(Found {
                case: case.name.clone(),
                step: format!("{number} {}", step.what),
                request: format!("{} {}\n{}", step.method, step.path, step.body.shown()),
                status: real.status,
                differences,
            });
        }
    }

    /// Counts, tells, and writes everything that differs to a file. `complete`: every case was run.
    pub(crate) fn verdict(&self, known: &Known, complete: bool) -> Verdict {
        let mut used = vec![false; known.entries.len()];
        let (mut text, mut listed) = (String::new(), String::new());
        let (mut unexpected, mut expected) = (0, 0);
        for found in &self.found {
            let covered = |d: &Difference| known.covers(&found.case, &d.path);
            let entries: Vec<Option<usize>> = found.differences.iter().map(covered).collect();
            entries.iter().flatten().for_each(|&entry| used[entry] = true);
            if entries.iter().all(Option::is_some) {
                expected += 1;
                found.tell(&mut listed, |_| true);
                continue;
            }
            unexpected += 1;
            found.tell(&mut text, |d| covered(d).is_none());
        }
        let stale: Vec<String> = known
            .entries
            .iter()
            .zip(&used)
            .filter(|(_, used)| complete && !**used)
            .map(|(e, _)| format!("{} | {}", e.case, e.path))
            .collect();
        let summary = format!(
            "{} requests ({}): {} with the same answer, {expected} with listed differences, {unexpected} with others",
            self.requests,
            self.kinds.iter().map(|(k, n)| format!("{k} {n}")).collect::<Vec<_>>().join(", "),
            self.requests - expected - unexpected,
        );
        let worse = complete && self.requests - expected - unexpected < known.same;
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("differences.txt");
        // What is not listed stands first.
        std::fs::write(&file, format!("{text}\n## listed\n\n{listed}")).unwrap();
        let mut details = format!("{summary}\nall of it is in {}\n", file.display());
        details.extend(text.chars().take(4000));
        for entry in &stale {
            let _ =
                writeln!(details, "\nknown-differences.txt lists what no longer differs: {entry}");
        }
        if worse {
            let _ = writeln!(details, "\nfewer answers are the same than {}", known.same);
        }
        Verdict { passed: unexpected == 0 && stale.is_empty() && !worse, summary, details }
    }
}
