//! Services: EndpointSlices from the Pods they select, and an address for load balancers; Ingresses likewise.
//!
//! An EndpointSlice is made with the first Pod: a Service that selects nothing costs nothing. (Kubernetes
//! makes an empty one.) Addresses of load balancers are from `198.51.100.0/24`, which is kept for
//! documentation and belongs to nobody.

#[cfg(test)]
mod tests;

use super::change::{Change, Step};
use super::condition;
use super::fields::{flag, is_deleted, list, text};
use super::owner::{controller_reference, hash_name, is_controlled_by, joined_name};
use jiff::Timestamp;
use object::{Manifest as _, Map, Value, map};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

const SERVICE_LABEL: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// Endpoints of one slice, at most.
const SLICE: usize = 100;

/// The next writes for a Service, given the Pods it selects and the EndpointSlices it owns.
pub fn step(service: &Value, pods: Vec<Value>, slices: Vec<Value>, _now: Timestamp) -> Step {
    let mut step = Step::default();
    if is_deleted(service) {
        return step;
    }
    let kind = text(service, ["spec", "type"]);
    let selects = service.at(["spec", "selector"]).and_then(Value::as_map);
    if kind != "ExternalName" && selects.is_some_and(|s| !s.is_empty()) {
        endpoints(service, pods, slices, &mut step);
    }
    balance(service, kind == "LoadBalancer", &mut step);
    step
}

/// The next write for an Ingress: its address.
pub fn ingress(ingress: &Value) -> Step {
    let mut step = Step::default();
    if !is_deleted(ingress) {
        balance(ingress, true, &mut step);
    }
    step
}

/// Gives or takes away the address of a load balancer.
fn balance(object: &Value, balanced: bool, step: &mut Step) {
    let known = list(object, ["status", "loadBalancer", "ingress"]);
    let wanted = match (balanced, known) {
        // An address that somebody else has given is left alone.
        (true, []) => {
            let mut address = map! {"ip": address(object)};
            if object.kind() == "Service" {
                address.insert("ipMode", "VIP");
            }
            map! {"ingress": vec![address.into()]}
        }
        (false, [_, ..]) => map! {},
        _ => return,
    };
    let mut status = object.get("status").cloned().unwrap_or_else(Value::map);
    status.make_map().insert("loadBalancer", wanted);
    step.status(object, status);
}

fn address(object: &Value) -> String {
    let mut hash = DefaultHasher::new();
    object.namespace().hash(&mut hash);
    object.name().hash(&mut hash);
    format!("198.51.100.{}", hash.finish() % 253 + 1)
}

fn endpoints(service: &Value, mut pods: Vec<Value>, slices: Vec<Value>, step: &mut Step) {
    pods.retain(|p| {
        !text(p, ["status", "podIP"]).is_empty()
            && !matches!(text(p, ["status", "phase"]), "Succeeded" | "Failed")
    });
    pods.sort_by(|a, b| a.name().cmp(b.name()));
    let uid = service.meta("uid").unwrap_or_default();
    let mut slices: Vec<Value> = slices.into_iter().filter(|s| is_controlled_by(s, uid)).collect();
    slices.sort_by(|a, b| a.name().cmp(b.name()));
    if pods.is_empty() && slices.is_empty() {
        return;
    }
    let ports = ports(service, pods.first());
    let early = flag(service, ["spec", "publishNotReadyAddresses"]);
    let endpoints: Vec<Value> = pods.iter().map(|pod| endpoint(pod, early)).collect();
    let mut parts: Vec<&[Value]> = endpoints.chunks(SLICE).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let mut slices = slices.into_iter();
    for (number, part) in parts.into_iter().enumerate() {
        match slices.next() {
            Some(slice) => {
                let mut changed = slice.clone();
                fill(&mut changed, service, &ports, part);
                if changed != slice {
                    step.changes.push(Change::Update(changed));
                }
            }
            None => step.changes.push(Change::Create(slice(service, number, &ports, part))),
        }
    }
    step.changes.extend(slices.map(Change::Delete));
}

fn slice(service: &Value, number: usize, ports: &[Value], endpoints: &[Value]) -> Value {
    let number_text = Value::from(number.to_string());
    let seed = map! {"uid": service.meta("uid").unwrap_or_default(), "number": number_text};
    let mut suffix = hash_name(&seed.into(), 0);
    suffix.truncate(5);
    let mut slice = Value::from(map! {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": map! {
            "name": joined_name(service.name(), &suffix, 63),
            "generateName": format!("{}-", service.name()),
            "namespace": service.namespace(),
            "ownerReferences": vec![controller_reference(service)],
        },
        "addressType": "IPv4",
    });
    fill(&mut slice, service, ports, endpoints);
    slice
}

fn fill(slice: &mut Value, service: &Value, ports: &[Value], endpoints: &[Value]) {
    let labels = service.at(["metadata", "labels"]).and_then(Value::as_map);
    for (key, value) in labels.into_iter().flat_map(Map::iter) {
        slice.set_label(key, value.as_str().unwrap_or_default());
    }
    slice.set_label(SERVICE_LABEL, service.name());
    slice.set_label(MANAGED_BY, "endpointslice-controller.k8s.io");
    let members = slice.make_map();
    members.insert("endpoints", endpoints.to_vec());
    members.insert("ports", ports.to_vec());
}

fn endpoint(pod: &Value, early: bool) -> Value {
    let leaves = is_deleted(pod);
    let serving = condition::is_true(list(pod, ["status", "conditions"]), "Ready");
    let conditions = map! {
        "ready": early || serving && !leaves,
        "serving": serving,
        "terminating": leaves,
    };
    let target = map! {
        "kind": "Pod",
        "name": pod.name(),
        "namespace": pod.namespace(),
        "uid": pod.meta("uid").unwrap_or_default(),
    };
    let mut endpoint = map! {
        "addresses": vec![text(pod, ["status", "podIP"]).into()],
        "conditions": conditions,
        "nodeName": text(pod, ["spec", "nodeName"]),
        "targetRef": target,
    };
    let host = text(pod, ["spec", "hostname"]);
    if !host.is_empty() && !text(pod, ["spec", "subdomain"]).is_empty() {
        endpoint.insert("hostname", host);
    }
    endpoint.into()
}

/// The ports of the endpoints: target ports by number, names looked up in a Pod.
fn ports(service: &Value, pod: Option<&Value>) -> Vec<Value> {
    let ports = list(service, ["spec", "ports"]).iter().filter_map(|port| {
        let number = match port.get("targetPort") {
            Some(Value::String(name)) => match name.parse::<i64>() {
                Ok(number) => number,
                Err(_) => container_port(pod?, name)?,
            },
            Some(Value::Int(number)) if *number != 0 => *number,
            _ => port.get("port")?.as_int()?,
        };
        let protocol = match text(port, ["protocol"]) {
            "" => "TCP",
            protocol => protocol,
        };
        let mut out = map! {"name": text(port, ["name"]), "port": number, "protocol": protocol};
        if let Some(application) = port.get("appProtocol") {
            out.insert("appProtocol", application.clone());
        }
        Some(out.into())
    });
    ports.collect()
}

fn container_port(pod: &Value, name: &str) -> Option<i64> {
    let containers = list(pod, ["spec", "containers"]).iter();
    let mut ports = containers.flat_map(|c| list(c, ["ports"]));
    ports.find(|p| text(p, ["name"]) == name)?.get("containerPort")?.as_int()
}
