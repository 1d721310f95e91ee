//! From the old ReplicaSets to the new one: by and by, or all at once.

use super::Run;
use super::sets::Set;

impl Run<'_> {
    /// `RollingUpdate`: grow within `maxSurge`, else shrink within `maxUnavailable`. One of the two each
    /// time; what the Pods then do brings the next.
    pub(super) fn roll(&mut self) {
        let Self { deployment, spec, sets, step, now } = self;
        sets.adopt_revision(deployment, spec, true, *now);
        let asked = sets.asked();
        let Some(new) = &mut sets.new else { return };
        let size = new.replicas();
        let target = if size > spec.replicas {
            spec.replicas
        } else {
            let room = spec.replicas + spec.max_surge - asked;
            size + room.min(spec.replicas - size).max(0)
        };
        if new.scale(target, deployment, spec, step, *now) {
            return;
        }
        self.shrink_old();
    }

    fn shrink_old(&mut self) {
        let Self { deployment, spec, sets, step, now } = self;
        let min_available = spec.replicas - spec.max_unavailable;
        let new_unavailable =
            sets.new.as_ref().map_or(0, |n| n.replicas() - n.status("availableReplicas"));
        let mut surplus = sets.asked() - min_available - new_unavailable;
        if surplus <= 0 {
            return;
        }
        // First what serves nobody.
        for set in &mut sets.old {
            let unhealthy =
                (set.replicas() - set.status("availableReplicas")).clamp(0, surplus.max(0));
            if unhealthy > 0 {
                set.scale(set.replicas() - unhealthy, deployment, spec, step, *now);
                surplus -= unhealthy;
            }
        }
        let mut available = sets.all().map(still_available).sum::<i64>() - min_available;
        for set in &mut sets.old {
            let fewer = set.replicas().min(available);
            if fewer > 0 {
                set.scale(set.replicas() - fewer, deployment, spec, step, *now);
                available -= fewer;
            }
        }
    }

    /// `Recreate`: the new set gets its Pods when the last old one is gone.
    pub(super) fn recreate(&mut self) {
        let Self { deployment, spec, sets, step, now } = self;
        sets.adopt_revision(deployment, spec, false, *now);
        let mut waits = false;
        for set in &mut sets.old {
            waits |= set.replicas() > 0 || set.status("replicas") > 0;
            if set.replicas() > 0 {
                set.scale(0, deployment, spec, step, *now);
            }
        }
        if waits {
            return;
        }
        sets.adopt_revision(deployment, spec, true, *now);
        if let Some(new) = &mut sets.new {
            new.scale(spec.replicas, deployment, spec, step, *now);
        }
    }
}

/// Available replicas of a set that stay when it was made smaller in this step.
fn still_available(set: &Set) -> i64 {
    set.status("availableReplicas").min(set.replicas())
}
