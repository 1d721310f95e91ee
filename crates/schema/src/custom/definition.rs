//! What is wrong with a CustomResourceDefinition itself.
//!
//! After `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation`. A real server keeps a schema, columns
//! and subresources that all versions share in one place, and its errors name that place: so do these.

use crate::prune::prune_part;
use crate::rules::Rules;
use crate::{Branch, FieldError, Schema, names, structural, validate};
use object::{Manifest, Value};

/// Everything wrong with a definition that is to be created, apart from its metadata beyond the name.
pub fn definition_faults(crd: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let empty = Value::map();
    let spec = crd.get("spec").unwrap_or(&empty);
    let group = text(spec, "group");
    let plural = spec.get("names").map_or("", |n| text(n, "plural"));
    if crd.name() != format!("{plural}.{group}") {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", crd.name(), detail));
    }
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else {
        let faults = names::dns_subdomain(group);
        if !faults.is_empty() {
            errors.push(FieldError::invalid("spec.group", group, faults.join(",")));
        } else if !group.contains('.') {
            let detail = "should be a domain with at least one dot";
            errors.push(FieldError::invalid("spec.group", group, detail));
        }
    }
    match text(spec, "scope") {
        "" => errors.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => {
            let known = ["Cluster", "Namespaced"];
            errors.push(FieldError::not_supported("spec.scope", other, known));
        }
    }
    kind_names(spec, &mut errors);
    versions(spec, &mut errors);
    conversion(spec, &mut errors);
    if spec.get("preserveUnknownFields") == Some(&Value::Bool(true)) {
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, detail));
    }
    approval(crd, group, &mut errors);
    errors
}

/// Everything wrong with a definition that is to replace `old`.
pub fn definition_update_faults(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = definition_faults(new);
    let established = list(old.at(["status", "conditions"]))
        .iter()
        .any(|c| text(c, "type") == "Established" && text(c, "status") == "True");
    let always: &[&[&str]] = &[&["spec", "group"], &["spec", "names", "plural"]];
    let once_established: &[&[&str]] = &[&["spec", "scope"], &["spec", "names", "kind"]];
    let fixed = always.iter().chain(if established { once_established } else { &[] });
    for path in fixed {
        let value = |crd: &Value| crd.at(path.iter().copied()).cloned();
        if value(new) != value(old) {
            let value = value(new).unwrap_or_else(|| "".into());
            errors.push(FieldError::invalid(path.join("."), value, names::IMMUTABLE));
        }
    }
    let named: Vec<&str> =
        list(new.at(["spec", "versions"])).iter().map(|v| text(v, "name")).collect();
    for (index, stored) in list(old.at(["status", "storedVersions"])).iter().enumerate() {
        let stored = stored.as_str().unwrap_or_default();
        if !named.contains(&stored) {
            let detail = format!(
                "missing from spec.versions; {stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {stored} and removes {stored} from status.storedVersions"
            );
            let path = format!("status.storedVersions[{index}]");
            errors.push(FieldError::invalid(path, stored, detail));
        }
    }
    errors
}

fn kind_names(spec: &Value, errors: &mut Vec<FieldError>) {
    let empty = Value::map();
    let given = spec.get("names").unwrap_or(&empty);
    for member in ["plural", "singular", "kind", "listKind"] {
        if text(given, member).is_empty() {
            errors.push(FieldError::required(format!("spec.names.{member}"), ""));
        }
    }
    let mut label = |path: String, name: &str, mixed: bool| {
        let faults = if mixed {
            names::dns_1035_label(&name.to_lowercase())
        } else {
            names::dns_1035_label(name)
        };
        if !name.is_empty() && !faults.is_empty() {
            let prefix =
                if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            errors.push(FieldError::invalid(path, name, format!("{prefix}{}", faults.join(","))));
        }
    };
    for (member, mixed) in
        [("plural", false), ("singular", false), ("kind", true), ("listKind", true)]
    {
        label(format!("spec.names.{member}"), text(given, member), mixed);
    }
    for member in ["shortNames", "categories"] {
        for (index, name) in list(given.get(member)).iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            label(format!("spec.names.{member}[{index}]"), name, false);
        }
    }
    let (kind, of_list) = (text(given, "kind"), text(given, "listKind"));
    if !kind.is_empty() && kind == of_list {
        let detail = "kind and listKind may not be the same";
        errors.push(FieldError::invalid("spec.names.listKind", of_list, detail));
    }
}

