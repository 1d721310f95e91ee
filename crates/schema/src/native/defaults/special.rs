//! Defaults that depend on other members.

use super::table::{API_SERVICE_REFERENCE, CRD, CRD_SERVICE_REFERENCE, CRD_SPEC};
use base64::Engine as _;
use object::{Map, Value, map};

/// Runs the rule of the type, before its members have theirs.
pub(super) fn apply(type_: &str, map: &mut Map) {
    match type_ {
        "apps.v1.DaemonSet" => template_generation(map),
        "apps.v1.DaemonSetUpdateStrategy" => rolling_update(map, 0.into(), 1.into()),
        "apps.v1.DeploymentStrategy" => rolling_update(map, "25%".into(), "25%".into()),
        "apps.v1.StatefulSetSpec" => stateful_set(map),
        "autoscaling.v2.HorizontalPodAutoscalerSpec" => autoscaler(map),
        "batch.v1.Job" => {
            labels_of_template(map);
            job(map.entry("spec").make_map());
        }
        "core.v1.Container" | "core.v1.EphemeralContainer" => {
            pull_policy(map, "image", "imagePullPolicy");
        }
        "core.v1.ImageVolumeSource" => pull_policy(map, "reference", "pullPolicy"),
        "core.v1.LimitRangeItem" => limit_range(map),
        "core.v1.Namespace" => name_label(map),
        "core.v1.NodeSpec" => first_of_many(map, "podCIDR", "podCIDRs", None),
        "core.v1.NodeStatus" => allocatable(map),
        "core.v1.PersistentVolume" => volume_policy(map.entry("spec").make_map()),
        "core.v1.PersistentVolumeClaim" => claim(map),
        "core.v1.Pod" => pod(map),
        "core.v1.PodSpec" => service_account(map),
        "core.v1.PodStatus" => first_of_many(map, "podIP", "podIPs", Some("ip")),
        "core.v1.ReplicationController" => replication_controller(map),
        "core.v1.Secret" => string_data(map),
        "core.v1.Service" => service(map),
        "core.v1.Volume" => volume(map),
        "networking.v1.NetworkPolicySpec" => policy_types(map),
        "rbac.v1.Subject" => subject(map),
        "resource.v1.DeviceSubRequest" | "resource.v1.ExactDeviceRequest" => device_count(map),
        CRD => stored_versions(map),
        CRD_SPEC => definition(map),
        CRD_SERVICE_REFERENCE | API_SERVICE_REFERENCE => when_absent(map, "port", 443_i64),
        _ => {}
    }
}

fn when_absent(map: &mut Map, member: &str, value: impl Into<Value>) {
    if map.get(member).is_none_or(Value::is_null) {
        map.insert(member, value);
    }
}

fn text<'a>(map: &'a Map, member: &str) -> &'a str {
    map.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The map at `member`, when there is one.
fn inner<'a>(map: &'a mut Map, member: &str) -> Option<&'a mut Map> {
    map.get_mut(member).and_then(Value::as_map_mut)
}

fn is_empty(map: &Map, member: &str) -> bool {
    match map.get(member) {
        Some(Value::List(items)) => items.is_empty(),
        Some(Value::Map(map)) => map.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Null) | None => true,
        Some(_) => false,
    }
}

/// The old name of the generation of a DaemonSet's template: an annotation that counts from one.
fn template_generation(object: &mut Map) {
    let annotations = object.entry("metadata").make_map().entry("annotations").make_map();
    when_absent(annotations, "deprecated.daemonset.template.generation", "1");
}

fn rolling_update(strategy: &mut Map, surge: Value, unavailable: Value) {
    if text(strategy, "type") == "RollingUpdate" {
        let update = strategy.entry("rollingUpdate").make_map();
        when_absent(update, "maxSurge", surge);
        when_absent(update, "maxUnavailable", unavailable);
    }
}

/// Unlike its siblings, a StatefulSet whose strategy has a type gets no `rollingUpdate` made.
fn stateful_set(spec: &mut Map) {
    let strategy = spec.entry("updateStrategy").make_map();
    if text(strategy, "type").is_empty() {
        strategy.insert("type", "RollingUpdate");
        when_absent(strategy, "rollingUpdate", Value::map());
    }
    if text(strategy, "type") == "RollingUpdate"
        && let Some(update) = inner(strategy, "rollingUpdate")
    {
        when_absent(update, "partition", 0);
        // Behind a feature gate that is on since 1.35.
        when_absent(update, "maxUnavailable", 1);
    }
    let claims = spec.get_mut("volumeClaimTemplates").and_then(Value::as_list_mut);
    for template in claims.into_iter().flatten().filter_map(Value::as_map_mut) {
        for (member, value) in [("apiVersion", "v1"), ("kind", "PersistentVolumeClaim")] {
            if is_empty(template, member) {
                template.insert(member, value);
            }
        }
    }
}

