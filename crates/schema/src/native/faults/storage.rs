//! ConfigMaps, Secrets and claims of volumes.

use super::{Check, has, list, map, text};
use crate::quantity::Quantity;
use crate::{FieldError, names};
use object::{Manifest, Value};
use std::cmp::Ordering;

/// The most that all data of one object may hold, in bytes.
const DATA_LIMIT: u64 = 1024 * 1024;

/// What is wrong with a key of a ConfigMap or Secret.
pub(super) fn key_faults(key: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if key.len() > 253 {
        faults.push("must be no more than 253 characters".to_owned());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if key.is_empty() || !key.bytes().all(plain) {
        faults.push("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')".to_owned());
    }
    if key == "." || key == ".." {
        faults.push(format!("must not be '{key}'"));
    } else if key.starts_with("..") {
        faults.push("must not start with '..'".to_owned());
    }
    faults
}

/// The bytes behind base64 text, without decoding it.
fn decoded_size(text: &str) -> u64 {
    let body = text.trim_end_matches('=').len() as u64;
    body * 3 / 4
}

pub(super) fn config_map(c: &mut Check, object: &Value) {
    let mut size = 0;
    for (key, value) in map(object, "data").iter() {
        let place = format!("data[{key}]");
        c.text_faults(&place, key, key_faults(key));
        if map(object, "binaryData").contains_key(key) {
            c.invalid(&place, key, "duplicate of key present in binaryData");
        }
        size += value.as_str().unwrap_or_default().len() as u64;
    }
    for (key, value) in map(object, "binaryData").iter() {
        c.text_faults(&format!("binaryData[{key}]"), key, key_faults(key));
        size += decoded_size(value.as_str().unwrap_or_default());
    }
    if size > DATA_LIMIT {
        c.errors.push(FieldError::too_long("", DATA_LIMIT));
    }
}

pub(super) fn secret(c: &mut Check, object: &Value) {
    let data = map(object, "data");
    let mut size = 0;
    for (key, value) in data.iter() {
        c.text_faults(&format!("data[{key}]"), key, key_faults(key));
        size += decoded_size(value.as_str().unwrap_or_default());
    }
    if size > DATA_LIMIT {
        c.errors.push(FieldError::too_long("data", DATA_LIMIT));
    }
    let need: &[&str] = match text(object, "type") {
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/basic-auth"
            if !data.contains_key("username") && !data.contains_key("password") =>
        {
            &["username", "password"]
        }
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.annotation(key).unwrap_or_default().is_empty() {
                c.required(&format!("metadata.annotations[{key}]"), "");
            }
            &[]
        }
        _ => &[],
    };
    for key in need.iter().filter(|k| !data.contains_key(k)) {
        c.required(&format!("data[{key}]"), "");
    }
}

pub(super) fn claim(c: &mut Check, spec: &Value) {
    const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let modes: Vec<&str> = list(spec, "accessModes").iter().filter_map(Value::as_str).collect();
    if modes.is_empty() {
        c.required("accessModes", "at least 1 access mode is required");
    }
    c.selector(spec, "selector");
    for mode in modes.iter().filter(|m| !MODES.contains(m)) {
        let path = c.at("accessModes");
        c.errors.push(FieldError::not_supported(path, *mode, MODES));
    }
    let alone = modes.contains(&"ReadWriteOncePod");
    if alone && modes.iter().any(|m| *m != "ReadWriteOncePod" && MODES.contains(m)) {
        c.forbidden("accessModes", "may not use ReadWriteOncePod with other access modes");
    }
    let requests = spec.at(["resources", "requests"]).unwrap_or(&Value::Null);
    match requests.get("storage").and_then(Value::as_str) {
        None => c.required("resources[storage]", ""),
        Some(storage) => {
            if Quantity::parse(storage).is_some_and(|q| q.sign() != Ordering::Greater) {
                c.invalid("resources[storage]", storage, "must be greater than zero");
            }
        }
    }
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        c.text_faults("storageClassName", class, names::dns_subdomain(class));
    }
    if has(spec, "volumeMode") {
        c.one_of(spec, "volumeMode", &["Block", "Filesystem"]);
    }
}
