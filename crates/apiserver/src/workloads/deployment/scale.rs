//! Scaling a Deployment that may be in the middle of a rollout: every ReplicaSet gets its share.

use super::Run;
use super::sets::Set;

impl Run<'_> {
    /// Whether the Deployment was scaled since its sets were.
    pub(super) fn is_scaling(&self) -> bool {
        let active = self.sets.all().filter(|set| set.replicas() > 0);
        active.filter_map(Set::desired).any(|desired| desired != self.spec.replicas)
    }

    pub(super) fn scale(&mut self) {
        let Self { deployment, spec, sets, step, now } = self;
        let active = sets.all().filter(|set| set.replicas() > 0).count();
        if active <= 1 {
            // The one that has Pods, else the newest there is.
            let has_pods = |set: &&mut Set| active == 0 || set.replicas() > 0;
            let one = match sets.new.iter_mut().find(has_pods) {
                Some(new) => Some(new),
                None => sets.old.iter_mut().rev().find(has_pods),
            };
            if let Some(set) = one {
                set.scale(spec.replicas, deployment, spec, step, *now);
            }
            return;
        }
        let saturated = sets.new.as_ref().is_some_and(|new| {
            new.replicas() == spec.replicas
                && new.desired() == Some(spec.replicas)
                && new.status("availableReplicas") == spec.replicas
        });
        if saturated {
            for set in sets.old.iter_mut().filter(|set| set.replicas() > 0) {
                set.scale(0, deployment, spec, step, *now);
            }
        } else if !spec.recreates {
            self.scale_proportionally();
        }
    }

    fn scale_proportionally(&mut self) {
        let Self { deployment, spec, sets, step, now } = self;
        let allowed = if spec.replicas > 0 { spec.replicas + spec.max_surge } else { 0 };
        let total = sets.asked();
        let to_add = allowed - total;
        let size_before = super::count(deployment, ["status", "replicas"]);
        let mut active: Vec<&mut Set> =
            sets.old.iter_mut().chain(&mut sets.new).filter(|set| set.replicas() > 0).collect();
        // Largest first; among equals the newer grows first and the older shrinks first.
        active.sort_by_key(|set| set.replicas());
        active.reverse();
        if to_add < 0 {
            active.sort_by_key(|set| -set.replicas());
        }
        let mut added = 0;
        let mut sizes: Vec<i64> = Vec::with_capacity(active.len());
        for set in &active {
            let share = proportion(set, spec.replicas, allowed, size_before);
            let room = to_add - added;
            let share = if to_add > 0 { share.min(room) } else { share.max(room) };
            let share = if to_add == 0 || room == 0 { 0 } else { share };
            sizes.push(set.replicas() + share);
            added += share;
        }
        // What rounding left over goes to the largest.
        if let Some(first) = sizes.first_mut() {
            *first = (*first + to_add - added).max(0);
        }
        for (set, size) in active.into_iter().zip(sizes) {
            set.scale(size, deployment, spec, step, *now);
        }
    }
}

/// By how much one set grows when the Deployment's most replicas go to `allowed`.
fn proportion(set: &Set, replicas: i64, allowed: i64, size_before: i64) -> i64 {
    if replicas == 0 {
        return -set.replicas();
    }
    let before = set.max().filter(|max| *max > 0).unwrap_or(size_before);
    if before <= 0 {
        return 0;
    }
    let size = set.replicas() as f64 * allowed as f64 / before as f64;
    size.round() as i64 - set.replicas()
}
