//! What the annotations of a managed object say about how it is to be treated.

use object::Value;
use serde::Serialize;

/// `<group>/ssa`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Ssa {
    /// Applied; fields that `kubectl` holds are taken over.
    #[default]
    Override,
    /// Applied; fields that others hold stay with them.
    Merge,
    /// Created once and never changed.
    IfNotPresent,
    /// Left alone.
    Ignore,
}

/// How one object is to be treated. As Flux does, a label counts like an annotation, and values are
/// compared without regard to case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// `<group>/ssa`.
    pub ssa: Ssa,
    /// `<group>/force: enabled`.
    pub force: bool,
    /// `<group>/prune: disabled`.
    pub keep: bool,
    /// `<group>/reconcile: disabled`.
    pub disabled: bool,
}

impl Policy {
    /// What an object's labels and annotations under `group` say.
    pub fn of(object: &Value, group: &str) -> Self {
        let mut policy = Self::default();
        for part in ["labels", "annotations"] {
            let Some(entries) = object.at(["metadata", part]).and_then(Value::as_map) else {
                continue;
            };
            for (key, value) in entries.iter() {
                let Some(name) = key.strip_prefix(group).and_then(|k| k.strip_prefix('/')) else {
                    continue;
                };
                policy.read(name, value.as_str().unwrap_or_default());
            }
        }
        policy
    }

    fn read(&mut self, name: &str, value: &str) {
        let is = |wanted: &str| value.eq_ignore_ascii_case(wanted);
        match name {
            // The strongest of a label and an annotation that disagree holds.
            "ssa" if is("Ignore") => self.ssa = Ssa::Ignore,
            "ssa" if is("IfNotPresent") && self.ssa != Ssa::Ignore => self.ssa = Ssa::IfNotPresent,
            "ssa" if is("Merge") && self.ssa == Ssa::Override => self.ssa = Ssa::Merge,
            "force" if is("enabled") => self.force = true,
            "prune" if is("disabled") => self.keep = true,
            "reconcile" if is("disabled") => self.disabled = true,
            _ => {}
        }
    }

    /// Whether the object is left alone altogether.
    pub fn hands_off(self) -> bool {
        self.disabled || self.ssa == Ssa::Ignore
    }
}

#[cfg(test)]
mod tests;
