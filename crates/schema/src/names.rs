//! Names, labels, annotations and the rest of `metadata`: what is refused, in a real server's words.
//!
//! - [`metadata`], [`metadata_update`]: everything about the metadata of one object
//! - [`dns_subdomain`], [`dns_label`], [`dns_1035_label`], [`label_key`], [`label_value`], [`path_segment`]: what
//!   is wrong with one text (empty when it is fine)
//!
//! After `k8s.io/apimachinery/pkg/api/validation` and `pkg/api/validate/content`. Deliberately absent: whether a
//! namespace exists, generating names.

use crate::{FieldError, Kind, builtin};
use object::{Gvk, Value};

/// The most that all annotations of an object may hold, keys and values, in bytes.
pub const ANNOTATIONS_LIMIT: u64 = 256 * 1024;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_1035: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const NAME_PART: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

fn regex_fault(what: &str, examples: &[&str], pattern: &str) -> String {
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{what} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

/// Two packages of a real server count alike and say it differently.
fn too_long(most: usize, unit: &str) -> String {
    format!("must be no more than {most} {unit}")
}

/// Not empty, of the characters `inner` accepts, with an end and a start that `edge` accepts.
fn is_word(text: &str, edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(a), Some(b)) if edge(*a) && edge(*b))
        && bytes.iter().all(|b| inner(*b))
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    is_word(text, lower, |b| lower(b) || b == b'-')
}

fn is_name_part(text: &str) -> bool {
    is_word(
        text,
        |b| b.is_ascii_alphanumeric(),
        |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b),
    )
}

/// A DNS-1123 subdomain: `my-name.example`.
pub fn dns_subdomain(name: &str) -> Vec<String> {
    subdomain(name, "characters")
}

fn subdomain(name: &str, unit: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 253 {
        faults.push(too_long(253, unit));
    }
    if !name.split('.').all(is_label) {
        let what = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
        faults.push(regex_fault(what, &["example.com"], SUBDOMAIN));
    }
    faults
}

/// A DNS-1123 label: `my-name`.
pub fn dns_label(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 63 {
        faults.push(too_long(63, "characters"));
    }
    if !is_label(name) {
        if name.split('.').all(is_label) {
            faults.push("must not contain dots".to_owned());
        } else {
            let what = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
            faults.push(regex_fault(what, &["my-name", "123-abc"], LABEL));
        }
    }
    faults
}

/// A DNS-1035 label: one that begins with a letter.
pub fn dns_1035_label(name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if name.len() > 63 {
        faults.push(too_long(63, "characters"));
    }
    if !is_label(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        let what = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
        faults.push(regex_fault(what, &["my-name", "abc-123"], LABEL_1035));
    }
    faults
}

/// A name that can stand in a URL: of roles, for example.
pub fn path_segment(name: &str) -> Vec<String> {
    if [".", ".."].contains(&name) {
        return vec![format!("may not be '{name}'")];
    }
    let bad = ["/", "%"].iter().filter(|c| name.contains(**c));
    bad.map(|c| format!("may not contain '{c}'")).collect()
}

/// The key of a label, annotation or finalizer: `app`, `example.com/app`.
pub fn label_key(key: &str) -> Vec<String> {
    const WHAT: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let examples = ["MyName", "my.name", "123-abc"];
    let mut faults = Vec::new();
    let name = match key.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else {
                faults
                    .extend(dns_subdomain(prefix).into_iter().map(|f| format!("prefix part {f}")));
            }
            *name
        }
        _ => {
            let fault = regex_fault(WHAT, &examples, NAME_PART);
            return vec![format!(
                "a valid label key {fault} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        faults.push(format!("name part {}", too_long(63, "bytes")));
    }
    if !is_name_part(name) {
        faults.push(format!("name part {}", regex_fault(WHAT, &examples, NAME_PART)));
    }
    faults
}

/// The value of a label.
pub fn label_value(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 63 {
        faults.push(too_long(63, "bytes"));
    }
    if !value.is_empty() && !is_name_part(value) {
        let what = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
        let pattern = format!("({NAME_PART})?");
        faults.push(regex_fault(what, &["MyValue", "my_value", "12345"], &pattern));
    }
    faults
}

/// Which rule names of a kind follow.
fn name_rule(kind: &Kind) -> fn(&str) -> Vec<String> {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => dns_label,
        ("", "Service") => dns_1035_label,
        ("apps", "StatefulSet") => dns_label,
        ("rbac.authorization.k8s.io", _) | ("policy", "PodDisruptionBudget") => path_segment,
        ("certificates.k8s.io", "CertificateSigningRequest") => |_| Vec::new(),
        _ => dns_subdomain,
    }
}

