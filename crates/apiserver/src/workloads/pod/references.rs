//! The ConfigMaps and Secrets a Pod cannot start without.

use super::super::fields::{flag, list, text};
use object::Value;

/// A ConfigMap or Secret that a Pod names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `configmaps` or `secrets`.
    pub plural: &'static str,
    /// Its name, in the Pod's namespace.
    pub name: String,
    /// Whether it is a volume; else it is in the environment.
    pub mounted: bool,
}

impl Reference {
    /// The words of the kubelet.
    pub(super) fn message(&self) -> String {
        let kind = self.plural.trim_end_matches('s');
        match self.mounted {
            true => format!("MountVolume.SetUp failed: {kind} {:?} not found", self.name),
            false => format!("{kind} {:?} not found", self.name),
        }
    }
}

/// All that are not optional, each once.
pub(in super::super) fn references(pod: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut add = |plural, source: Option<&Value>, member, mounted| {
        let Some(source) = source.filter(|s| !flag(s, ["optional"])) else { return };
        let name = text(source, [member]).to_owned();
        let reference = Reference { plural, name, mounted };
        if !reference.name.is_empty() && !found.contains(&reference) {
            found.push(reference);
        }
    };
    for volume in list(pod, ["spec", "volumes"]) {
        add("configmaps", volume.get("configMap"), "name", true);
        add("secrets", volume.get("secret"), "secretName", true);
        for source in list(volume, ["projected", "sources"]) {
            add("configmaps", source.get("configMap"), "name", true);
            add("secrets", source.get("secret"), "name", true);
        }
    }
    let containers =
        list(pod, ["spec", "containers"]).iter().chain(list(pod, ["spec", "initContainers"]));
    for container in containers {
        for source in list(container, ["envFrom"]) {
            add("configmaps", source.get("configMapRef"), "name", false);
            add("secrets", source.get("secretRef"), "name", false);
        }
        for variable in list(container, ["env"]) {
            add("configmaps", variable.at(["valueFrom", "configMapKeyRef"]), "name", false);
            add("secrets", variable.at(["valueFrom", "secretKeyRef"]), "name", false);
        }
    }
    found
}
