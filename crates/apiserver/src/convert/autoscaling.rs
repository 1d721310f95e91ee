//! HorizontalPodAutoscaler: `v1` knows one metric, the CPU's average utilisation; the others travel in an
//! annotation (`pkg/apis/autoscaling/v1/conversion.go`).

use object::{Manifest, Value, map};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";

fn is_cpu_utilization(metric: &Value) -> bool {
    metric.at(["resource", "name"]).and_then(Value::as_str) == Some("cpu")
        && metric.at(["resource", "target", "averageUtilization"]).is_some()
}

pub(super) fn to_v1(hpa: &mut Value) {
    let mut kept = Vec::new();
    if let Some(spec) = hpa.make_map().get_mut("spec") {
        let spec = spec.make_map();
        let metrics = match spec.remove("metrics") {
            Some(Value::List(metrics)) => metrics,
            _ => Vec::new(),
        };
        let (cpu, others): (Vec<Value>, Vec<Value>) =
            metrics.into_iter().partition(is_cpu_utilization);
        let target = cpu.first().and_then(|m| m.at(["resource", "target", "averageUtilization"]));
        if let Some(target) = target.cloned() {
            spec.insert("targetCPUUtilizationPercentage", target);
        }
        if !others.is_empty() {
            kept.push((METRICS, Value::List(others)));
        }
        kept.extend(spec.remove("behavior").map(|b| (BEHAVIOR, b)));
    }
    if let Some(Value::Map(status)) = hpa.make_map().get_mut("status") {
        kept.extend(status.remove("conditions").map(|c| (CONDITIONS, c)));
        kept.extend(status.remove("currentMetrics").map(|c| (CURRENT, c)));
    }
    for (annotation, value) in kept {
        let text = String::from_utf8_lossy(&object::to_json(&value)).into_owned();
        hpa.set_annotation(annotation, &text);
    }
}

pub(super) fn to_v2(hpa: &mut Value) {
    let mut take = |annotation: &str| {
        let annotations = hpa.metadata_mut().get_mut("annotations")?.as_map_mut()?;
        let text = annotations.remove(annotation)?;
        object::from_json(text.as_str()?.as_bytes()).ok()
    };
    let (metrics, behavior) = (take(METRICS), take(BEHAVIOR));
    let (conditions, current) = (take(CONDITIONS), take(CURRENT));
    let spec = hpa.make_map().entry("spec").make_map();
    let mut list = match metrics {
        Some(Value::List(metrics)) => metrics,
        _ => Vec::new(),
    };
    if let Some(target) = spec.remove("targetCPUUtilizationPercentage") {
        let target = map! {"type": "Utilization", "averageUtilization": target};
        let resource = map! {"name": "cpu", "target": target};
        list.insert(0, map! {"type": "Resource", "resource": resource}.into());
    }
    if !list.is_empty() {
        spec.insert("metrics", list);
    }
    if let Some(behavior) = behavior {
        spec.insert("behavior", behavior);
    }
    for (key, value) in [("conditions", conditions), ("currentMetrics", current)] {
        if let Some(value) = value {
            hpa.make_map().entry("status").make_map().insert(key, value);
        }
    }
}
