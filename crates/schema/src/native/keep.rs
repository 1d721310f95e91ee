//! What an update of a built-in kind may leave out because the server gave it: kept from the old object.
//!
//! After `patchAllocatedValues` of `k8s.io/kubernetes/pkg/registry/core/service`. Deliberately absent: choosing
//! addresses and ports, which is the server's.

use crate::Kind;
use object::{Map, Value};

/// Fills in what `new` leaves out and `old` was given: addresses and node ports of a Service. Run it before
/// looking for faults; other kinds are left alone.
pub fn keep_allocated(kind: &Kind, new: &mut Value, old: &Value) {
    if !kind.group.is_empty() || kind.kind != "Service" {
        return;
    }
    let Some(old) = old.get("spec") else { return };
    let Some(new) = new.get_mut("spec").and_then(Value::as_map_mut) else { return };
    if text(old, "type") != "ExternalName" && type_of(new) != "ExternalName" {
        for member in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            let absent = match new.get(member) {
                Some(Value::String(text)) => text.is_empty(),
                Some(Value::List(items)) => items.is_empty(),
                Some(value) => value.is_null(),
                None => true,
            };
            if absent && let Some(value) = old.get(member) {
                new.insert(member, value.clone());
            }
        }
    }
    if needs_node_port(old.get("type"), old.get("allocateLoadBalancerNodePorts"))
        && needs_node_port(new.get("type"), new.get("allocateLoadBalancerNodePorts"))
    {
        node_ports(new, old);
    }
    let checked = |type_: Option<&Value>, policy: Option<&Value>| {
        type_.and_then(Value::as_str) == Some("LoadBalancer")
            && policy.and_then(Value::as_str) == Some("Local")
    };
    if checked(old.get("type"), old.get("externalTrafficPolicy"))
        && checked(new.get("type"), new.get("externalTrafficPolicy"))
        && port(new.get("healthCheckNodePort")) == 0
        && let Some(value) = old.get("healthCheckNodePort")
    {
        new.insert("healthCheckNodePort", value.clone());
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn type_of(spec: &Map) -> &str {
    spec.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn port(value: Option<&Value>) -> i64 {
    value.and_then(Value::as_int).unwrap_or_default()
}

fn needs_node_port(type_: Option<&Value>, allocate: Option<&Value>) -> bool {
    match type_.and_then(Value::as_str) {
        Some("NodePort") => true,
        Some("LoadBalancer") => allocate != Some(&Value::Bool(false)),
        _ => false,
    }
}

/// Ports keep theirs by name, unless another port uses it now.
fn node_ports(new: &mut Map, old: &Value) {
    let old = old.get("ports").and_then(Value::as_list).unwrap_or_default();
    let Some(ports) = new.get_mut("ports").and_then(Value::as_list_mut) else { return };
    let given: Vec<i64> = ports.iter().map(|p| port(p.get("nodePort"))).collect();
    let used = |number: i64| old.iter().any(|p| port(p.get("nodePort")) == number);
    for item in ports.iter_mut().filter(|p| port(p.get("nodePort")) == 0) {
        let name = text(item, "name");
        let before = old.iter().rev().find(|p| text(p, "name") == name);
        let number = port(before.and_then(|p| p.get("nodePort")));
        if number != 0 && !(given.contains(&number) && used(number)) {
            item.make_map().insert("nodePort", number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_keeps_its_addresses_and_ports() {
        let json = |text: &str| object::from_json(text.as_bytes()).unwrap();
        let old = json(
            r#"{"spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
                "ports": [{"name": "a", "port": 80, "nodePort": 30000}, {"name": "b", "port": 81, "nodePort": 30001}]}}"#,
        );
        let mut new = json(
            r#"{"spec": {"type": "NodePort", "ports": [{"name": "b", "port": 81}, {"name": "c", "port": 82, "nodePort": 30000}, {"name": "a", "port": 80}]}}"#,
        );
        let kind = crate::builtin::kind("", "v1", "Service").unwrap();
        keep_allocated(kind, &mut new, &old);
        let expected = json(
            r#"{"spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"],
                "ports": [{"name": "b", "port": 81, "nodePort": 30001}, {"name": "c", "port": 82, "nodePort": 30000}, {"name": "a", "port": 80}]}}"#,
        );
        assert_eq!(new, expected);
    }
}