fn volume_policy(spec: &mut Map) {
    if is_empty(spec, "persistentVolumeReclaimPolicy") {
        spec.insert("persistentVolumeReclaimPolicy", "Retain");
    }
    when_absent(spec, "volumeMode", "Filesystem");
}

/// A member that became a list: the first of the list is kept in the old member too, and the old one wins
/// when they differ.
fn first_of_many(map: &mut Map, old: &str, new: &str, inside: Option<&str>) {
    let of = |item: &Value| match inside {
        Some(key) => item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned(),
        None => item.as_str().unwrap_or_default().to_owned(),
    };
    let one = text(map, old).to_owned();
    let first = map.get(new).and_then(|l| l.as_list()?.first()).map(of);
    match first {
        Some(first) if one.is_empty() => {
            map.insert(old, first);
        }
        Some(first) if first == one => {}
        _ if one.is_empty() => {}
        _ => {
            let item = match inside {
                Some(key) => Value::Map(Map::from_iter([(key, Value::from(one))])),
                None => one.into(),
            };
            map.insert(new, vec![item]);
        }
    }
}

fn autoscaler(spec: &mut Map) {
    if is_empty(spec, "metrics") {
        let target = map! {"type": "Utilization", "averageUtilization": 80};
        let resource = map! {"name": "cpu", "target": target};
        let metric = map! {"type": "Resource", "resource": resource};
        spec.insert("metrics", vec![Value::from(metric)]);
    }
    let Some(behavior) = inner(spec, "behavior") else { return };
    let policy = |type_: &str, value: i64| {
        Value::from(map! {"type": type_, "value": value, "periodSeconds": 15})
    };
    for (direction, policies) in [
        ("scaleUp", vec![policy("Pods", 4), policy("Percent", 100)]),
        ("scaleDown", vec![policy("Percent", 100)]),
    ] {
        let rules = behavior.entry(direction).make_map();
        when_absent(rules, "selectPolicy", "Max");
        when_absent(rules, "policies", policies);
        if direction == "scaleUp" {
            when_absent(rules, "stabilizationWindowSeconds", 0);
        }
    }
}

fn job(spec: &mut Map) {
    let absent = |spec: &Map, member: &str| spec.get(member).is_none_or(Value::is_null);
    if absent(spec, "completions") && absent(spec, "parallelism") {
        spec.insert("completions", 1);
    }
    when_absent(spec, "parallelism", 1);
    let limit = if absent(spec, "backoffLimitPerIndex") { 6 } else { i64::from(i32::MAX) };
    when_absent(spec, "backoffLimit", limit);
    when_absent(spec, "completionMode", "NonIndexed");
    when_absent(spec, "suspend", false);
    when_absent(spec, "manualSelector", false);
    let replacement =
        if absent(spec, "podFailurePolicy") { "TerminatingOrFailed" } else { "Failed" };
    when_absent(spec, "podReplacementPolicy", replacement);
}

fn labels_of_template(object: &mut Map) {
    let labels = object
        .get("spec")
        .and_then(|s| s.at(["template", "metadata", "labels"]))
        .filter(|l| l.as_map().is_some_and(|m| !m.is_empty()))
        .cloned();
    if let Some(labels) = labels {
        let metadata = object.entry("metadata").make_map();
        if is_empty(metadata, "labels") {
            metadata.insert("labels", labels);
        }
    }
}

fn replication_controller(object: &mut Map) {
    labels_of_template(object);
    let labels = object.get("spec").and_then(|s| s.at(["template", "metadata", "labels"])).cloned();
    if let (Some(labels), Some(spec)) = (labels, inner(object, "spec"))
        && is_empty(spec, "selector")
    {
        spec.insert("selector", labels);
    }
}

fn pull_policy(map: &mut Map, image: &str, policy: &str) {
    if is_empty(map, policy) {
        let latest = tag(text(map, image)) == Some("latest");
        map.insert(policy, if latest { "Always" } else { "IfNotPresent" });
    }
}

