//! kill -9 under load loses nothing acknowledged: a child process writes and tells what was acknowledged, is
//! killed at a random moment, and the store is opened again.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use object::{Manifest, Value, map};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use windlass_apiserver::store::{
    Change, Key, ListQuery, Precondition, ResourceId, Store, StoreOptions,
};

const CHILD: &str = "WINDLASS_DURABILITY_CHILD";
const WRITERS: usize = 16;
const NAMES: i64 = 7;

fn options(path: &Path) -> StoreOptions {
    StoreOptions { path: Some(path.to_owned()), ..StoreOptions::default() }
}

fn pods() -> ResourceId {
    ResourceId::new("", "pods")
}

fn pod(name: &str, count: i64) -> Value {
    map! {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": map! {"name": name, "namespace": "a", "uid": name},
        "spec": map! {"count": count, "text": "x".repeat(500)},
    }
    .into()
}

/// Writes until it is killed; a line `name revision round deleted` for each write that was acknowledged. A name is
/// written by one thread, every [`NAMES`] rounds.
fn child(path: &Path) -> ! {
    let store = Store::open(&options(path)).unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            std::thread::spawn(move || {
                let mut out = std::io::stdout();
                for round in 0_i64.. {
                    let name = format!("p{writer}-{}", round % NAMES);
                    let key = Key::new(&pods(), "a", &name);
                    let before = store.newest(&key);
                    let (precondition, change) = match &before {
                        None => (Precondition::Absent, Change::Put(pod(&name, round))),
                        Some(_) if round % 11 == 10 => {
                            (Precondition::Present, Change::Delete(pod(&name, -1)))
                        }
                        Some(_) => (Precondition::Present, Change::Put(pod(&name, round))),
                    };
                    let deletes = matches!(change, Change::Delete(_));
                    let stored = store.write_blocking(&key, precondition, change).unwrap();
                    let line = format!("{name} {} {round} {deletes}\n", stored.revision);
                    out.write_all(line.as_bytes()).unwrap();
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|w| w.join().unwrap());
    std::process::exit(0)
}

#[derive(Clone, Copy)]
struct Acknowledged {
    revision: u64,
    round: i64,
    deleted: bool,
}

fn acknowledged(line: &str) -> Option<(String, Acknowledged)> {
    let words: Vec<&str> = line.split(' ').collect();
    let [name, revision, round, deleted] = words.as_slice() else { return None };
    let told = Acknowledged {
        revision: revision.parse().ok()?,
        round: round.parse().ok()?,
        deleted: deleted.parse().ok()?,
    };
    Some(((*name).to_owned(), told))
}

/// What is there is what was acknowledged last, or the one write that may have been under way.
fn check(store: &Store, name: &str, told: Acknowledged) {
    let next = told.round + NAMES;
    match store.get(&Key::new(&pods(), "a", name)) {
        Some(found) => {
            let value = found.value();
            let count = value.at(["spec", "count"]).and_then(Value::as_int).unwrap();
            assert_eq!(value.meta("uid"), Some(name));
            assert!(found.revision >= told.revision, "{name} is old");
            if found.revision == told.revision {
                assert_eq!((count, told.deleted), (told.round, false), "{name}");
            } else {
                assert!(count == next || count < NAMES, "{name}: {count} after {}", told.round);
            }
        }
        None => assert!(told.deleted || next % 11 == 10, "{name} is lost: {}", told.round),
    }
}

#[test]
fn kill_nine_loses_nothing_acknowledged() {
    if let Ok(path) = std::env::var(CHILD) {
        child(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut newest: BTreeMap<String, Acknowledged> = BTreeMap::new();
    let mut highest = 0;
    for round in 0..8_u64 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill_nine_loses_nothing_acknowledged", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).collect::<Vec<String>>()
        });
        std::thread::sleep(Duration::from_millis(250 + round * 37));
        process.kill().unwrap();
        process.wait().unwrap();
        for line in reader.join().unwrap() {
            // The last line may be cut off, and the test harness speaks too.
            let Some((name, told)) = acknowledged(&line) else { continue };
            highest = highest.max(told.revision);
            let entry = newest.entry(name).or_insert(told);
            if told.revision > entry.revision {
                *entry = told;
            }
        }
        let store = Store::open(&options(&path)).unwrap();
        assert!(store.revision() >= highest, "round {round}: the revision went back");
        for (name, told) in &newest {
            check(&store, name, *told);
        }
        assert!(store.list(&pods(), &ListQuery::default()).is_ok());
        highest = highest.max(store.revision());
    }
    assert!(highest > 100, "only {highest} writes: the test did not test");
    println!("{highest} writes, 8 kills, nothing acknowledged was lost");
}
