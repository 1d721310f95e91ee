//! The spec of a pod: containers, ports, environment, mounts, probes, amounts.

use super::storage::key_faults;
use super::{Check, has, list, map, number, port_name, text};
use crate::FieldError;
use crate::names;
use crate::quantity::Quantity;
use object::Value;
use std::cmp::Ordering;

pub(super) fn spec(c: &mut Check, spec: &Value) {
    let volumes = volumes(c, spec);
    if list(spec, "containers").is_empty() {
        c.required("containers", "");
    }
    let mut names_seen: Vec<String> = Vec::new();
    for member in ["containers", "initContainers"] {
        c.each(spec, member, |c, item| {
            container(c, item, &volumes);
            let name = text(item, "name").to_owned();
            if names_seen.contains(&name) {
                c.errors.push(FieldError::duplicate(c.at("name"), name));
            } else {
                names_seen.push(name);
            }
        });
    }
    host_ports(c, spec);
    c.one_of(spec, "restartPolicy", &["Always", "OnFailure", "Never"]);
    c.one_of(spec, "dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]);
    c.labels(spec.get("nodeSelector"), "nodeSelector");
    for (member, subdomain) in
        [("serviceAccountName", true), ("nodeName", true), ("hostname", false)]
    {
        let value = text(spec, member);
        if !value.is_empty() {
            let faults =
                if subdomain { names::dns_subdomain(value) } else { names::dns_label(value) };
            c.text_faults(member, value, faults);
        }
    }
    if let Some(seconds) = number(spec, "activeDeadlineSeconds").filter(|s| *s < 1) {
        let detail = "must be between 1 and 2147483647, inclusive";
        c.invalid("activeDeadlineSeconds", seconds, detail);
    }
}

/// Checks the volumes; returns the names of those that are fine.
fn volumes(c: &mut Check, spec: &Value) -> Vec<String> {
    let mut fine: Vec<String> = Vec::new();
    c.each(spec, "volumes", |c, volume| {
        let before = c.errors.len();
        let name = text(volume, "name");
        let members = volume.as_map().into_iter().flat_map(|m| m.keys());
        let sources: Vec<&str> = members.filter(|k| *k != "name" && has(volume, k)).collect();
        if let Some(second) = sources.get(1) {
            c.forbidden(second, "may not specify more than 1 volume type");
        }
        source(c, volume);
        if name.is_empty() {
            c.required("name", "");
        } else {
            c.text_faults("name", name, names::dns_label(name));
        }
        if fine.iter().any(|n| n == name) {
            c.errors.push(FieldError::duplicate(c.at("name"), name));
        }
        if c.errors.len() == before {
            fine.push(name.to_owned());
        }
    });
    fine
}

/// The sources people write; what they must name.
fn source(c: &mut Check, volume: &Value) {
    for (kind, member) in [
        ("configMap", "name"),
        ("secret", "secretName"),
        ("persistentVolumeClaim", "claimName"),
        ("hostPath", "path"),
        ("nfs", "server"),
        ("nfs", "path"),
        ("csi", "driver"),
    ] {
        if let Some(source) = volume.get(kind)
            && text(source, member).is_empty()
        {
            c.required(&format!("{kind}.{member}"), "");
        }
    }
}

fn container(c: &mut Check, container: &Value, volumes: &[String]) {
    let name = text(container, "name");
    if name.is_empty() {
        c.required("name", "");
    } else {
        c.text_faults("name", name, names::dns_label(name));
    }
    let image = text(container, "image");
    if image.is_empty() {
        c.required("image", "");
    } else if image.trim() != image {
        c.invalid("image", image, "must not have leading or trailing whitespace");
    }
    c.one_of(container, "terminationMessagePolicy", &["File", "FallbackToLogsOnError"]);
    ports(c, container);
    c.each(container, "env", environment);
    c.each(container, "envFrom", |c, source| {
        let (config, secret) = (source.get("configMapRef"), source.get("secretRef"));
        for (member, reference) in [("configMapRef", config), ("secretRef", secret)] {
            let Some(reference) = reference else { continue };
            let place = format!("{member}.name");
            match text(reference, "name") {
                "" => c.required(&place, ""),
                name => c.text_faults(&place, name, names::dns_subdomain(name)),
            }
        }
        let detail = match (config.is_some(), secret.is_some()) {
            (false, false) => "must specify one of: `configMapRef` or `secretRef`",
            (true, true) => "may not have more than one field specified at a time",
            _ => return,
        };
        // A real server names the list, not the item.
        let place = c.path.rsplit_once('[').map_or("", |(list, _)| list).to_owned();
        c.errors.push(FieldError::invalid(place, "", detail));
    });
    mounts(c, container, volumes);
    c.one_of(container, "imagePullPolicy", &["Always", "IfNotPresent", "Never"]);
    resources(c, container);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(value) = container.get(probe).filter(|p| !p.is_null()) {
            c.below(probe, |c| self::probe(c, value, probe == "readinessProbe"));
        }
    }
    for hook in ["postStart", "preStop"] {
        if let Some(value) = container.at(["lifecycle", hook]).filter(|h| !h.is_null()) {
            c.below(&format!("lifecycle.{hook}"), |c| handler(c, value));
        }
    }
}