/// The tag of an image, `latest` when it has neither tag nor digest; `None` for a digest without a tag and for
/// what is no image name (`distribution/reference`).
fn tag(image: &str) -> Option<&str> {
    let (named, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    let last = named.rfind('/').map_or(0, |i| i + 1);
    let (name, tag) = match named[last..].find(':') {
        Some(colon) => (&named[..last + colon], Some(&named[last + colon + 1..])),
        None => (named, None),
    };
    let path = match name.split_once('/') {
        Some((host, path))
            if host.contains(['.', ':'])
                || host == "localhost"
                || host.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            path
        }
        _ => name,
    };
    let component = |part: &str| {
        part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if !path.split('/').all(component) {
        return None;
    }
    match (tag, digest) {
        (None, None) => Some("latest"),
        (tag, _) => tag.filter(|t| !t.is_empty()),
    }
}

fn limit_range(item: &mut Map) {
    if text(item, "type") != "Container" {
        return;
    }
    let part = |item: &Map, member: &str| match item.get(member) {
        Some(Value::Map(map)) => map.clone(),
        _ => Map::new(),
    };
    let complete = |map: &mut Map, from: Map| {
        for (name, amount) in from {
            if !map.contains_key(&name) {
                map.insert(name, amount);
            }
        }
    };
    let (mut default, mut request) = (part(item, "default"), part(item, "defaultRequest"));
    complete(&mut default, part(item, "max"));
    complete(&mut request, default.clone());
    complete(&mut request, part(item, "min"));
    item.insert("default", default);
    item.insert("defaultRequest", request);
}

fn name_label(object: &mut Map) {
    let name = object.get("metadata").and_then(|m| m.get("name")?.as_str()).unwrap_or_default();
    if !name.is_empty() {
        let name = name.to_owned();
        let labels = object.entry("metadata").make_map().entry("labels").make_map();
        labels.insert("kubernetes.io/metadata.name", name);
    }
}

fn allocatable(status: &mut Map) {
    if let Some(capacity) = status.get("capacity").filter(|c| !c.is_null()).cloned() {
        when_absent(status, "allocatable", capacity);
    }
}

fn claim(object: &mut Map) {
    let status = object.entry("status").make_map();
    if is_empty(status, "phase") {
        status.insert("phase", "Pending");
    }
}

fn pod(object: &mut Map) {
    let spec = object.entry("spec").make_map();
    when_absent(spec, "enableServiceLinks", true);
    let on_host = spec.get("hostNetwork").and_then(Value::as_bool).unwrap_or_default();
    for list in ["containers", "initContainers"] {
        let Some(containers) = spec.get_mut(list).and_then(Value::as_list_mut) else { continue };
        for container in containers.iter_mut().filter_map(Value::as_map_mut) {
            requests_from_limits(container);
            if on_host {
                host_ports(container);
            }
        }
    }
}

fn requests_from_limits(container: &mut Map) {
    let Some(resources) = inner(container, "resources") else { return };
    let Some(Value::Map(limits)) = resources.get("limits").cloned() else { return };
    let requests = resources.entry("requests").make_map();
    for (name, amount) in limits {
        if !requests.contains_key(&name) {
            requests.insert(name, amount);
        }
    }
}

fn host_ports(container: &mut Map) {
    let Some(ports) = container.get_mut("ports").and_then(Value::as_list_mut) else { return };
    for port in ports.iter_mut().filter_map(Value::as_map_mut) {
        if port.get("hostPort").and_then(Value::as_int).unwrap_or_default() == 0
            && let Some(number) = port.get("containerPort").cloned()
        {
            port.insert("hostPort", number);
        }
    }
}

/// The old name of `serviceAccountName` is kept beside it.
fn service_account(spec: &mut Map) {
    let new = text(spec, "serviceAccountName").to_owned();
    let old = text(spec, "serviceAccount").to_owned();
    match (new.is_empty(), old.is_empty()) {
        (false, _) => {
            spec.insert("serviceAccount", new);
        }
        (true, false) => {
            spec.insert("serviceAccountName", old);
        }
        (true, true) => {}
    }
}

/// `stringData` is for writing only: it goes into `data`.
fn string_data(secret: &mut Map) {
    let Some(Value::Map(texts)) = secret.remove("stringData") else { return };
    if texts.is_empty() {
        return;
    }
    let data = secret.entry("data").make_map();
    for (name, text) in texts {
        let text = text.as_str().unwrap_or_default();
        data.insert(name, base64::engine::general_purpose::STANDARD.encode(text));
    }
}

fn service(object: &mut Map) {
    let load_balancer = {
        let spec = object.entry("spec").make_map();
        if is_empty(spec, "type") {
            spec.insert("type", "ClusterIP");
        }
        if is_empty(spec, "sessionAffinity") {
            spec.insert("sessionAffinity", "None");
        }
        service_spec(spec);
        text(spec, "type") == "LoadBalancer"
    };
    let ingress = inner(object, "status")
        .and_then(|s| inner(s, "loadBalancer"))
        .and_then(|l| l.get_mut("ingress")?.as_list_mut());
    if load_balancer && let Some(points) = ingress {
        for point in points.iter_mut().filter_map(Value::as_map_mut) {
            if !is_empty(point, "ip") {
                when_absent(point, "ipMode", "VIP");
            }
        }
    }
}

fn service_spec(spec: &mut Map) {
    match text(spec, "sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let seconds = ["clientIP", "timeoutSeconds"];
            let given = spec.get("sessionAffinityConfig").and_then(|c| c.at(seconds));
            if given.is_none_or(Value::is_null) {
                let client = map! {"timeoutSeconds": 10_800};
                spec.insert("sessionAffinityConfig", map! {"clientIP": client});
            }
        }
        _ => {}
    }
    let ports = spec.get_mut("ports").and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_map_mut) {
        let unset = match port.get("targetPort") {
            None | Some(Value::Null | Value::Int(0)) => true,
            Some(Value::String(name)) => name.is_empty(),
            Some(_) => false,
        };
        if unset {
            let number = port.get("port").cloned().unwrap_or(Value::Int(0));
            port.insert("targetPort", number);
        }
    }
    let type_ = text(spec, "type").to_owned();
    let outside = match type_.as_str() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !is_empty(spec, "externalIPs"),
        _ => false,
    };
    if outside && is_empty(spec, "externalTrafficPolicy") {
        spec.insert("externalTrafficPolicy", "Cluster");
    }
    if ["LoadBalancer", "NodePort", "ClusterIP"].contains(&type_.as_str()) {
        when_absent(spec, "internalTrafficPolicy", "Cluster");
    }
    if type_ == "LoadBalancer" {
        when_absent(spec, "allocateLoadBalancerNodePorts", true);
    }
}

