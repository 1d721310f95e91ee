//! Sequences drawn with a fixed seed: any manager, any form of write, any of the changes.

use super::apply::only;
use super::{Case, Step, with};
use crate::catalog::{Entry, entries};
use serde_json::{Value, json};

const SEED: u64 = 20_261_121;
/// Sequences per kind, requests per sequence.
const SEQUENCES: usize = 2;
const LENGTH: usize = 12;

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut random = Random(SEED);
    let mut cases = Vec::new();
    for round in 0..SEQUENCES {
        for entry in entries(20 + round) {
            cases.push(sequence(&entry, round, &mut random));
        }
    }
    cases
}

fn sequence(entry: &Entry, round: usize, random: &mut Random) -> Case {
    let at = entry.path();
    let mut steps = vec![match random.below(2) {
        0 => Step::post(&format!("{}?fieldManager=one", entry.collection), &entry.object),
        _ => Step::apply(&at, "one", false, &entry.object),
    }];
    let marks = [
        json!({"metadata": {"labels": {"l1": "a"}}}),
        json!({"metadata": {"labels": {"l1": "b", "l2": "c"}}}),
        json!({"metadata": {"annotations": {"a1": "x"}}}),
        json!({"metadata": {"annotations": {"a1": "y", "a2": ""}}}),
        json!({"metadata": {"finalizers": ["example.com/hold"]}}),
        json!({"metadata": {"labels": null}}),
    ];
    let changes: Vec<Value> = entry.changes.iter().chain(&marks).cloned().collect();
    for _ in 0..LENGTH {
        let change = random.of(&changes).clone();
        let manager = random.of(&["one", "two", "three"]);
        let dry = if random.below(6) == 0 { "&dryRun=All" } else { "" };
        let path = format!("{at}?fieldManager={manager}{dry}");
        let plain = format!("{at}?{}", dry.trim_start_matches('&'));
        steps.push(match random.below(8) {
            0 => Step::patch("merge", &path, &change),
            1 => Step::patch("strategic", &path, &change),
            2 => Step::put(&path, change),
            3 => Step::apply(&plain, manager, false, &only(entry, &change)),
            4 => Step::apply(&plain, manager, true, &only(entry, &change)),
            5 => Step::apply(&plain, manager, random.below(2) == 0, &with(&entry.object, &change)),
            6 if !entry.invalid.is_empty() => {
                Step::patch("merge", &path, random.of(&entry.invalid))
            }
            _ => Step::get(&at),
        });
    }
    steps.push(Step::delete(&at, &json!({"gracePeriodSeconds": 0})));
    steps.push(Step::patch("merge", &at, &json!({"metadata": {"finalizers": null}})));
    steps.push(Step::get(&at));
    Case { name: format!("random/{}/{round}", entry.resource), steps }
}
