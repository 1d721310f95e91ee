//! Times charts: `cargo run --release -p windlass-helm --example speed -- DIR [ROUNDS]`, where DIR holds
//! `CHART/chart.tgz` and `CHART/cases/CASE/{args.json,values.yaml}`.
//!
//! Every case that renders is rendered ROUNDS times with its chart parsed once, which is what the operator does; loading
//! (unpacking, parsing values) is timed by itself.
#![expect(clippy::unwrap_used, reason = "a program for measuring")]

use gotemplate::Env;
use object::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use windlass_helm::{
    Capabilities, Chart, KubeVersion, ReleaseFacts, RenderOptions, render, values,
};

/// Time stands still, and chance repeats itself.
struct World(u8);

impl Env for World {
    fn random(&mut self, buffer: &mut [u8]) -> Result<(), gotemplate::FunctionError> {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(73).wrapping_add(41);
            *byte = self.0;
        }
        Ok(())
    }
}

struct Case {
    values: object::Map,
    facts: ReleaseFacts,
    capabilities: Capabilities,
}

fn case(folder: &Path) -> Option<Case> {
    let args = object::from_json(&std::fs::read(folder.join("args.json")).ok()?).ok()?;
    let text = |key: &str| args.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let values = std::fs::read(folder.join("values.yaml")).unwrap_or_default();
    let more = args.get("apiVersions").and_then(Value::as_list).unwrap_or_default().to_vec();
    let more = more.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let mut capabilities = Capabilities::default().with_api_versions(more);
    capabilities.kube_version = KubeVersion::parse(&text("kubeVersion")).ok()?;
    Some(Case {
        values: values::read(&values).ok()?,
        facts: ReleaseFacts {
            name: text("release"),
            namespace: text("namespace"),
            revision: 1,
            is_upgrade: false,
        },
        capabilities,
    })
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> =
        std::fs::read_dir(of).into_iter().flatten().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().expect("a directory with charts"));
    let rounds: u32 = arguments.next().map_or(20, |r| r.parse().expect("a number"));
    let (mut loading, mut first, mut again, mut cases) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0_u32);
    for folder in folders(&root) {
        let Ok(packed) = std::fs::read(folder.join("chart.tgz")) else { continue };
        let start = Instant::now();
        let Ok(chart) = Chart::from_archive(&packed) else { continue };
        let loaded = start.elapsed();
        loading += loaded;
        let (mut own_first, mut own, mut count) = (Duration::ZERO, Duration::ZERO, 0_u32);
        for case in folders(&folder.join("cases")).iter().filter_map(|f| case(f)) {
            let options = RenderOptions::default();
            let once = || {
                let mut env = World(1);
                let Case { values, facts, capabilities } = &case;
                render(&chart, values, facts, capabilities, &options, &mut env, None)
            };
            let start = Instant::now();
            if once().is_err() {
                continue;
            }
            own_first += start.elapsed();
            let start = Instant::now();
            for _ in 0..rounds {
                let _ = std::hint::black_box(once());
            }
            own += start.elapsed();
            count += 1;
        }
        if count > 0 {
            let each = own / (rounds * count);
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            println!(
                "{name}: {count} cases, load {loaded:?}, first {:?}, again {each:?}",
                own_first / count
            );
        }
        (first, again, cases) = (first + own_first, again + own / rounds, cases + count);
    }
    println!("all: {cases} cases, load {loading:?}, first {first:?}, again {again:?}");
    println!("mean of a case: first {:?}, again {:?}", first / cases, again / cases);
}
