//! What makes pods: Deployment and its siblings, jobs, and what scales and guards them.

use super::{Check, has, list, map, number, pod, selects, storage, text};
use crate::error::{go_json, go_selector};
use crate::{FieldError, FieldErrorKind, names};
use object::Value;

/// The template of pods; `of` is the spec that holds it.
fn template(c: &mut Check, of: &Value) {
    let Some(template) = of.get("template") else { return };
    c.below("template", |c| {
        let metadata = template.get("metadata").unwrap_or(&Value::Null);
        c.labels(metadata.get("labels"), "labels");
        let spec = template.get("spec").unwrap_or(&Value::Null);
        c.below("spec", |c| pod::spec(c, spec));
    });
}

fn selector_matches(c: &mut Check, spec: &Value) {
    let template = spec.get("template").unwrap_or(&Value::Null);
    let metadata = template.get("metadata").unwrap_or(&Value::Null);
    let labels = map(metadata, "labels");
    if !selects(spec.get("selector"), labels) {
        let shown = metadata.get("labels").cloned().unwrap_or_default();
        c.invalid("template.metadata.labels", shown, "`selector` does not match template `labels`");
    }
}

fn is_empty(selector: &Value) -> bool {
    map(selector, "matchLabels").is_empty() && list(selector, "matchExpressions").is_empty()
}

/// The selector of a kind that must have one, and the template it must select. False when the selector cannot be
/// read: then nobody looks at the template.
fn selected_template(c: &mut Check, spec: &Value, name: &str, unreadable: &str) -> bool {
    match spec.get("selector").filter(|s| !s.is_null()) {
        // No selector selects nothing, not these labels either.
        None => {
            c.required("selector", "");
            selector_matches(c, spec);
        }
        Some(selector) => {
            let before = c.errors.len();
            c.selector(spec, "selector");
            let readable = c.errors.len() == before;
            if is_empty(selector) {
                let detail = format!("empty selector is invalid for {name}");
                c.invalid("selector", selector.clone(), detail);
            } else if readable {
                selector_matches(c, spec);
            } else {
                let path = c.at("selector");
                let shown = go_selector(selector);
                c.errors.push(FieldError::invalid_shown(path, &shown, unreadable));
                return false;
            }
        }
    }
    template(c, spec);
    true
}

fn always_running(c: &mut Check, spec: &Value, name: &str) {
    let Some(pod) = spec.get("template").and_then(|t| t.get("spec")) else { return };
    let policy = text(pod, "restartPolicy");
    if policy != "Always" {
        let path = c.at("template.spec.restartPolicy");
        c.errors.push(FieldError::not_supported(path, policy, ["Always"]));
    }
    if has(pod, "activeDeadlineSeconds") {
        let detail = format!("activeDeadlineSeconds in {name} is not Supported");
        c.forbidden("template.spec.activeDeadlineSeconds", &detail);
    }
}

pub(super) fn deployment(c: &mut Check, spec: &Value) {
    c.not_negative(spec, "replicas");
    if selected_template(c, spec, "deployment", "invalid label selector") {
        always_running(c, spec, "ReplicaSet");
    }
    let strategy = spec.get("strategy").unwrap_or(&Value::Null);
    match text(strategy, "type") {
        "Recreate" if has(strategy, "rollingUpdate") => {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            c.forbidden("strategy.rollingUpdate", detail);
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let update = strategy.get("rollingUpdate").unwrap_or(&Value::Null);
            c.below("strategy.rollingUpdate", |c| rolling_update(c, update));
        }
        _ => {
            // The server shows its inner type, whose members have no JSON names.
            let update = strategy.get("rollingUpdate").filter(|u| !u.is_null()).map_or_else(
                || "null".to_owned(),
                |update| {
                    let part = |key| update.get(key).map_or_else(|| "0".to_owned(), go_json);
                    format!(
                        "{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}",
                        part("maxUnavailable"),
                        part("maxSurge")
                    )
                },
            );
            let type_ = go_json(&text(strategy, "type").into());
            let detail = format!(
                "{{\"Type\":{type_},\"RollingUpdate\":{update}}}: supported values: \"Recreate\", \"RollingUpdate\""
            );
            let kind = FieldErrorKind::NotSupported;
            let error = FieldError::new(kind, c.at("strategy"), "", detail);
            c.errors.push(error.without_value());
        }
    }
    c.not_negative(spec, "minReadySeconds");
    c.not_negative(spec, "revisionHistoryLimit");
    if let Some(deadline) = number(spec, "progressDeadlineSeconds") {
        c.not_negative(spec, "progressDeadlineSeconds");
        if deadline <= number(spec, "minReadySeconds").unwrap_or_default() {
            let detail = "must be greater than minReadySeconds";
            c.invalid("progressDeadlineSeconds", deadline, detail);
        }
    }
}

