//! The type of an object: what crate `schema` says to a request.

use super::error::{ApiError, Cause};
use super::{Call, FieldValidation, Target};
use crate::registry::Served;
use object::{Manifest, Value};
use schema::{FieldError, FieldErrorKind};

/// Drops what the type does not have, as the call's field validation wants it, and fills in defaults.
pub(super) fn complete(
    call: &mut Call,
    served: &Served,
    value: &mut Value,
) -> Result<(), ApiError> {
    let unknown = if served.custom.is_some() {
        let mut unknown = metadata(value);
        unknown.extend(schema::prune(&served.schema, value));
        schema::default(&served.schema, value);
        unknown
    } else {
        let kind = &served.kind;
        schema::native::admit(&kind.group, &kind.version, &kind.kind, value).map_err(|e| {
            ApiError::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: {e}",
                kind.kind,
                kind.version.as_str(),
                kind.kind
            ))
        })?
    };
    report(call, served, value, unknown.iter().map(|p| format!("unknown field {p:?}")).collect())
}

/// Brings the metadata of a custom resource into the form of those of every object; what they do not have is
/// dropped and named. Metadata of a wrong type are left to validation.
fn metadata(value: &mut Value) -> Vec<String> {
    let Some(of) = schema::builtin::branch("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
    else {
        return Vec::new();
    };
    let Value::Map(object) = value else { return Vec::new() };
    let Some(metadata) = object.get_mut("metadata") else { return Vec::new() };
    let unknown = schema::native::decode(&of, metadata).unwrap_or_default();
    unknown.into_iter().map(|path| format!("metadata.{path}")).collect()
}

/// As [`complete`] for what the server's own parts have made of an object.
pub(crate) fn complete_silently(served: &Served, value: &mut Value) -> Result<(), ApiError> {
    complete(&mut Call::silent(), served, value)
}

/// Refuses or reports members that the type does not have, or that stand twice.
pub(super) fn report(
    call: &mut Call,
    served: &Served,
    value: &Value,
    found: Vec<String>,
) -> Result<(), ApiError> {
    if found.is_empty() {
        return Ok(());
    }
    match call.validation {
        FieldValidation::Ignore => Ok(()),
        FieldValidation::Warn => {
            found.into_iter().for_each(|text| call.warn(text));
            Ok(())
        }
        FieldValidation::Strict => {
            let kind = &served.kind;
            let list = found.join(", ");
            Err(ApiError::bad_request(if served.custom.is_some() {
                format!(
                    "{} in version {:?} cannot be handled as a {}: strict decoding error: {list}",
                    value.kind(),
                    kind.version.as_str(),
                    kind.kind
                )
            } else {
                format!(
                    "{} in version {:?} cannot be handled as a {}: strict decoding error: {list}",
                    kind.kind,
                    kind.version.as_str(),
                    kind.kind
                )
            }))
        }
    }
}

/// As [`complete`] for the configuration of a server-side apply, which is not changed.
pub(super) fn report_unknown(
    call: &mut Call,
    served: &Served,
    value: &Value,
) -> Result<(), ApiError> {
    let mut copy = value.clone();
    let unknown = if served.custom.is_some() {
        schema::prune(&served.schema, &mut copy)
    } else {
        // What has a wrong type is refused with the words of the merge.
        schema::native::decode(&served.schema, &mut copy).unwrap_or_default()
    };
    report(call, served, value, unknown.iter().map(|p| format!("unknown field {p:?}")).collect())
}

/// Applies a strategic merge patch.
pub(super) fn strategic(
    schema: &schema::Schema,
    old: &Value,
    patch: &Value,
) -> Result<Value, ApiError> {
    let mut new = old.clone();
    schema::patch::strategic(schema, &mut new, patch.clone())
        .map_err(|_| ApiError::unprocessable())?;
    Ok(new)
}

/// What is wrong with an object, compared with the one it replaces.
pub(super) fn faults(target: &Target, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let served = &target.served;
    if served.custom.is_none() {
        return builtin_faults(target, new, old);
    }
    let mut faults = match old {
        Some(old) => schema::validate_update(&served.schema, new, old),
        None => schema::validate(&served.schema, new),
    };
    if faults.is_empty()
        && let Some(rules) = &served.rules
    {
        faults = rules.check(new, old);
    }
    faults
}

/// Subresources through which a spec changes in ways that the object itself does not allow.
const OWN_RULES: [&str; 5] = ["status", "binding", "ephemeralcontainers", "resize", "approval"];

fn builtin_faults(target: &Target, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let kind = &target.served.kind;
    let mut faults = Vec::new();
    if kind.kind == "CustomResourceDefinition" {
        faults.extend(crate::kinds::definition_faults(new, old));
    }
    if !OWN_RULES.contains(&target.subresource.as_str()) {
        faults.extend(schema::native::faults(kind, new, old.is_some()));
        faults.extend(crate::admission::faults(target, new));
    }
    match old {
        Some(old) if !OWN_RULES.contains(&target.subresource.as_str()) => {
            faults.extend(schema::immutable(kind, new, old));
        }
        Some(_) => {}
        None => {
            // Of what the documents say only this is certain to be refused by Kubernetes' code too.
            let certain = |f: &FieldError| {
                matches!(f.kind, FieldErrorKind::Required | FieldErrorKind::NotSupported)
                    && !f.path.starts_with("status")
            };
            let all = schema::validate(&target.served.schema, new);
            let told: Vec<String> = faults.iter().map(|f| f.path.clone()).collect();
            let news = |f: &FieldError| certain(f) && !told.contains(&f.path);
            faults.extend(all.into_iter().filter(news));
        }
    }
    faults
}

/// 422 when there are faults.
pub(super) fn refuse(
    target: &Target,
    value: &Value,
    faults: Vec<FieldError>,
) -> Result<(), ApiError> {
    if faults.is_empty() {
        return Ok(());
    }
    let causes = faults.iter().map(cause).collect();
    Err(ApiError::invalid(&target.served, value.name(), causes))
}

/// A fault as a cause of a `Status`.
pub(super) fn cause(fault: &FieldError) -> Cause {
    Cause::new(fault.kind.reason(), fault.body(), fault.path.clone())
}
