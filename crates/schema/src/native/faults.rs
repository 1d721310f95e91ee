//! What is wrong with the content of built-in kinds, in a real server's words: the mistakes people make.
//!
//! After `Validate*` in `k8s.io/kubernetes/pkg/apis/*/validation`. Deliberately absent: metadata
//! ([`crate::names`]), what may not change ([`crate::immutable`]), and the long tail: sources of volumes,
//! security contexts, affinity, topology, dual-stack addresses, metrics of autoscalers.

mod access;
mod network;
mod others;
mod pod;
mod storage;
mod workload;

use crate::{FieldError, Kind, names};
use object::{Map, Value};

/// Everything wrong with an object of a built-in kind as a client sent it: decoded and defaulted. With `update`
/// it replaces one: what may not change anyhow is not looked at again.
pub fn faults(kind: &Kind, object: &Value, update: bool) -> Vec<FieldError> {
    let mut check = Check::default();
    let spec = object.get("spec").unwrap_or(&Value::Null);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "ConfigMap") => storage::config_map(&mut check, object),
        ("", "PersistentVolumeClaim") => check.below("spec", |c| storage::claim(c, spec)),
        ("", "Pod") => check.below("spec", |c| pod::spec(c, spec)),
        ("", "Secret") => storage::secret(&mut check, object),
        ("", "Service") => check.below("spec", |c| network::service(c, spec)),
        ("apps", "DaemonSet") => check.below("spec", |c| workload::daemon_set(c, spec)),
        ("apps", "Deployment") => check.below("spec", |c| workload::deployment(c, spec)),
        ("apps", "ReplicaSet") => check.below("spec", |c| workload::replica_set(c, spec)),
        ("apps", "StatefulSet") => check.below("spec", |c| workload::stateful_set(c, spec, update)),
        ("autoscaling", "HorizontalPodAutoscaler") => {
            check.below("spec", |c| workload::autoscaler(c, spec));
        }
        ("batch", "CronJob") => check.below("spec", |c| workload::cron_job(c, spec)),
        ("batch", "Job") => check.below("spec", |c| workload::job(c, spec)),
        ("networking.k8s.io", "Ingress") => check.below("spec", |c| network::ingress(c, spec)),
        ("policy", "PodDisruptionBudget") => {
            check.below("spec", |c| workload::disruption_budget(c, spec));
        }
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
            access::role(&mut check, object, kind.namespaced);
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            access::binding(&mut check, object, kind.namespaced);
        }
        _ => {}
    }
    others::check(&mut check, &kind.group, &kind.kind, object);
    check.errors
}

/// Where the check stands, and what it found.
#[derive(Default)]
struct Check {
    path: String,
    errors: Vec<FieldError>,
}

impl Check {
    fn below(&mut self, step: &str, walk: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        walk(self);
        self.path.truncate(length);
    }

    /// Runs `walk` on every item of the list at `member`.
    fn each(&mut self, of: &Value, member: &str, mut walk: impl FnMut(&mut Self, &Value)) {
        for (index, item) in list(of, member).iter().enumerate() {
            self.below(&format!("{member}[{index}]"), |c| walk(c, item));
        }
    }

    fn at(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }

    fn required(&mut self, member: &str, detail: &str) {
        self.errors.push(FieldError::required(self.at(member), detail));
    }

    fn invalid(&mut self, member: &str, value: impl Into<Value>, detail: impl Into<String>) {
        self.errors.push(FieldError::invalid(self.at(member), value, detail));
    }

    fn forbidden(&mut self, member: &str, detail: &str) {
        self.errors.push(FieldError::forbidden(self.at(member), detail));
    }

    /// One error here per fault of the text at `member`.
    fn text_faults(&mut self, member: &str, value: &str, faults: Vec<String>) {
        for fault in faults {
            self.invalid(member, value, fault);
        }
    }

