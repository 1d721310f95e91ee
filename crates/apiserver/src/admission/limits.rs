//! LimitRanges: defaults of containers, and the least and the most that they and claims may ask for.
//!
//! After `plugin/pkg/admission/limitranger`. Deliberately absent: limits of whole Pods, ratios.

use crate::rest::{Api, ApiError, Target};
use crate::store::{Stored, View};
use object::{Manifest, Map, Value};
use schema::quantity::Quantity;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The LimitRanges by namespace and name.
#[derive(Default)]
pub(super) struct Limits(HashMap<String, BTreeMap<String, Arc<Value>>>);

impl View for Limits {
    fn put(&mut self, object: &Stored) {
        let of = self.0.entry(object.namespace().to_owned()).or_default();
        of.insert(object.name().to_owned(), Arc::new(object.value()));
    }

    fn remove(&mut self, object: &Stored) {
        if let Some(of) = self.0.get_mut(object.namespace()) {
            of.remove(object.name());
            if of.is_empty() {
                self.0.remove(object.namespace());
            }
        }
    }
}

pub(super) fn admit(api: &Api, target: &Target, value: &mut Value) -> Result<(), ApiError> {
    let ranges: Vec<Arc<Value>> = {
        let limits = api.admission().limits.read();
        match limits.0.get(&target.namespace) {
            Some(ranges) => ranges.values().cloned().collect(),
            None => return Ok(()),
        }
    };
    let mut faults = Vec::new();
    for range in &ranges {
        let items = range.at(["spec", "limits"]).and_then(Value::as_list).unwrap_or_default();
        for item in items {
            match item.get("type").and_then(Value::as_str) {
                Some("Container") => containers(item, value, &mut faults),
                Some("PersistentVolumeClaim") if value.kind() == "PersistentVolumeClaim" => {
                    let spec = value.get("spec").cloned().unwrap_or_default();
                    check(item, "PersistentVolumeClaim", &spec, &mut faults);
                }
                _ => {}
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let shown = value.meta("name").or(value.meta("generateName")).unwrap_or("Unknown");
    let why = if faults.len() == 1 { faults.remove(0) } else { format!("[{}]", faults.join(", ")) };
    Err(ApiError::forbidden(&target.served, shown, &why))
}

fn containers(item: &Value, pod: &mut Value, faults: &mut Vec<String>) {
    let Some(Value::Map(spec)) = pod.get_mut("spec") else { return };
    for key in ["initContainers", "containers"] {
        let Some(Value::List(containers)) = spec.get_mut(key) else { continue };
        for container in containers {
            complete(item, container);
            check(item, "Container", container, faults);
        }
    }
}

/// Adds the default limits, and the default requests; a limit that was given is the request too.
fn complete(item: &Value, container: &mut Value) {
    let defaults = |key: &str| item.get(key).and_then(Value::as_map).cloned().unwrap_or_default();
    let (limits, requests) = (defaults("default"), defaults("defaultRequest"));
    if limits.is_empty() && requests.is_empty() {
        return;
    }
    let resources = container.make_map().entry("resources").make_map();
    let given = resources.get("limits").and_then(Value::as_map).cloned().unwrap_or_default();
    let asked = resources.entry("requests").make_map();
    // A request follows an explicit limit before it follows the default.
    for source in [&given, &requests] {
        add(asked, source);
    }
    add(resources.entry("limits").make_map(), &limits);
    for key in ["limits", "requests"] {
        if resources.get(key).and_then(Value::as_map).is_some_and(Map::is_empty) {
            resources.remove(key);
        }
    }
}

fn add(to: &mut Map, defaults: &Map) {
    for (name, quantity) in defaults.iter() {
        if !to.contains_key(name) {
            to.insert(name, quantity.clone());
        }
    }
}

fn amount(value: Option<&Value>) -> Option<(String, Quantity)> {
    let text = match value? {
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        _ => return None,
    };
    let quantity = Quantity::parse(&text)?;
    Some((text, quantity))
}

/// What `of.resources` asks for beside what the range allows.
fn check(item: &Value, kind: &str, of: &Value, faults: &mut Vec<String>) {
    let entries = |key: &str| item.get(key).and_then(Value::as_map).cloned().unwrap_or_default();
    for (name, least) in entries("min").iter() {
        let asked = amount(of.at(["resources", "requests", name]));
        let Some((least, bound)) = amount(Some(least)) else { continue };
        match asked {
            None => faults.push(format!(
                "minimum {name} usage per {kind} is {least}.  No request is specified"
            )),
            Some((asked, quantity)) if quantity < bound => faults.push(format!(
                "minimum {name} usage per {kind} is {least}, but request is {asked}"
            )),
            Some(_) => {}
        }
    }
    for (name, most) in entries("max").iter() {
        let Some((most, bound)) = amount(Some(most)) else { continue };
        let members: &[(&str, &str)] = if kind == "Container" {
            &[("limits", "limit"), ("requests", "request")]
        } else {
            &[("requests", "request")]
        };
        let mut limited = false;
        for (member, word) in members {
            let Some((asked, quantity)) = amount(of.at(["resources", member, name])) else {
                continue;
            };
            limited |= *member == "limits";
            if quantity > bound {
                faults.push(format!(
                    "maximum {name} usage per {kind} is {most}, but {word} is {asked}"
                ));
            }
        }
        if kind == "Container" && !limited {
            faults
                .push(format!("maximum {name} usage per {kind} is {most}.  No limit is specified"));
        }
    }
}