/// What is wrong with a name of the kind; of a prefix to generate one from, a dash at the end is fine.
pub fn name(kind: &Kind, name: &str, prefix: bool) -> Vec<String> {
    if prefix && name.len() > 1 && name.ends_with('-') {
        // The generated part follows: what stands before the dash is what counts.
        let cut = name.char_indices().rev().nth(1).map_or(0, |(i, _)| i);
        return name_rule(kind)(&format!("{}a", &name[..cut]));
    }
    name_rule(kind)(name)
}

fn texts<'a>(metadata: &'a Value, key: &str) -> Vec<&'a str> {
    let list = metadata.get(key).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Everything wrong with the metadata of an object that is to be created; a generated name stands in it already.
pub fn metadata(kind: &Kind, object: &Value) -> Vec<FieldError> {
    let empty = Value::map();
    let metadata = object.get("metadata").unwrap_or(&empty);
    let mut errors = Vec::new();
    let mut invalid = |field: &str, value: &str, faults: Vec<String>| {
        let path = format!("metadata.{field}");
        errors.extend(faults.into_iter().map(|f| FieldError::invalid(path.as_str(), value, f)));
    };
    let prefix = text(metadata, "generateName");
    if !prefix.is_empty() {
        invalid("generateName", prefix, name(kind, prefix, true));
    }
    let own = text(metadata, "name");
    if !own.is_empty() {
        invalid("name", own, name(kind, own, false));
    }
    let namespace = text(metadata, "namespace");
    if kind.namespaced && !namespace.is_empty() {
        invalid("namespace", namespace, dns_label(namespace));
    }
    if own.is_empty() {
        let detail = "name or generateName is required";
        errors.insert(0, FieldError::required("metadata.name", detail));
    }
    match (kind.namespaced, namespace.is_empty()) {
        (true, true) => errors.push(FieldError::required("metadata.namespace", "")),
        (false, false) => {
            errors.push(FieldError::forbidden("metadata.namespace", "not allowed on this type"));
        }
        _ => {}
    }
    common(metadata, &mut errors);
    let builtin = builtin::kind(&kind.group, &kind.version, &kind.kind).is_some();
    finalizers(metadata, builtin, &mut errors);
    errors
}

/// Everything wrong with the metadata of an object that is to replace `old`.
pub fn metadata_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let empty = Value::map();
    let (new, old) = (new.get("metadata").unwrap_or(&empty), old.get("metadata").unwrap_or(&empty));
    let mut errors = Vec::new();
    if !text(old, "deletionTimestamp").is_empty() {
        let before = texts(old, "finalizers");
        let mut added: Vec<&str> =
            texts(new, "finalizers").into_iter().filter(|f| !before.contains(f)).collect();
        added.sort_unstable();
        added.dedup();
        if !added.is_empty() {
            let added: Vec<String> = added.into_iter().map(crate::go_quote).collect();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", detail));
        }
    }
    if text(new, "resourceVersion").is_empty() {
        let detail = "must be specified for an update";
        errors.push(FieldError::invalid("metadata.resourceVersion", "", detail));
    }
    let generation = |m: &Value| m.get("generation").and_then(Value::as_int).unwrap_or_default();
    if generation(new) < generation(old) {
        let detail = "must not be decremented";
        errors.push(FieldError::invalid("metadata.generation", generation(new), detail));
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        let value = |m: &Value| m.get(field).filter(|v| !v.is_null()).cloned();
        if value(new) != value(old) {
            // Texts that are not there are empty in Go; times and numbers are null.
            let absent = if ["name", "namespace", "uid"].contains(&field) {
                Value::from("")
            } else {
                Value::Null
            };
            let path = format!("metadata.{field}");
            errors.push(FieldError::invalid(path, value(new).unwrap_or(absent), IMMUTABLE));
        }
    }
    common(new, &mut errors);
    errors
}

