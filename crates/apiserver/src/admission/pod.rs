//! Priority and tolerations of a Pod.
//!
//! After `plugin/pkg/admission/priority` and `plugin/pkg/admission/defaulttolerationseconds`.

use crate::rest::{Api, ApiError, Target};
use crate::store::{Stored, View};
use object::{Manifest, Value, map};
use std::collections::BTreeMap;

const NO_EXECUTE: &str = "NoExecute";
/// Seconds that a Pod stays on a node that is not ready or cannot be reached.
const PATIENCE: i64 = 300;

/// The priority classes by name.
#[derive(Default)]
pub(super) struct Priorities(BTreeMap<String, Class>);

#[derive(Clone)]
struct Class {
    value: i64,
    policy: String,
    default: bool,
}

impl View for Priorities {
    fn put(&mut self, object: &Stored) {
        let value = object.value();
        let policy = value.get("preemptionPolicy").and_then(Value::as_str);
        let class = Class {
            value: value.get("value").and_then(Value::as_int).unwrap_or(0),
            policy: policy.unwrap_or("PreemptLowerPriority").to_owned(),
            default: value.get("globalDefault").and_then(Value::as_bool) == Some(true),
        };
        self.0.insert(object.name().to_owned(), class);
    }

    fn remove(&mut self, object: &Stored) {
        self.0.remove(object.name());
    }
}

impl Priorities {
    /// The class of a Pod that names none: of several the one with the least value.
    fn usual(&self) -> Option<(&String, &Class)> {
        self.0.iter().filter(|(_, class)| class.default).min_by_key(|(_, class)| class.value)
    }
}

pub(super) fn admit(api: &Api, target: &Target, pod: &mut Value) -> Result<(), ApiError> {
    tolerate(pod);
    let refused = |why: String, pod: &Value| {
        let shown = pod.meta("name").or(pod.meta("generateName")).unwrap_or("Unknown");
        Err(ApiError::forbidden(&target.served, shown, &why))
    };
    let named = pod.at(["spec", "priorityClassName"]).and_then(Value::as_str).unwrap_or_default();
    let (name, class) = {
        let classes = api.admission().priorities.read();
        let found = if named.is_empty() {
            classes.usual().map(|(name, class)| (name.clone(), class.clone()))
        } else {
            classes.0.get(named).map(|class| (named.to_owned(), class.clone()))
        };
        match found {
            Some(found) => found,
            None if named.is_empty() => {
                let policy = "PreemptLowerPriority".to_owned();
                (String::new(), Class { value: 0, policy, default: false })
            }
            None => return refused(format!("no PriorityClass with name {named} was found"), pod),
        }
    };
    let given = pod.at(["spec", "priority"]).and_then(Value::as_int);
    if let Some(given) = given.filter(|given| *given != class.value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller \
             computed {} from the given PriorityClass name",
            class.value
        );
        return refused(why, pod);
    }
    let spec = pod.make_map().entry("spec").make_map();
    if !name.is_empty() {
        spec.insert("priorityClassName", name);
    }
    spec.insert("priority", class.value);
    spec.insert("preemptionPolicy", class.policy);
    Ok(())
}

fn tolerate(pod: &mut Value) {
    let spec = pod.make_map().entry("spec").make_map();
    let own = spec.get("tolerations").and_then(Value::as_list).unwrap_or_default();
    let text =
        |t: &Value, key: &str| t.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tolerates = |taint: &str| {
        own.iter().any(|t| {
            let (key, effect) = (text(t, "key"), text(t, "effect"));
            (key == taint || key.is_empty()) && (effect == NO_EXECUTE || effect.is_empty())
        })
    };
    let mut tolerations = own.to_vec();
    for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if !tolerates(taint) {
            let toleration = map! {
                "key": taint,
                "operator": "Exists",
                "effect": NO_EXECUTE,
                "tolerationSeconds": PATIENCE,
            };
            tolerations.push(toleration.into());
        }
    }
    spec.insert("tolerations", tolerations);
}