    /// One of the known words, sorted as messages show them.
    fn one_of(&mut self, of: &Value, member: &str, known: &[&str]) {
        match text(of, member) {
            "" => self.required(member, ""),
            word if known.contains(&word) => {}
            other => {
                let error =
                    FieldError::not_supported(self.at(member), other, known.iter().copied());
                self.errors.push(error);
            }
        }
    }

    fn not_negative(&mut self, of: &Value, member: &str) {
        let number = of.get(member).and_then(Value::as_int).unwrap_or_default();
        if number < 0 {
            self.invalid(member, number, "must be greater than or equal to 0");
        }
    }

    fn port_number(&mut self, member: &str, number: i64) {
        if !(1..=65_535).contains(&number) {
            self.invalid(member, number, "must be between 1 and 65535, inclusive");
        }
    }

    fn port(&mut self, of: &Value, member: &str) {
        match of.get(member) {
            Some(Value::String(name)) => self.text_faults(member, name, port_name(name)),
            other => {
                self.port_number(member, other.and_then(Value::as_int).unwrap_or_default());
            }
        }
    }

    fn labels(&mut self, labels: Option<&Value>, member: &str) {
        let path = self.at(member);
        self.errors.extend(names::labels(labels, &path));
    }

    /// A label selector's own faults.
    fn selector(&mut self, of: &Value, member: &str) {
        let Some(selector) = of.get(member).filter(|s| !s.is_null()) else { return };
        self.below(member, |c| {
            c.labels(selector.get("matchLabels"), "matchLabels");
            c.each(selector, "matchExpressions", |c, expression| {
                let values = !list(expression, "values").is_empty();
                match text(expression, "operator") {
                    "In" | "NotIn" if !values => {
                        c.required(
                            "values",
                            "must be specified when `operator` is 'In' or 'NotIn'",
                        );
                    }
                    "In" | "NotIn" => {}
                    "Exists" | "DoesNotExist" if values => c.forbidden(
                        "values",
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    ),
                    "Exists" | "DoesNotExist" => {}
                    other => c.invalid("operator", other, "not a valid selector operator"),
                }
                let key = text(expression, "key");
                c.text_faults("key", key, names::label_key(key));
                for (index, value) in list(expression, "values").iter().enumerate() {
                    let value = value.as_str().unwrap_or_default();
                    c.text_faults(&format!("values[{index}]"), value, names::label_value(value));
                }
            });
        });
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, member: &str) -> Option<i64> {
    value.get(member).and_then(Value::as_int)
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_list).unwrap_or_default()
}

fn map<'a>(value: &'a Value, member: &str) -> &'a Map {
    static EMPTY: Map = Map::new();
    value.get(member).and_then(Value::as_map).unwrap_or(&EMPTY)
}

fn has(value: &Value, member: &str) -> bool {
    value.get(member).is_some_and(|v| !v.is_null())
}

/// The name of a port: `http`, at most 15 characters.
fn port_name(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 15 {
        faults.push("must be no more than 15 characters".to_owned());
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || !name.bytes().all(plain) {
        let fault = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        faults.push(fault.to_owned());
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        faults.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        faults.push("must not begin or end with a hyphen".to_owned());
    }
    faults
}

/// Whether a label selector selects the labels; `None` selects nothing, an empty one everything.
fn selects(selector: Option<&Value>, labels: &Map) -> bool {
    let Some(selector) = selector.filter(|s| !s.is_null()) else { return false };
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let equal = map(selector, "matchLabels")
        .iter()
        .all(|(key, value)| label(key).is_some() && label(key) == value.as_str());
    equal
        && list(selector, "matchExpressions").iter().all(|expression| {
            let found = label(text(expression, "key"));
            let listed = || list(expression, "values").iter().any(|v| v.as_str() == found);
            match text(expression, "operator") {
                "In" => found.is_some() && listed(),
                "NotIn" => found.is_none() || !listed(),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests;