fn rolling_update(c: &mut Check, update: &Value) {
    int_or_percent(c, update, "maxUnavailable");
    int_or_percent(c, update, "maxSurge");
    let zero = |member| match update.get(member) {
        Some(Value::Int(0)) => true,
        Some(Value::String(text)) => {
            text.strip_suffix('%').is_some_and(|n| n.trim_start_matches('0').is_empty())
        }
        _ => false,
    };
    if zero("maxUnavailable") && zero("maxSurge") {
        let value = update.get("maxUnavailable").cloned().unwrap_or_default();
        c.invalid("maxUnavailable", value, "may not be 0 when `maxSurge` is 0");
    }
    at_most_everything(c, update, "maxUnavailable");
}

fn int_or_percent(c: &mut Check, of: &Value, member: &str) {
    match of.get(member) {
        Some(Value::Int(number)) if *number < 0 => {
            c.invalid(member, *number, "must be greater than or equal to 0");
        }
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('%').unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                c.invalid(member, text.as_str(), detail);
            }
        }
        _ => {}
    }
}

fn at_most_everything(c: &mut Check, of: &Value, member: &str) {
    if let Some(Value::String(percent)) = of.get(member)
        && percent.strip_suffix('%').and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > 100)
    {
        c.invalid(member, percent.as_str(), "must not be greater than 100%");
    }
}

pub(super) fn replica_set(c: &mut Check, spec: &Value) {
    c.not_negative(spec, "replicas");
    c.not_negative(spec, "minReadySeconds");
    if selected_template(c, spec, "deployment", "invalid label selector") {
        always_running(c, spec, "ReplicaSet");
    }
}

pub(super) fn stateful_set(c: &mut Check, spec: &Value, update: bool) {
    let policy = text(spec, "podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&policy) {
        c.invalid("podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
    }
    let strategy = spec.get("updateStrategy").unwrap_or(&Value::Null);
    match text(strategy, "type") {
        "RollingUpdate" => {}
        "OnDelete" => {
            if let Some(update) = strategy.get("rollingUpdate") {
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                c.invalid("updateStrategy.rollingUpdate", update.clone(), detail);
            }
        }
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            c.invalid("updateStrategy", strategy.clone(), detail);
        }
    }
    c.not_negative(spec, "replicas");
    c.not_negative(spec, "minReadySeconds");
    let service = text(spec, "serviceName");
    if !service.is_empty() && !update {
        c.text_faults("serviceName", service, names::dns_label(service));
    }
    if !update {
        c.each(spec, "volumeClaimTemplates", |c, template| {
            let spec = template.get("spec").unwrap_or(&Value::Null);
            c.below("spec", |c| storage::claim(c, spec));
        });
    }
    // Volumes of claim templates are there when pods are made.
    let mut whole = spec.clone();
    let claims = list(spec, "volumeClaimTemplates").iter();
    let mut claims: Vec<Value> = claims
        .map(|t| t.at(["metadata", "name"]).cloned().unwrap_or_else(|| "".into()))
        .map(|name| {
            object::map! {"name": name.clone(), "persistentVolumeClaim": object::map! {"claimName": name}}
                .into()
        })
        .collect();
    claims.sort_by(Value::total_cmp);
    claims.dedup();
    if let Some(pod) = whole.get_mut("template").and_then(|t| t.get_mut("spec")) {
        let named = |v: &Value| claims.iter().any(|c| c.get("name") == v.get("name"));
        let own: Vec<Value> = list(pod, "volumes").iter().filter(|v| !named(v)).cloned().collect();
        if !claims.is_empty() {
            let volumes: Vec<Value> = claims.iter().cloned().chain(own).collect();
            pod.make_map().insert("volumes", volumes);
        }
    }
    selected_template(c, &whole, "statefulset", "");
    always_running(c, spec, "StatefulSet");
}

pub(super) fn daemon_set(c: &mut Check, spec: &Value) {
    let before = c.errors.len();
    c.selector(spec, "selector");
    if c.errors.len() == before {
        selector_matches(c, spec);
    }
    if let Some(selector) = spec.get("selector").filter(|s| !s.is_null() && is_empty(s)) {
        c.invalid("selector", selector.clone(), "empty selector is invalid for daemonset");
    }
    template(c, spec);
    always_running(c, spec, "DaemonSet");
    c.not_negative(spec, "minReadySeconds");
    c.not_negative(spec, "revisionHistoryLimit");
}

