//! The Pod with a number, and the claims that go with it.

use super::super::fields::{list, set, text};
use super::super::owner::{SIMULATED, pod_of};
use super::super::revision::{self, HASH_LABEL};
use object::{Manifest as _, Value, map};

/// The Pod number `number` of a revision.
pub(super) fn pod(owner: &Value, number: i64, revision: &Value) -> Value {
    let template = revision::template(revision)
        .or_else(|| owner.at(["spec", "template"]).cloned())
        .unwrap_or_else(Value::map);
    let name = format!("{}-{number}", owner.name());
    let mut pod = pod_of(owner, &template, &name);
    pod.set_label("statefulset.kubernetes.io/pod-name", &name);
    pod.set_label("apps.kubernetes.io/pod-index", &number.to_string());
    pod.set_label(HASH_LABEL, revision.name());
    set(&mut pod, ["spec", "hostname"], name.as_str());
    let service = text(owner, ["spec", "serviceName"]);
    if !service.is_empty() {
        set(&mut pod, ["spec", "subdomain"], service);
    }
    let claims = claims(owner, number);
    if !claims.is_empty() {
        let templates = list(owner, ["spec", "volumeClaimTemplates"]);
        let mut volumes = list(&pod, ["spec", "volumes"]).to_vec();
        for (template, claim) in templates.iter().zip(&claims) {
            volumes.retain(|v| text(v, ["name"]) != template.name());
            let source = map! {"claimName": claim.name()};
            volumes.push(map! {"name": template.name(), "persistentVolumeClaim": source}.into());
        }
        set(&mut pod, ["spec", "volumes"], volumes);
    }
    pod
}

/// The claims of the Pod number `number`. They stay when it goes, so nobody owns them.
pub(super) fn claims(owner: &Value, number: i64) -> Vec<Value> {
    let templates = list(owner, ["spec", "volumeClaimTemplates"]).iter();
    let labels = owner.at(["spec", "selector", "matchLabels"]);
    let claims = templates.map(|template| {
        let mut claim = Value::from(map! {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": template.get("metadata").cloned().unwrap_or_else(Value::map),
            "spec": template.get("spec").cloned().unwrap_or_else(Value::map),
        });
        let name = format!("{}-{}-{number}", template.name(), owner.name());
        claim.metadata_mut().insert("name", name);
        claim.metadata_mut().insert("namespace", owner.namespace());
        for (key, value) in labels.and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
            claim.set_label(key, value.as_str().unwrap_or_default());
        }
        claim.set_annotation(SIMULATED, "true");
        claim
    });
    claims.collect()
}
