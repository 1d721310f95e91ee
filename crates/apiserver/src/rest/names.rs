//! Names, labels and annotations: what may stand in `metadata`.

use super::Target;
use object::{Manifest, Value};
use schema::FieldError;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
/// `apivalidation.TotalAnnotationSizeLimitB`.
const ANNOTATIONS: usize = 256 << 10;

/// What is wrong with the metadata of a whole object.
pub(super) fn check(target: &Target, value: &Value) -> Vec<FieldError> {
    let mut faults = Vec::new();
    check_name(target, value, &mut faults);
    check_labels(value, &mut faults);
    check_annotations(value, &mut faults);
    check_owners(value, &mut faults);
    faults
}

fn check_name(target: &Target, value: &Value, faults: &mut Vec<FieldError>) {
    let name = value.name();
    if name.is_empty() {
        let detail = "name or generateName is required";
        faults.push(FieldError::required("metadata.name", detail));
        return;
    }
    let invalid = |detail: &str| FieldError::invalid("metadata.name", name, detail);
    let kind = target.served.kind.kind.as_str();
    match kind {
        "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => {
            if name == "." || name == ".." || name.contains(['/', '%']) {
                faults.push(invalid("may not contain '/' or '%', and may not be '.' or '..'"));
            }
        }
        "Namespace" | "Service" => {
            if name.len() > 63 {
                faults.push(invalid("must be no more than 63 characters"));
            }
            if !is_label(name) {
                faults.push(invalid(LABEL));
            }
        }
        _ => {
            if name.len() > 253 {
                faults.push(invalid("must be no more than 253 characters"));
            }
            if !is_subdomain(name) && kind != "Event" && kind != "IPAddress" {
                faults.push(invalid(SUBDOMAIN));
            }
        }
    }
}

fn check_labels(value: &Value, faults: &mut Vec<FieldError>) {
    let labels = value.at(["metadata", "labels"]).and_then(Value::as_map);
    for (key, label) in labels.into_iter().flat_map(object::Map::iter) {
        check_qualified(key, "metadata.labels", faults);
        let Some(text) = label.as_str() else { continue };
        if text.len() > 63 {
            let detail = "must be no more than 63 characters";
            faults.push(FieldError::invalid("metadata.labels", text, detail));
        }
        if !text.is_empty() && !is_word(text) {
            faults.push(FieldError::invalid("metadata.labels", text, LABEL_VALUE));
        }
    }
}

fn check_annotations(value: &Value, faults: &mut Vec<FieldError>) {
    let annotations = value.at(["metadata", "annotations"]).and_then(Value::as_map);
    let mut size = 0;
    for (key, text) in annotations.into_iter().flat_map(object::Map::iter) {
        check_qualified(&key.to_lowercase(), "metadata.annotations", faults);
        size += key.len() + text.as_str().map_or(0, str::len);
    }
    if size > ANNOTATIONS {
        faults.push(FieldError::too_long("metadata.annotations", ANNOTATIONS as u64));
    }
}

fn check_owners(value: &Value, faults: &mut Vec<FieldError>) {
    let owners = value.at(["metadata", "ownerReferences"]).and_then(Value::as_list);
    let mut controllers = 0;
    for (index, owner) in owners.unwrap_or_default().iter().enumerate() {
        for key in ["apiVersion", "kind", "name", "uid"] {
            if owner.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                let field = format!("metadata.ownerReferences[{index}].{key}");
                let detail = match key {
                    "apiVersion" => "version must not be empty".to_owned(),
                    key => format!("{key} must not be empty"),
                };
                faults.push(FieldError::invalid(field, "", detail));
            }
        }
        controllers += usize::from(owner.get("controller").and_then(Value::as_bool) == Some(true));
    }
    if controllers > 1 {
        let detail = "Only one reference can have Controller set to true.";
        faults.push(FieldError::invalid("metadata.ownerReferences", Value::Null, detail));
    }
}

fn check_qualified(key: &str, field: &str, faults: &mut Vec<FieldError>) {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if let Some(prefix) = prefix
        && (prefix.len() > 253 || !is_subdomain(prefix))
    {
        faults.push(FieldError::invalid(field, key, format!("prefix part {SUBDOMAIN}")));
    }
    if name.is_empty() {
        faults.push(FieldError::invalid(field, key, "name part must be non-empty"));
    } else if name.len() > 63 {
        let detail = "name part must be no more than 63 characters";
        faults.push(FieldError::invalid(field, key, detail));
    } else if !is_word(name) {
        faults.push(FieldError::invalid(field, key, QUALIFIED));
    }
}

fn is_word(text: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && bytes.iter().all(|c| inner(*c))
}

/// Whether `text` is an RFC 1123 label.
pub(crate) fn is_label(text: &str) -> bool {
    let lower = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    lower(*first) && lower(*last) && bytes.iter().all(|c| lower(*c) || *c == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}
