//! Indexed Jobs: which of the numbers 0 to completions are done, and which are free.

use super::super::fields::{list, set, text};
use object::{Manifest as _, Value, map};
use std::collections::BTreeSet;
use std::fmt;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// Indexes are kept one by one; a Job with more is not one that a simulation plays through.
const MOST: i64 = 100_000;

/// The indexes that have succeeded.
pub(super) struct Indexes(BTreeSet<i64>);

impl Indexes {
    /// From the status and from the Pods that are there.
    pub(super) fn done(job: &Value, pods: &[Value]) -> Self {
        let mut done = BTreeSet::new();
        let mut next = 0;
        for part in text(job, ["status", "completedIndexes"]).split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            // Ascending, as it is written: each number is looked at once.
            if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>())
                && from >= next
                && to < MOST
            {
                done.extend(from..=to);
                next = to.max(from) + 1;
            }
        }
        let succeeded = pods.iter().filter(|p| text(p, ["status", "phase"]) == "Succeeded");
        done.extend(succeeded.filter_map(index));
        Self(done)
    }

    pub(super) fn len(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    /// The indexes below `completions` that are neither done nor worked on, lowest first.
    pub(super) fn free(&self, completions: i64, active: &[Value]) -> Vec<i64> {
        let busy: BTreeSet<i64> = active.iter().filter_map(index).collect();
        (0..completions.min(MOST)).filter(|i| !self.0.contains(i) && !busy.contains(i)).collect()
    }
}

impl fmt::Display for Indexes {
    /// `1,3-5,7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for &index in &self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => runs.push((index, index)),
            }
        }
        for (n, (from, to)) in runs.into_iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            match to - from {
                0 => write!(f, "{comma}{from}")?,
                1 => write!(f, "{comma}{from},{to}")?,
                _ => write!(f, "{comma}{from}-{to}")?,
            }
        }
        Ok(())
    }
}

fn index(pod: &Value) -> Option<i64> {
    pod.annotation(INDEX)?.parse().ok().filter(|i| (0..MOST).contains(i))
}

/// Tells a Pod its index: annotation, label, host name, and the variable in its containers.
pub(super) fn mark(pod: &mut Value, index: i64, host: &str) {
    pod.set_annotation(INDEX, &index.to_string());
    pod.set_label(INDEX, &index.to_string());
    set(pod, ["spec", "hostname"], host);
    let source = map! {"fieldRef": map! {"fieldPath": format!("metadata.labels['{INDEX}']")}};
    let variable = map! {"name": "JOB_COMPLETION_INDEX", "valueFrom": source};
    let containers = pod.get_mut("spec").and_then(|s| s.get_mut("containers"));
    for container in containers.and_then(Value::as_list_mut).into_iter().flatten() {
        let mut variables = list(container, ["env"]).to_vec();
        variables.push(variable.clone().into());
        set(container, ["env"], variables);
    }
}
