//! Taking a client-side apply over: the annotation `kubectl apply` leaves behind says which fields were its
//! own, and the server-side apply of `kubectl` may have those without a conflict.

use super::Tracking;
use crate::set::FieldSet;
use crate::typed::{Duplicates, compare, to_field_set, validate};
use object::{Manifest, Value};

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What all annotations of an object may take together, in bytes.
const MOST_BYTES: usize = 256 * 1024;

/// The fields the last client-side apply set that still are what it set; `None` when there was none, or it
/// cannot be read.
pub(super) fn still_applied(live: &Value, tracking: &Tracking<'_, '_>) -> Option<FieldSet> {
    let text = live.annotation(ANNOTATION).filter(|text| !text.is_empty())?;
    let last = object::from_json(text.as_bytes()).ok()?;
    if last.api_version() != tracking.version {
        return None;
    }
    let t = tracking.type_here().ok()?;
    validate(live, t, Duplicates::Refused).ok()?;
    validate(&last, t, Duplicates::Refused).ok()?;
    let set = to_field_set(&last, t).ok()?;
    let change = compare(&last, live, t).ok()?;
    Some(set.difference(&change.modified).difference(&change.added).difference(&change.removed))
}

/// Brings the annotation of an object that has one up to date with what was applied.
pub(super) fn refresh(object: &mut Value, patch: &Value) {
    if object.annotation(ANNOTATION).is_none_or(str::is_empty) {
        return;
    }
    let mut applied = patch.clone();
    if let Some(metadata) = applied.get_mut("metadata").and_then(Value::as_map_mut)
        && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_map_mut)
    {
        annotations.remove(ANNOTATION);
    }
    let mut text = String::new();
    crate::json_text::write_json(&mut text, &applied);
    text.push('\n');
    let Some(annotations) = object
        .get_mut("metadata")
        .and_then(|m| m.get_mut("annotations"))
        .and_then(Value::as_map_mut)
    else {
        return;
    };
    annotations.insert(ANNOTATION, text);
    let size: usize =
        annotations.iter().map(|(k, v)| k.len() + v.as_str().map_or(0, str::len)).sum();
    if size > MOST_BYTES {
        annotations.remove(ANNOTATION);
    }
}