/// A Job as a client writes it: the server sets its selector, so there may be none.
pub(super) fn job(c: &mut Check, spec: &Value) {
    for member in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        c.not_negative(spec, member);
    }
    match text(spec, "completionMode") {
        "Indexed" => {
            if !has(spec, "completions") {
                c.required("completions", "when completion mode is Indexed");
            }
        }
        "NonIndexed" | "" => {
            for member in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                if let Some(value) = number(spec, member) {
                    c.invalid(member, value, "requires indexed completion mode");
                }
            }
        }
        other => {
            let path = c.at("completionMode");
            c.errors.push(FieldError::not_supported(path, other, ["NonIndexed", "Indexed"]));
        }
    }
    template(c, spec);
    let pod = spec.get("template").and_then(|t| t.get("spec")).unwrap_or(&Value::Null);
    match text(pod, "restartPolicy") {
        "Always" | "" => {
            let detail = "valid values: \"OnFailure\", \"Never\"";
            c.required("template.spec.restartPolicy", detail);
        }
        "OnFailure" | "Never" => {}
        other => {
            let path = c.at("template.spec.restartPolicy");
            c.errors.push(FieldError::not_supported(path, other, ["OnFailure", "Never"]));
        }
    }
}

pub(super) fn cron_job(c: &mut Check, spec: &Value) {
    let schedule = text(spec, "schedule");
    if schedule.is_empty() {
        c.required("schedule", "");
    } else if let Some(fault) = schedule_fault(schedule) {
        c.invalid("schedule", schedule, fault);
    }
    for member in
        ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"]
    {
        c.not_negative(spec, member);
    }
    c.one_of(spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"]);
    let job_spec = spec.get("jobTemplate").and_then(|t| t.get("spec")).unwrap_or(&Value::Null);
    c.below("jobTemplate.spec", |c| job(c, job_spec));
}

/// What `robfig/cron` says of a schedule, in the cases that are only counting.
fn schedule_fault(schedule: &str) -> Option<String> {
    if let Some(name) = schedule.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        let every = name.starts_with("every ");
        return (!known.contains(&name) && !every)
            .then(|| format!("unrecognized descriptor: {schedule}"));
    }
    let fields = schedule.split_whitespace().count();
    (fields != 5).then(|| {
        let shown: Vec<&str> = schedule.split_whitespace().collect();
        format!("expected exactly 5 fields, found {fields}: [{}]", shown.join(" "))
    })
}

pub(super) fn autoscaler(c: &mut Check, spec: &Value) {
    let least = number(spec, "minReplicas");
    if let Some(least) = least.filter(|n| *n < 1) {
        c.invalid("minReplicas", least, "must be greater than or equal to 1");
    }
    let woken = |metric: &Value| ["Object", "External"].contains(&text(metric, "type"));
    if least == Some(0) && !list(spec, "metrics").iter().any(woken) {
        let detail = "must specify at least one Object or External metric to support scaling to zero replicas";
        c.forbidden("metrics", detail);
    }
    let most = number(spec, "maxReplicas").unwrap_or_default();
    if most < 1 {
        c.invalid("maxReplicas", most, "must be greater than 0");
    }
    if least.is_some_and(|least| most < least) {
        c.invalid("maxReplicas", most, "must be greater than or equal to `minReplicas`");
    }
    let target = spec.get("scaleTargetRef").unwrap_or(&Value::Null);
    c.below("scaleTargetRef", |c| {
        let version = text(target, "apiVersion");
        if !version.contains('/') {
            c.invalid("apiVersion", version, "apiVersion must specify API group");
        }
        for member in ["kind", "name"] {
            let value = text(target, member);
            if value.is_empty() {
                c.required(member, "");
            } else {
                c.text_faults(member, value, names::path_segment(value));
            }
        }
    });
}

pub(super) fn disruption_budget(c: &mut Check, spec: &Value) {
    if has(spec, "minAvailable") && has(spec, "maxUnavailable") {
        let path = c.path.clone();
        let detail = "minAvailable and maxUnavailable cannot be both set";
        c.errors.push(FieldError::invalid(path, spec.clone(), detail));
    }
    for member in ["minAvailable", "maxUnavailable"] {
        int_or_percent(c, spec, member);
        at_most_everything(c, spec, member);
    }
    c.selector(spec, "selector");
}
