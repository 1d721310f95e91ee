//! Who owns which field: what crate `ssa` says to a request.

use super::error::ApiError;
use super::{Api, Call, Target};
use object::{Manifest, Value};

/// Records a plain write in `metadata.managedFields`.
pub(super) fn update(
    api: &Api,
    call: &Call,
    target: &Target,
    old: Option<&Value>,
    new: &mut Value,
) -> Result<(), ApiError> {
    let _ = (api, call, target);
    if let Some(old) = old
        && let Some(fields) = old.at(["metadata", "managedFields"])
    {
        new.metadata_mut().insert("managedFields", fields.clone());
    }
    Ok(())
}

/// The object after a server-side apply to `live`, or to nothing.
pub(super) fn apply(
    api: &Api,
    call: &Call,
    target: &Target,
    live: Option<&Value>,
    config: &Value,
) -> Result<Value, ApiError> {
    let _ = (api, call, target, live, config);
    Err(ApiError::bad_request("server-side apply comes with the next commit"))
}