fn ports(c: &mut Check, container: &Value) {
    let mut seen: Vec<String> = Vec::new();
    c.each(container, "ports", |c, port| {
        let name = text(port, "name");
        if !name.is_empty() {
            let faults = port_name(name);
            if faults.is_empty() && seen.iter().any(|n| n == name) {
                c.errors.push(FieldError::duplicate(c.at("name"), name));
            } else if faults.is_empty() {
                seen.push(name.to_owned());
            }
            c.text_faults("name", name, faults);
        }
        match number(port, "containerPort").unwrap_or_default() {
            0 => c.required("containerPort", ""),
            number => c.port_number("containerPort", number),
        }
        if let Some(number) = number(port, "hostPort").filter(|n| *n != 0) {
            c.port_number("hostPort", number);
        }
        c.one_of(port, "protocol", &["SCTP", "TCP", "UDP"]);
    });
}

fn host_ports(c: &mut Check, spec: &Value) {
    let mut seen: Vec<(String, String, i64)> = Vec::new();
    for (index, container) in list(spec, "containers").iter().enumerate() {
        for (at, port) in list(container, "ports").iter().enumerate() {
            let Some(number) = number(port, "hostPort").filter(|n| *n != 0) else { continue };
            let protocol = text(port, "protocol");
            let key = (protocol.to_owned(), text(port, "hostIP").to_owned(), number);
            if seen.contains(&key) {
                let path = c.at(&format!("containers[{index}].ports[{at}].hostPort"));
                let shown = format!("{protocol}/{}/{number}", key.1);
                c.errors.push(FieldError::duplicate(path, shown));
            } else {
                seen.push(key);
            }
        }
    }
}

fn environment(c: &mut Check, variable: &Value) {
    let name = text(variable, "name");
    if name.is_empty() {
        c.required("name", "");
    } else if !name.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'=') {
        let detail = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        c.invalid("name", name, detail);
    }
    let Some(from) = variable.get("valueFrom").filter(|f| !f.is_null()) else { return };
    let sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    c.below("valueFrom", |c| {
        for member in ["configMapKeyRef", "secretKeyRef"] {
            let Some(reference) = from.get(member).filter(|r| !r.is_null()) else { continue };
            c.below(member, |c| {
                let name = text(reference, "name");
                c.text_faults("name", name, names::dns_subdomain(name));
                match text(reference, "key") {
                    "" => c.required("key", ""),
                    key => c.text_faults("key", key, key_faults(key)),
                }
            });
        }
    });
    let detail = match sources.iter().filter(|s| has(from, s)).count() {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        }
        _ if !text(variable, "value").is_empty() => {
            "may not be specified when `value` is not empty"
        }
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    c.invalid("valueFrom", "", detail);
}

