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

/// Completes the containers of a Pod, then checks them.
fn containers(item: &Value, pod: &mut Value, faults: &mut Vec<String>) {
    let mut told = Vec::new();
    for (key, word) in [("containers", "container"), ("initContainers", "init container")] {
        let Some(Value::List(containers)) = pod.get_mut("spec").and_then(|s| s.get_mut(key)) else {
            continue;
        };
        for container in containers {
            complete(item, word, container, &mut told);
            check(item, "Container", container, faults);
        }
    }
    if !told.is_empty() {
        let text = format!("LimitRanger plugin set: {}", told.join("; "));
        pod.set_annotation("kubernetes.io/limit-ranger", &text);
    }
}

/// Adds the default limits, and the default requests.
fn complete(item: &Value, word: &str, container: &mut Value, told: &mut Vec<String>) {
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (member, defaults, shown) in
        [("requests", "defaultRequest", "request"), ("limits", "default", "limit")]
    {
        let Some(defaults) = item.get(defaults).and_then(Value::as_map).filter(|d| !d.is_empty())
        else {
            continue;
        };
        let resources = container.make_map().entry("resources").make_map();
        let added = add(resources.entry(member).make_map(), defaults);
        if !added.is_empty() {
            told.push(format!("{} {shown} for {word} {name}", added.join(", ")));
        }
    }
}

/// Adds what is not there; the names of what was added.
fn add(to: &mut Map, defaults: &Map) -> Vec<String> {
    let mut added = Vec::new();
    for (name, quantity) in defaults.iter() {
        if !to.contains_key(name) {
            to.insert(name, quantity.clone());
            added.push(name.to_owned());
        }
    }
    added
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

/// What `of.resources` asks for beside what the range allows: one fault for each bound.
fn check(item: &Value, kind: &str, of: &Value, faults: &mut Vec<String>) {
    let entries = |key: &str| item.get(key).and_then(Value::as_map).cloned().unwrap_or_default();
    let asked = |member: &str, name: &str| amount(of.at(["resources", member, name]));
    for (name, least) in entries("min").iter() {
        let Some((least, bound)) = amount(Some(least)) else { continue };
        let what = format!("minimum {name} usage per {kind} is {least}");
        match (asked("requests", name), asked("limits", name)) {
            (None, _) => faults.push(format!("{what}.  No request is specified")),
            (Some((text, request)), _) if request < bound => {
                faults.push(format!("{what}, but request is {text}"));
            }
            (_, Some((text, limit))) if limit < bound => {
                faults.push(format!("{what}, but limit is {text}"));
            }
            _ => {}
        }
    }
    for (name, most) in entries("max").iter() {
        let Some((most, bound)) = amount(Some(most)) else { continue };
        let what = format!("maximum {name} usage per {kind} is {most}");
        // Claims know requests only.
        let limit =
            if kind == "Container" { asked("limits", name) } else { Some((String::new(), bound)) };
        match (limit, asked("requests", name)) {
            (None, _) => faults.push(format!("{what}.  No limit is specified")),
            (Some((text, limit)), _) if limit > bound => {
                faults.push(format!("{what}, but limit is {text}"));
            }
            (_, Some((text, request))) if request > bound => {
                faults.push(format!("{what}, but request is {text}"));
            }
            _ => {}
        }
    }
}