/// What an immutable field's error says.
pub(crate) const IMMUTABLE: &str = "field is immutable";

fn common(metadata: &Value, errors: &mut Vec<FieldError>) {
    let generation = metadata.get("generation").and_then(Value::as_int).unwrap_or_default();
    if generation < 0 {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("metadata.generation", generation, detail));
    }
    errors.extend(labels(metadata.get("labels"), "metadata.labels"));
    errors.extend(annotations(metadata.get("annotations")));
    owners(metadata, errors);
}

/// What is wrong with the labels at `path`.
pub fn labels(labels: Option<&Value>, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels.and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
        errors.extend(label_key(key).into_iter().map(|f| FieldError::invalid(path, key, f)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(label_value(value).into_iter().map(|f| FieldError::invalid(path, value, f)));
    }
    errors
}

fn annotations(annotations: Option<&Value>) -> Vec<FieldError> {
    const PATH: &str = "metadata.annotations";
    let mut errors = Vec::new();
    let mut size = 0;
    for (key, value) in annotations.and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
        let faults = label_key(&key.to_lowercase());
        errors.extend(faults.into_iter().map(|f| FieldError::invalid(PATH, key, f)));
        size += (key.len() + value.as_str().unwrap_or_default().len()) as u64;
    }
    if size > ANNOTATIONS_LIMIT {
        errors.push(FieldError::too_long(PATH, ANNOTATIONS_LIMIT));
    }
    errors
}

fn owners(metadata: &Value, errors: &mut Vec<FieldError>) {
    let owners = metadata.get("ownerReferences").and_then(Value::as_list).unwrap_or_default();
    let mut controller: Option<String> = None;
    for owner in owners {
        const PATH: &str = "metadata.ownerReferences";
        let gvk = Gvk::from_api_version(text(owner, "apiVersion"), text(owner, "kind"));
        let mut must = |field: &str, detail: &str| {
            let value = text(owner, field);
            errors.push(FieldError::invalid(format!("{PATH}.{field}"), value, detail));
        };
        if gvk.version.is_empty() {
            must("apiVersion", "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if text(owner, field).is_empty() {
                must(field, "must not be empty");
            }
        }
        if gvk == Gvk::new("", "v1", "Event") {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(PATH, owner.clone(), detail));
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let this = format!("{}/{}", gvk.kind, text(owner, "name"));
            match &controller {
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"
                    );
                    errors.push(FieldError::invalid(PATH, Value::List(owners.to_vec()), detail));
                }
                None => controller = Some(this),
            }
        }
    }
}

fn finalizers(metadata: &Value, builtin: bool, errors: &mut Vec<FieldError>) {
    const PATH: &str = "metadata.finalizers";
    let finalizers = texts(metadata, "finalizers");
    for finalizer in &finalizers {
        let faults = label_key(finalizer);
        errors.extend(faults.into_iter().map(|f| FieldError::invalid(PATH, *finalizer, f)));
    }
    // Custom kinds may use any name.
    const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    for (index, finalizer) in finalizers.iter().enumerate() {
        if builtin && !finalizer.contains('/') && !STANDARD.contains(finalizer) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(format!("{PATH}[{index}]"), *finalizer, detail));
        }
    }
    if finalizers.contains(&"orphan") && finalizers.contains(&"foregroundDeletion") {
        let detail = "finalizer orphan and foregroundDeletion cannot be both set";
        let list: Vec<Value> = finalizers.into_iter().map(Value::from).collect();
        errors.push(FieldError::invalid(PATH, list, detail));
    }
}

#[cfg(test)]
mod tests;