fn versions(spec: &Value, errors: &mut Vec<FieldError>) {
    let versions = list(spec.get("versions"));
    let shared = |key: &str| versions.windows(2).all(|pair| pair[0].get(key) == pair[1].get(key));
    let mut seen: Vec<&str> = Vec::new();
    let mut unique = true;
    for (index, version) in versions.iter().enumerate() {
        let base = format!("spec.versions[{index}]");
        let name = text(version, "name");
        unique &= !seen.contains(&name);
        seen.push(name);
        let faults = names::dns_1035_label(name);
        if !faults.is_empty() {
            errors.push(FieldError::invalid(format!("{base}.name"), name, faults.join(",")));
        }
        deprecation(version, &base, errors);
        let has_schema = version.at(["schema", "openAPIV3Schema"]).is_some_and(|s| !s.is_null());
        if !has_schema {
            let path = format!("{base}.schema.openAPIV3Schema");
            errors.push(FieldError::required(path, ""));
        } else if !shared("schema") || index == 0 {
            let base = if shared("schema") {
                "spec.validation".to_owned()
            } else {
                format!("{base}.schema")
            };
            schema(version, &base, errors);
        }
        if !shared("subresources") || index == 0 {
            let base = if shared("subresources") { "spec" } else { base.as_str() };
            scale(version, base, errors);
        }
        if !shared("additionalPrinterColumns") || index == 0 {
            let base = if shared("additionalPrinterColumns") { "spec" } else { base.as_str() };
            columns(version, base, errors);
        }
    }
    if !unique {
        let detail = "must contain unique version names";
        errors.push(FieldError::invalid("spec.versions", versions.to_vec(), detail));
    }
    let storing = versions.iter().filter(|v| v.get("storage") == Some(&Value::Bool(true))).count();
    if storing != 1 {
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid("spec.versions", versions.to_vec(), detail));
    }
}

fn schema(version: &Value, base: &str, errors: &mut Vec<FieldError>) {
    let root = format!("{base}.openAPIV3Schema");
    if version.at(["schema", "openAPIV3Schema", "nullable"]) == Some(&Value::Bool(true)) {
        let detail = "nullable cannot be true at the root";
        errors.push(FieldError::forbidden(format!("{root}.nullable"), detail));
    }
    match structural::from_crd_version(version, base) {
        Ok(schema) => {
            errors.extend(Rules::compile(&schema).faults(&root));
            defaults(&schema, &root, errors);
        }
        Err(faults) => errors.extend(faults),
    }
}

/// Defaults must fit the schema they stand in.
fn defaults(schema: &Schema, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(default) = &schema.default {
        let place = format!("{path}.default");
        let mut pruned = default.clone();
        prune_part(schema, &mut pruned);
        if pruned != *default {
            let detail = "must not have unknown fields";
            errors.push(FieldError::invalid(place.as_str(), default.clone(), detail));
        }
        errors.extend(validate(schema, default).into_iter().map(|mut error| {
            error.path = match error.path.as_str() {
                "<nil>" => place.clone(),
                below => format!("{place}.{below}"),
            };
            error
        }));
    }
    if let Some(Branch::Own(items)) = &schema.items {
        defaults(items, &format!("{path}.items"), errors);
    }
    for property in &schema.properties {
        if let Branch::Own(own) = &property.schema {
            defaults(own, &format!("{path}.properties[{}]", property.name), errors);
        }
    }
}

fn deprecation(version: &Value, base: &str, errors: &mut Vec<FieldError>) {
    let Some(warning) = version.get("deprecationWarning").and_then(Value::as_str) else { return };
    let path = format!("{base}.deprecationWarning");
    let mut tell = |detail: &str| {
        errors.push(FieldError::invalid(path.as_str(), warning, detail));
    };
    if version.get("deprecated") != Some(&Value::Bool(true)) {
        return tell("can only be set for deprecated versions");
    }
    if warning.len() > 256 {
        tell("must be <= 256 characters long");
    }
    if warning.is_empty() {
        tell("must not be an empty string");
    }
    if let Some(at) = warning.find(|c: char| c.is_control()) {
        tell(&format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {at}"
        ));
    }
}

