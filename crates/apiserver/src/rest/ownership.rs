//! Who owns which field: what crate `ssa` says to a request.

use super::error::{ApiError, Cause};
use super::{Api, Call, Target};
use crate::convert;
use crate::registry::{Served, Snapshot};
use object::{Gvk, Value};
use ssa::{ApplyError, ConvertError, Converter, Tracking, TypeRef, reset_fields};
use std::borrow::Cow;
use std::error::Error;

/// The versions of one kind.
struct Versions<'s> {
    snapshot: &'s Snapshot,
    served: &'s Served,
}

impl<'s> Versions<'s> {
    fn version(&self, version: &str) -> Result<&'s Served, ConvertError> {
        let own = &self.served.kind;
        if own.api_version() == version {
            return Ok(self.served);
        }
        let gvk = Gvk::from_api_version(version, &own.kind);
        let other = self.snapshot.kind(&gvk).filter(|other| other.id == self.served.id);
        other.map(AsRef::as_ref).ok_or_else(|| ConvertError::MissingVersion(version.to_owned()))
    }
}

impl<'s> Converter<'s> for Versions<'s> {
    fn type_of(&self, version: &str) -> Result<TypeRef<'s>, ConvertError> {
        Ok(TypeRef::object(&self.version(version)?.whole))
    }

    fn convert<'v>(
        &self,
        value: &'v Value,
        from: &str,
        to: &str,
    ) -> Result<Cow<'v, Value>, ConvertError> {
        let (from, to) = (self.version(from)?, self.version(to)?);
        let failed = |e: ApiError| ConvertError::Failed(e.message);
        let stored = convert::to_storage(from, value.clone()).map_err(failed)?;
        Ok(Cow::Owned(convert::from_storage(to, stored).map_err(failed)?))
    }
}

/// Asks with what is known of the target's kind.
fn tracked<R>(api: &Api, target: &Target, ask: impl FnOnce(&Tracking<'_, '_>) -> R) -> R {
    let snapshot = api.registry().snapshot();
    let served = &target.served;
    let versions = Versions { snapshot: &snapshot, served };
    let mut tracking =
        Tracking::new(&versions, served.kind.gvk()).through(target.subresource.as_str());
    if served.custom.is_none() {
        let mut nothing = Value::map();
        schema::native::encode(&served.schema, &mut nothing);
        tracking = tracking.starting_from(nothing);
    }
    let (group, kind) = (served.kind.group.as_str(), served.kind.kind.as_str());
    let same = snapshot.group(group).unwrap_or_default().iter().flat_map(|v| &v.resources);
    for version in same.filter(|other| other.id == served.id) {
        let has_status = version.kind.has_status();
        let fields = reset_fields(group, kind, has_status, &target.subresource);
        tracking = tracking.resetting(&version.kind.api_version(), fields);
    }
    ask(&tracking)
}

/// Records a plain write in `metadata.managedFields`.
pub(super) fn update(
    api: &Api,
    call: &Call,
    target: &Target,
    old: Option<&Value>,
    new: Value,
) -> Value {
    let now = api.clock().now_text();
    tracked(api, target, |tracking| tracking.update(old, new, &call.manager, &now))
}

/// The object after a server-side apply to `live`, or to nothing.
pub(super) fn apply(
    api: &Api,
    call: &Call,
    target: &Target,
    live: Option<&Value>,
    config: &Value,
) -> Result<Value, ApiError> {
    let now = api.clock().now_text();
    let applied = tracked(api, target, |tracking| {
        tracking.apply(live, config, &call.manager, call.force, &now)
    });
    applied.map_err(refusal)
}

fn refusal(error: ApplyError) -> ApiError {
    match error {
        ApplyError::Conflicts(conflicts) => {
            let message = conflicts.to_string();
            let cause = |c: &ssa::ApplyConflict| {
                Cause::new("FieldManagerConflict", c.message(), c.field.as_str())
            };
            ApiError::apply_conflict(message, conflicts.0.iter().map(cause).collect())
        }
        ApplyError::BadRequest(text) => ApiError::bad_request(text),
        error => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text.push_str(": ");
                text.push_str(&cause.to_string());
                source = cause.source();
            }
            ApiError::unclassified(text)
        }
    }
}
