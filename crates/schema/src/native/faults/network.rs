//! Services and ingresses.

use super::{Check, has, list, number, port_name, text};
use crate::{FieldError, FieldErrorKind, names};
use object::Value;
use std::net::IpAddr;

pub(super) fn service(c: &mut Check, spec: &Value) {
    let type_ = text(spec, "type");
    let headless = text(spec, "clusterIP") == "None"
        || list(spec, "clusterIPs").first().and_then(Value::as_str) == Some("None");
    let ports = list(spec, "ports");
    if ports.is_empty() && !headless && type_ != "ExternalName" {
        c.required("ports", "");
    }
    match type_ {
        "LoadBalancer" | "NodePort" if headless => {
            let detail = format!("may not be set to 'None' for {type_} services");
            c.invalid("clusterIPs[0]", "None", detail);
        }
        "ExternalName" => {
            let name = text(spec, "externalName");
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.is_empty() {
                c.required("externalName", "");
            } else {
                c.text_faults("externalName", name, names::dns_subdomain(name));
            }
        }
        _ => {}
    }
    let mut seen: Vec<String> = Vec::new();
    c.each(spec, "ports", |c, port| service_port(c, port, ports.len() > 1, &mut seen));
    c.labels(spec.get("selector"), "selector");
    c.one_of(spec, "sessionAffinity", &["ClientIP", "None"]);
    c.one_of(spec, "type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    if has(spec, "ipFamilyPolicy") {
        c.one_of(spec, "ipFamilyPolicy", &["PreferDualStack", "RequireDualStack", "SingleStack"]);
    }
    for (index, family) in list(spec, "ipFamilies").iter().enumerate() {
        let family = family.as_str().unwrap_or_default();
        if !["IPv4", "IPv6"].contains(&family) {
            let path = c.at(&format!("ipFamilies[{index}]"));
            c.errors.push(FieldError::not_supported(path, family, ["IPv4", "IPv6"]));
        }
    }
    for (index, port) in ports.iter().enumerate() {
        let node_port = number(port, "nodePort").unwrap_or_default();
        let at = format!("ports[{index}]");
        if type_ == "ClusterIP" && node_port != 0 {
            let detail = "may not be used when `type` is 'ClusterIP'";
            c.forbidden(&format!("{at}.nodePort"), detail);
        }
        let same = |other: &&Value, member| {
            other.get("protocol") == port.get("protocol") && other.get(member) == port.get(member)
        };
        if node_port != 0 && ports[..index].iter().any(|o| same(&o, "nodePort")) {
            let path = c.at(&format!("{at}.nodePort"));
            c.errors.push(FieldError::duplicate(path, node_port));
        }
        if ports[..index].iter().any(|o| same(&o, "port")) {
            // The server shows its inner type, whose members stand in this order.
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":\"{}\",\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                text(port, "protocol"),
                number(port, "port").unwrap_or_default()
            );
            let kind = FieldErrorKind::Duplicate;
            let error = FieldError::new(kind, c.at(&at), "", shown);
            c.errors.push(error.without_value());
        }
    }
    if has(spec, "allocateLoadBalancerNodePorts") && type_ != "LoadBalancer" {
        let detail = "may only be used when `type` is 'LoadBalancer'";
        c.forbidden("allocateLoadBalancerNodePorts", detail);
    }
    if has(spec, "loadBalancerClass") && type_ != "LoadBalancer" {
        c.forbidden("loadBalancerClass", "may only be used when `type` is 'LoadBalancer'");
    }
}

fn service_port(c: &mut Check, port: &Value, named: bool, seen: &mut Vec<String>) {
    let name = text(port, "name");
    if name.is_empty() {
        if named {
            c.required("name", "");
        }
    } else {
        c.text_faults("name", name, names::dns_label(name));
        if seen.iter().any(|n| n == name) {
            c.errors.push(FieldError::duplicate(c.at("name"), name));
        } else {
            seen.push(name.to_owned());
        }
    }
    c.port_number("port", number(port, "port").unwrap_or_default());
    c.one_of(port, "protocol", &["SCTP", "TCP", "UDP"]);
    c.port(port, "targetPort");
    if let Some(protocol) = port.get("appProtocol").and_then(Value::as_str) {
        c.text_faults("appProtocol", protocol, names::label_key(protocol));
    }
}