/// A volume without a source is an empty directory.
fn volume(volume: &mut Map) {
    if volume.iter().all(|(name, source)| name == "name" || source.is_null()) {
        volume.insert("emptyDir", Value::map());
    }
}

fn policy_types(spec: &mut Map) {
    if is_empty(spec, "policyTypes") {
        let mut types = vec![Value::from("Ingress")];
        if !is_empty(spec, "egress") {
            types.push("Egress".into());
        }
        spec.insert("policyTypes", types);
    }
}

fn subject(subject: &mut Map) {
    if is_empty(subject, "apiGroup") && ["User", "Group"].contains(&text(subject, "kind")) {
        subject.insert("apiGroup", "rbac.authorization.k8s.io");
    }
}

fn device_count(request: &mut Map) {
    if text(request, "allocationMode") == "ExactCount"
        && request.get("count").and_then(Value::as_int).unwrap_or_default() == 0
    {
        request.insert("count", 1);
    }
}

fn definition(spec: &mut Map) {
    if let Some(names) = inner(spec, "names") {
        let kind = text(names, "kind").to_owned();
        if is_empty(names, "singular") {
            names.insert("singular", kind.to_lowercase());
        }
        if is_empty(names, "listKind") && !kind.is_empty() {
            names.insert("listKind", format!("{kind}List"));
        }
    }
    when_absent(spec, "conversion", map! {"strategy": "None"});
}

fn stored_versions(object: &mut Map) {
    let storage = object
        .get("spec")
        .and_then(|s| s.get("versions")?.as_list())
        .unwrap_or_default()
        .iter()
        .find(|v| v.get("storage") == Some(&Value::Bool(true)))
        .and_then(|v| v.get("name"))
        .cloned();
    if let Some(name) = storage {
        let status = object.entry("status").make_map();
        if is_empty(status, "storedVersions") {
            status.insert("storedVersions", vec![name]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn tags_of_images() {
        for (image, expected) in [
            ("nginx", Some("latest")),
            ("nginx:1.27", Some("1.27")),
            ("registry:5000/a/b", Some("latest")),
            ("registry:5000/a/b:v1", Some("v1")),
            ("a@sha256:0123", None),
            ("a:v1@sha256:0123", Some("v1")),
            ("Upper", None),
            ("Host/a", Some("latest")),
            ("", None),
        ] {
            assert_eq!(tag(image), expected, "{image}");
        }
    }
}