fn mounts(c: &mut Check, container: &Value, volumes: &[String]) {
    let mut seen: Vec<String> = Vec::new();
    c.each(container, "volumeMounts", |c, mount| {
        let (name, path) = (text(mount, "name"), text(mount, "mountPath"));
        if name.is_empty() {
            c.required("name", "");
        }
        if !volumes.iter().any(|v| v == name) {
            let kind = crate::FieldErrorKind::NotFound;
            c.errors.push(FieldError::new(kind, c.at("name"), name, ""));
        }
        if path.is_empty() {
            c.required("mountPath", "");
        }
        if seen.iter().any(|p| p == path) {
            c.invalid("mountPath", path, "must be unique");
        }
        seen.push(path.to_owned());
        if has(mount, "subPathExpr") && !text(mount, "subPath").is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            c.invalid("subPathExpr", text(mount, "subPathExpr"), detail);
        }
    });
}

fn resources(c: &mut Check, container: &Value) {
    let empty = Value::map();
    let resources = container.get("resources").unwrap_or(&empty);
    let amount = |of: &str, name: &str| {
        map(resources, of).get(name).and_then(Value::as_str).and_then(Quantity::parse)
    };
    for of in ["limits", "requests"] {
        for (name, value) in map(resources, of).iter() {
            let place = format!("resources.{of}[{name}]");
            let standard = ["cpu", "memory", "ephemeral-storage"].contains(&name)
                || name.starts_with("hugepages-");
            if !name.contains('/') && !standard {
                c.invalid(&place, name, "must be a standard resource for containers");
            }
            let shown = value.as_str().unwrap_or_default();
            if amount(of, name).is_some_and(|q| q.sign() == Ordering::Less) {
                c.invalid(&place, shown, "must be greater than or equal to 0");
            }
        }
    }
    for (name, value) in map(resources, "requests").iter() {
        let (Some(request), Some(limit)) = (amount("requests", name), amount("limits", name))
        else {
            continue;
        };
        let shown = value.as_str().unwrap_or_default();
        let overcommitted = !name.contains('/') && !name.starts_with("hugepages-");
        if !overcommitted && request.partial_cmp(&limit) != Some(Ordering::Equal) {
            c.invalid(
                "resources.requests",
                shown,
                format!("must be equal to {name} limit of {limit}"),
            );
        } else if request > limit {
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            c.invalid("resources.requests", shown, detail);
        }
    }
}

fn probe(c: &mut Check, probe: &Value, readiness: bool) {
    handler(c, probe);
    for member in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        c.not_negative(probe, member);
    }
    if let Some(seconds) = number(probe, "terminationGracePeriodSeconds").filter(|s| *s <= 0) {
        c.invalid("terminationGracePeriodSeconds", seconds, "must be greater than 0");
    }
    if let Some(threshold) = number(probe, "successThreshold").filter(|t| !readiness && *t != 1) {
        c.invalid("successThreshold", threshold, "must be 1");
    }
}

fn handler(c: &mut Check, of: &Value) {
    let kinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    let given: Vec<&str> = kinds.into_iter().filter(|k| has(of, k)).collect();
    for kind in given.iter().skip(1) {
        c.forbidden(kind, "may not specify more than 1 handler type");
    }
    let Some(first) = given.first() else {
        let path = c.path.clone();
        c.errors.push(FieldError::required(path, "must specify a handler type"));
        return;
    };
    let action = of.get(first).unwrap_or(&Value::Null);
    c.below(first, |c| match *first {
        "exec" if list(action, "command").is_empty() => c.required("command", ""),
        "httpGet" => {
            if text(action, "path").is_empty() {
                c.required("path", "");
            }
            c.port(action, "port");
            let scheme = text(action, "scheme");
            if !["HTTP", "HTTPS"].contains(&scheme) {
                let path = c.at("scheme");
                c.errors.push(FieldError::not_supported(path, scheme, ["HTTP", "HTTPS"]));
            }
        }
        "tcpSocket" => c.port(action, "port"),
        "grpc" => c.port_number("port", number(action, "port").unwrap_or_default()),
        _ => {}
    });
}
