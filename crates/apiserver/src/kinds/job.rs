//! Job: the selector and labels by which a Job knows its Pods.

use object::{Manifest, Value};

const UID: &str = "batch.kubernetes.io/controller-uid";
const NAME: &str = "batch.kubernetes.io/job-name";

/// Generates selector and labels from the uid, unless the Job brings its own selector.
pub(super) fn before_create(job: &mut Value) {
    if job.at(["spec", "manualSelector"]).and_then(Value::as_bool) == Some(true) {
        return;
    }
    let (uid, name) = (job.meta("uid").unwrap_or_default().to_owned(), job.name().to_owned());
    let spec = job.make_map().entry("spec").make_map();
    let template = spec.entry("template").make_map();
    let labels = template.entry("metadata").make_map().entry("labels").make_map();
    // The unprefixed ones are those of older clients.
    for (label, value) in
        [(UID, &uid), (NAME, &name), ("controller-uid", &uid), ("job-name", &name)]
    {
        labels.insert(label, value.as_str());
    }
    let labels = labels.clone();
    spec.entry("selector").make_map().entry("matchLabels").make_map().insert(UID, uid.as_str());
    let own = job.metadata_mut().entry("labels");
    if own.as_map().is_none_or(object::Map::is_empty) {
        *own = Value::Map(labels);
    }
}
