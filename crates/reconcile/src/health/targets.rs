//! Whose health a run waits for.

use super::{Health, HealthStatus};
use crate::desired::{Desired, DesiredObject};
use crate::spec::SyncSpec;
use object::{Gvk, ObjectKey};

/// One object whose health a run waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthTarget {
    /// The object.
    pub key: ObjectKey,
    /// Its kind.
    pub gvk: Gvk,
    /// Whether it deletes itself when it is done ([`DesiredObject::vanishes_when_done`]).
    pub vanishes: bool,
}

impl HealthTarget {
    /// What was found, where an object that deleted itself counts as healthy.
    pub fn judge(&self, found: Health) -> Health {
        if self.vanishes && found.status == HealthStatus::NotFound {
            return Health::current("Job is done and was deleted");
        }
        found
    }
}

/// The objects a run waits for: with `wait` all that it applies, otherwise those of `healthChecks`. Never the
/// owner itself, which would wait for its own end, and none that an annotation leaves alone.
pub fn targets(spec: &SyncSpec, desired: &Desired) -> Vec<HealthTarget> {
    let owner = spec.owner.key();
    let vanishes =
        |key: &ObjectKey| desired.get(key).is_some_and(DesiredObject::vanishes_when_done);
    if spec.wait {
        let applied = desired.objects.iter().filter(|o| !o.policy.hands_off() && o.key != owner);
        return applied
            .map(|o| HealthTarget {
                key: o.key.clone(),
                gvk: o.gvk.clone(),
                vanishes: o.vanishes_when_done(),
            })
            .collect();
    }
    let named = spec.health_checks.iter().filter(|(_, key)| *key != owner);
    named
        .map(|(gvk, key)| HealthTarget {
            key: key.clone(),
            gvk: gvk.clone(),
            vanishes: vanishes(key),
        })
        .collect()
}