fn scale(version: &Value, base: &str, errors: &mut Vec<FieldError>) {
    let Some(scale) = version.at(["subresources", "scale"]) else { return };
    for (member, roots, words, required) in [
        ("specReplicasPath", &[".spec."][..], "should be a json path under .spec", true),
        ("statusReplicasPath", &[".status."], "should be a json path under .status", true),
        (
            "labelSelectorPath",
            &[".spec.", ".status."],
            "should be a json path under either .spec or .status",
            false,
        ),
    ] {
        let path = format!("{base}.subresources.scale.{member}");
        let given = text(scale, member);
        if given.is_empty() {
            if required {
                errors.push(FieldError::required(path, ""));
            }
        } else if !given.starts_with('.') {
            let detail = "must be a simple json path starting with .";
            errors.push(FieldError::invalid(path, given, detail));
        } else if !roots.iter().any(|r| given.starts_with(r)) {
            errors.push(FieldError::invalid(path, given, words));
        }
    }
}

fn columns(version: &Value, base: &str, errors: &mut Vec<FieldError>) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 9] =
        ["byte", "date", "date-time", "double", "float", "int32", "int64", "password", ""];
    for (index, column) in list(version.get("additionalPrinterColumns")).iter().enumerate() {
        let place = |member: &str| format!("{base}.additionalPrinterColumns[{index}].{member}");
        if text(column, "name").is_empty() {
            errors.push(FieldError::required(place("name"), ""));
        }
        let one_of = format!("must be one of {}", TYPES.join(","));
        match text(column, "type") {
            "" => errors.push(FieldError::required(place("type"), one_of)),
            known if TYPES.contains(&known) => {}
            other => errors.push(FieldError::invalid(place("type"), other, one_of)),
        }
        let format = text(column, "format");
        if !FORMATS.contains(&format) {
            let detail = format!("must be one of {}", FORMATS[..8].join(","));
            errors.push(FieldError::invalid(place("format"), format, detail));
        }
        match text(column, "jsonPath") {
            "" => errors.push(FieldError::required(place("JSONPath"), "")),
            path if !path.starts_with('.') => {
                let detail = "must be a simple json path starting with .";
                errors.push(FieldError::invalid(place("JSONPath"), path, detail));
            }
            _ => {}
        }
    }
}

fn conversion(spec: &Value, errors: &mut Vec<FieldError>) {
    let Some(conversion) = spec.get("conversion") else { return };
    let webhook = conversion.get("webhook").filter(|w| !w.is_null());
    let client = webhook.and_then(|w| w.get("clientConfig")).filter(|c| !c.is_null());
    match text(conversion, "strategy") {
        "" => errors.push(FieldError::required("spec.conversion.strategy", "")),
        "None" if client.is_some() => {
            let detail = "should not be set when strategy is not set to Webhook";
            errors.push(FieldError::forbidden("spec.conversion.webhookClientConfig", detail));
        }
        "None" => {}
        "Webhook" => match client {
            None => {
                let detail = "required when strategy is set to Webhook";
                errors.push(FieldError::required("spec.conversion.webhookClientConfig", detail));
            }
            Some(client) if client.get("url").is_some() == client.get("service").is_some() => {
                let detail = "exactly one of url or service is required";
                errors.push(FieldError::required("spec.conversion.webhookClientConfig", detail));
            }
            Some(_) => {
                let versions = webhook.and_then(|w| w.get("conversionReviewVersions"));
                if list(versions).is_empty() {
                    let path = "spec.conversion.conversionReviewVersions";
                    errors.push(FieldError::required(path, ""));
                }
            }
        },
        other => {
            let known = ["None", "Webhook"];
            errors.push(FieldError::not_supported("spec.conversion.strategy", other, known));
        }
    }
}

/// Groups of the Kubernetes project itself need an approval by name.
fn approval(crd: &Value, group: &str, errors: &mut Vec<FieldError>) {
    const KEY: &str = "api-approved.kubernetes.io";
    let protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.ends_with(&format!(".{domain}")));
    if !protected {
        return;
    }
    let path = format!("metadata.annotations[{KEY}]");
    match crd.annotation(KEY).unwrap_or_default() {
        "" => {
            let detail = format!(
                "protected groups must have approval annotation \"{KEY}\", see https://github.com/kubernetes/enhancements/pull/1111"
            );
            errors.push(FieldError::required(path, detail));
        }
        text if text.starts_with("unapproved") => {}
        text if text.starts_with("http://") || text.starts_with("https://") => {}
        text => {
            let detail = format!(
                "protected groups must have approval annotation \"{KEY}\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111"
            );
            errors.push(FieldError::invalid(path, text, detail));
        }
    }
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}
