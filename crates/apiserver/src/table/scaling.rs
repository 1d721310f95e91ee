//! Autoscalers, disruption budgets and scales.

use super::cell::{Row, plain, shortened, text};
use super::columns::{Kind, col, int};
use object::Value;

/// Metrics shown before "and so many more".
const SHOWN: usize = 2;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        columns: &[
            col("Name"),
            col("Reference"),
            col("Targets"),
            col("MinPods"),
            col("MaxPods"),
            col("Replicas"),
            col("Age"),
        ],
        cells: autoscaler,
    },
    Kind {
        group: "autoscaling",
        kind: "Scale",
        columns: &[col("Name"), int("Desired"), int("Available"), col("Age")],
        cells: |row| {
            vec![
                row.name(),
                row.int(["spec", "replicas"]).into(),
                row.int(["status", "replicas"]).into(),
                row.age(),
            ]
        },
    },
    Kind {
        group: "policy",
        kind: "PodDisruptionBudget",
        columns: &[
            col("Name"),
            col("Min Available"),
            col("Max Unavailable"),
            int("Allowed Disruptions"),
            col("Age"),
        ],
        cells: |row| {
            let limit =
                |member| Value::from(row.at(["spec", member]).map_or("N/A".to_owned(), plain));
            vec![
                row.name(),
                limit("minAvailable"),
                limit("maxUnavailable"),
                row.int(["status", "disruptionsAllowed"]).into(),
                row.age(),
            ]
        },
    },
];

fn autoscaler(row: &Row<'_>) -> Vec<Value> {
    let target = |member| row.text(["spec", "scaleTargetRef", member]);
    let minimum = row.at(["spec", "minReplicas"]).map_or("<unset>".to_owned(), plain);
    vec![
        row.name(),
        format!("{}/{}", target("kind"), target("name")).into(),
        metrics(row).into(),
        minimum.into(),
        row.int(["spec", "maxReplicas"]).into(),
        row.int(["status", "currentReplicas"]).into(),
        row.age(),
    ]
}

fn metrics(row: &Row<'_>) -> String {
    // autoscaling/v1 knows one metric and keeps it beside the reference.
    let cpu = row.at(["spec", "targetCPUUtilizationPercentage"]);
    let specs = row.list(["spec", "metrics"]);
    if let (Some(target), true) = (cpu, specs.is_empty()) {
        let current = row.at(["status", "currentCPUUtilizationPercentage"]);
        let current = current.map_or("<unknown>".to_owned(), |c| format!("{}%", plain(c)));
        return format!("cpu: {current}/{}%", plain(target));
    }
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let statuses = row.list(["status", "currentMetrics"]);
    let shown: Vec<String> =
        specs.iter().enumerate().map(|(i, spec)| metric(spec, statuses.get(i))).collect();
    shortened(&shown, SHOWN, ", ")
}

/// `current/target` of one metric.
fn metric(spec: &Value, status: Option<&Value>) -> String {
    let source = match text(spec, "type") {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let target = |member: &str| spec.at([source, "target", member]).filter(|v| !v.is_null());
    let current = |member: &str, unit: &str| {
        let current = status.and_then(|s| s.at([source, "current", member]));
        current.map_or("<unknown>".to_owned(), |c| format!("{}{unit}", plain(c)))
    };
    let average = target("averageValue").map(|t| (current("averageValue", ""), plain(t)));
    if matches!(source, "resource" | "containerResource") {
        let name = spec.get(source).map_or("", |s| text(s, "name"));
        let (current, target) = average.unwrap_or_else(|| {
            let target = target("averageUtilization");
            let target = target.map_or("<auto>".to_owned(), |t| format!("{}%", plain(t)));
            (current("averageUtilization", "%"), target)
        });
        return format!("{name}: {current}/{target}");
    }
    match average {
        Some((current, target)) if source == "pods" => format!("{current}/{target}"),
        Some((current, target)) => format!("{current}/{target} (avg)"),
        None => {
            format!("{}/{}", current("value", ""), target("value").map_or("0".to_owned(), plain))
        }
    }
}
