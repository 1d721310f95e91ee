//! Who is concerned when an object changes: its controller, and those who select, scale or wait for it.

use super::super::fields::text;
use super::super::owner::controller_key;
use super::super::selector::has_pairs;
use crate::store::{Key, ResourceId, Stored};
use object::{Map, Value};
use std::collections::{HashMap, HashSet};

/// What must be known of objects without reading them.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// Pods that wait for a ConfigMap or Secret, by namespace.
    blocked: HashMap<String, HashSet<Key>>,
    /// What each Service selects, by namespace.
    services: HashMap<String, HashMap<Key, Map>>,
    /// Budgets, by namespace: few, so that each looks at every Pod's change.
    budgets: HashMap<String, HashSet<Key>>,
    /// Autoscalers by what they scale, and what each one scales.
    autoscalers: HashMap<Key, HashSet<Key>>,
    targets: HashMap<Key, Key>,
}

/// The resources whose selectors and targets are known here.
const SERVICES: &str = "services";
const BUDGETS: &str = "poddisruptionbudgets.policy";
const AUTOSCALERS: &str = "horizontalpodautoscalers.autoscaling";

impl Relations {
    /// Takes note of what an object selects or points to.
    pub(super) fn learn(&mut self, object: &Stored) {
        let key = &object.key;
        match key.resource.as_str() {
            SERVICES => {
                let value = object.value();
                match value.at(["spec", "selector"]).and_then(Value::as_map) {
                    Some(selector) if !selector.is_empty() => {
                        let services = self.services.entry(key.namespace().to_owned()).or_default();
                        services.insert(key.clone(), selector.clone());
                    }
                    _ => drop_from(&mut self.services, key),
                }
            }
            BUDGETS => {
                self.budgets.entry(key.namespace().to_owned()).or_default().insert(key.clone());
            }
            AUTOSCALERS => {
                self.forget_target(key);
                if let Some(target) = scale_target(&object.value(), key.namespace()) {
                    self.autoscalers.entry(target.clone()).or_default().insert(key.clone());
                    self.targets.insert(key.clone(), target);
                }
            }
            _ => {}
        }
    }

    pub(super) fn forget(&mut self, key: &Key) {
        match key.resource.as_str() {
            SERVICES => drop_from(&mut self.services, key),
            AUTOSCALERS => self.forget_target(key),
            BUDGETS => remove_from(&mut self.budgets, key),
            _ => remove_from(&mut self.blocked, key),
        }
    }

    fn forget_target(&mut self, autoscaler: &Key) {
        let Some(target) = self.targets.remove(autoscaler) else { return };
        if let Some(autoscalers) = self.autoscalers.get_mut(&target) {
            autoscalers.remove(autoscaler);
            if autoscalers.is_empty() {
                self.autoscalers.remove(&target);
            }
        }
    }

    /// Those that have to look again because `object` changed or went.
    pub(super) fn concerned(&self, object: &Stored) -> Vec<Key> {
        let mut found = Vec::new();
        if !object.owners.is_empty() {
            found.extend(controller_key(&object.value()));
        }
        match object.key.resource.as_str() {
            "pods" => {
                let services = self.services.get(object.namespace()).into_iter().flatten();
                let selecting =
                    services.filter(|(_, selector)| has_pairs(&object.labels, selector));
                found.extend(selecting.map(|(key, _)| key.clone()));
                found.extend(self.budgets.get(object.namespace()).into_iter().flatten().cloned());
            }
            "endpointslices.discovery.k8s.io" => {
                let service = object.label("kubernetes.io/service-name");
                let services = ResourceId::new("", SERVICES);
                found.extend(service.map(|s| Key::new(&services, object.namespace(), s)));
            }
            "persistentvolumeclaims" => {
                let volume = format!("pvc-{}", object.uid);
                found.push(Key::new(&ResourceId::new("", "persistentvolumes"), "", &volume));
            }
            _ => {}
        }
        found.extend(self.autoscalers.get(&object.key).into_iter().flatten().cloned());
        found
    }

    /// A Pod waits for a ConfigMap or Secret.
    pub(super) fn block(&mut self, pod: &Key) {
        self.blocked.entry(pod.namespace().to_owned()).or_default().insert(pod.clone());
    }

    /// The Pods of a namespace that waited.
    pub(super) fn unblock(&mut self, namespace: &str) -> HashSet<Key> {
        self.blocked.remove(namespace).unwrap_or_default()
    }
}

/// Where the target of an autoscaler is stored.
pub(super) fn scale_target(autoscaler: &Value, namespace: &str) -> Option<Key> {
    let target = |member| text(autoscaler, ["spec", "scaleTargetRef", member]);
    let plural = match target("kind") {
        "Deployment" => "deployments",
        "StatefulSet" => "statefulsets",
        "ReplicaSet" => "replicasets",
        _ => return None,
    };
    Some(Key::new(&ResourceId::new("apps", plural), namespace, target("name")))
}

fn drop_from<T>(map: &mut HashMap<String, HashMap<Key, T>>, key: &Key) {
    if let Some(of_namespace) = map.get_mut(key.namespace()) {
        of_namespace.remove(key);
        if of_namespace.is_empty() {
            map.remove(key.namespace());
        }
    }
}

fn remove_from(map: &mut HashMap<String, HashSet<Key>>, key: &Key) {
    if let Some(of_namespace) = map.get_mut(key.namespace()) {
        of_namespace.remove(key);
        if of_namespace.is_empty() {
            map.remove(key.namespace());
        }
    }
}
