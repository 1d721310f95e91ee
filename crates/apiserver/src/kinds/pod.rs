//! Pod.

use object::{Value, map};

pub(super) fn before_create(pod: &mut Value) {
    let class = quality_class(pod);
    let members = pod.make_map();
    members.insert("status", map! {"phase": "Pending", "qosClass": class});
    let spec = members.entry("spec").make_map();
    // Admission plug-in ServiceAccount.
    let account = spec.get("serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    let account = if account.is_empty() { "default".to_owned() } else { account.to_owned() };
    spec.insert("serviceAccount", account.as_str());
    spec.insert("serviceAccountName", account);
}

/// `Guaranteed`, `Burstable` or `BestEffort`, by the requests and limits of all containers
/// (`pkg/apis/core/helper/qos`).
fn quality_class(pod: &Value) -> &'static str {
    let containers = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|key| pod.at(["spec", key])?.as_list())
        .flatten();
    let (mut any, mut guaranteed) = (false, true);
    for container in containers {
        let quantity = |kind: &str, name: &str| container.at(["resources", kind, name]);
        for name in ["cpu", "memory"] {
            let (request, limit) = (quantity("requests", name), quantity("limits", name));
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && (request.is_none() || request == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

pub(super) fn grace_period(pod: &Value, asked: Option<i64>) -> i64 {
    let phase = pod.at(["status", "phase"]).and_then(Value::as_str).unwrap_or_default();
    let node = pod.at(["spec", "nodeName"]).and_then(Value::as_str).unwrap_or_default();
    if node.is_empty() || matches!(phase, "Succeeded" | "Failed") {
        return 0;
    }
    let own = pod.at(["spec", "terminationGracePeriodSeconds"]).and_then(Value::as_int);
    // A negative period means one second (`strategy.go`, CheckGracefulDelete).
    match asked.or(own).unwrap_or(30) {
        seconds if seconds < 0 => 1,
        seconds => seconds,
    }
}