pub(super) fn ingress(c: &mut Check, spec: &Value) {
    let rules = list(spec, "rules");
    let default = spec.get("defaultBackend").filter(|b| !b.is_null());
    if rules.is_empty() && default.is_none() {
        let path = c.path.clone();
        let detail = "either `defaultBackend` or `rules` must be specified";
        c.errors.push(FieldError::invalid(path, Value::Null, detail));
    }
    if let Some(backend) = default {
        c.below("defaultBackend", |c| self::backend(c, backend));
    }
    c.each(spec, "rules", |c, rule| {
        let host = text(rule, "host");
        if !host.is_empty() {
            if host.parse::<IpAddr>().is_ok() {
                c.invalid("host", host, "must be a DNS name, not an IP address");
            }
            let faults =
                if host.contains('*') { wildcard(host) } else { names::dns_subdomain(host) };
            c.text_faults("host", host, faults);
        }
        if let Some(http) = rule.get("http").filter(|h| !h.is_null()) {
            c.below("http", |c| {
                if list(http, "paths").is_empty() {
                    c.required("paths", "");
                }
                c.each(http, "paths", path);
            });
        }
    });
    let class = text(spec, "ingressClassName");
    if has(spec, "ingressClassName") {
        c.text_faults("ingressClassName", class, names::dns_subdomain(class));
    }
}

fn wildcard(host: &str) -> Vec<String> {
    let fits = host.strip_prefix("*.").is_some_and(|rest| names::dns_subdomain(rest).is_empty());
    if fits {
        return Vec::new();
    }
    vec![
        r"a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')".to_owned(),
    ]
}

fn path(c: &mut Check, path: &Value) {
    let given = text(path, "path");
    match path.get("pathType").and_then(Value::as_str) {
        None => return c.required("pathType", "pathType must be specified"),
        Some("Exact" | "Prefix") => {
            if !given.starts_with('/') {
                c.invalid("path", given, "must be an absolute path");
            }
            for bad in ["//", "/./", "/../", "%2f", "%2F"] {
                if given.contains(bad) {
                    c.invalid("path", given, format!("must not contain '{bad}'"));
                }
            }
            for bad in ["/..", "/."] {
                if given.ends_with(bad) {
                    c.invalid("path", given, format!("cannot end with '{bad}'"));
                }
            }
        }
        Some("ImplementationSpecific") => {
            if !given.is_empty() && !given.starts_with('/') {
                c.invalid("path", given, "must be an absolute path");
            }
        }
        Some(other) => {
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            let place = c.at("pathType");
            c.errors.push(FieldError::not_supported(place, other, known));
        }
    }
    let backend = path.get("backend").unwrap_or(&Value::Null);
    c.below("backend", |c| self::backend(c, backend));
}

fn backend(c: &mut Check, backend: &Value) {
    let here = c.path.clone();
    let invalid = |c: &mut Check, detail: &str| {
        c.errors.push(FieldError::invalid(here.as_str(), "", detail));
    };
    match (has(backend, "resource"), has(backend, "service")) {
        (true, true) => invalid(c, "cannot set both resource and service backends"),
        (true, false) => {}
        (false, false) => invalid(c, "resource or service backend is required"),
        (false, true) => {
            let service = backend.get("service").unwrap_or(&Value::Null);
            let name = text(service, "name");
            if name.is_empty() {
                c.required("service.name", "");
            } else {
                c.text_faults("service.name", name, names::dns_1035_label(name));
            }
            let port = service.get("port").unwrap_or(&Value::Null);
            let (port_text, port_number) =
                (text(port, "name"), number(port, "number").unwrap_or_default());
            match (port_text.is_empty(), port_number == 0) {
                (false, false) => invalid(c, "cannot set both port name & port number"),
                (false, true) => {
                    c.text_faults("service.port.name", port_text, port_name(port_text));
                }
                (true, false) => c.port_number("service.port.number", port_number),
                (true, true) => {
                    let detail = "port name or number is required";
                    c.errors.push(FieldError::required(here.as_str(), detail));
                }
            }
        }
    }
}
