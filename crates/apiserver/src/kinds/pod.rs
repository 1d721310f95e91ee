//! Pod.

use crate::rest::{Api, ApiError, Target};
use crate::store::{Key, ListQuery, ResourceId};
use object::{Manifest, Value, map};

pub(super) fn before_create(api: &Api, target: &Target, pod: &mut Value) -> Result<(), ApiError> {
    let (priority, policy) = priority(api, target, pod)?;
    let class = quality_class(pod);
    let members = pod.make_map();
    members.insert("status", map! {"phase": "Pending", "qosClass": class});
    let spec = members.entry("spec").make_map();
    // Admission plug-in ServiceAccount.
    let account = spec.get("serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    let account = if account.is_empty() { "default".to_owned() } else { account.to_owned() };
    spec.insert("serviceAccount", account.as_str());
    spec.insert("serviceAccountName", account);
    spec.insert("priority", priority);
    spec.insert("preemptionPolicy", policy);
    tolerate(spec.entry("tolerations"));
    Ok(())
}

/// What admission plug-in Priority makes of the Pod's class, or of its absence.
fn priority(api: &Api, target: &Target, pod: &Value) -> Result<(i64, String), ApiError> {
    let classes = ResourceId::new("scheduling.k8s.io", "priorityclasses");
    let of = |class: &Value| {
        let value = class.get("value").and_then(Value::as_int).unwrap_or_default();
        let policy = class.get("preemptionPolicy").and_then(Value::as_str);
        (value, policy.unwrap_or("PreemptLowerPriority").to_owned())
    };
    let name = pod.at(["spec", "priorityClassName"]).and_then(Value::as_str).unwrap_or_default();
    if !name.is_empty() {
        let fixed = match name {
            "system-cluster-critical" => Some(2_000_000_000),
            "system-node-critical" => Some(2_000_001_000),
            _ => None,
        };
        if let Some(value) = fixed {
            return Ok((value, "PreemptLowerPriority".to_owned()));
        }
        let Some(class) = api.store().newest(&Key::new(&classes, "", name)) else {
            let why = format!("no PriorityClass with name {name} was found");
            return Err(ApiError::forbidden(&target.served, pod.name(), &why));
        };
        return Ok(of(&class.value()));
    }
    let listing = api.store().list(&classes, &ListQuery::default());
    let all = listing.map(|l| l.items).unwrap_or_default();
    let defaults = all.iter().map(|class| class.value());
    let defaults =
        defaults.filter(|c| c.get("globalDefault").and_then(Value::as_bool) == Some(true));
    let lowest = defaults.map(|class| of(&class)).min_by_key(|(value, _)| *value);
    Ok(lowest.unwrap_or((0, "PreemptLowerPriority".to_owned())))
}

/// Admission plug-in DefaultTolerationSeconds: five minutes on a node that is gone.
pub(super) fn tolerate(tolerations: &mut Value) {
    if tolerations.as_list().is_none() {
        *tolerations = Value::List(Vec::new());
    }
    let Some(list) = tolerations.as_list_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = list.iter().any(|t| {
            let text = |member: &str| t.get(member).and_then(Value::as_str).unwrap_or_default();
            (text("key").is_empty() || text("key") == key)
                && matches!(text("effect"), "" | "NoExecute")
        });
        if !tolerated {
            list.push(Value::Map(map! {
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300_i64,
            }));
        }
    }
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
