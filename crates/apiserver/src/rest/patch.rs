//! `PATCH`: JSON, merge, strategic merge, apply.

use super::body::{Media, decode};
use super::error::{ApiError, Cause};
use super::update::Owners;
use super::{Answer, Api, Call, FieldValidation, Target, ownership, shape};
use crate::registry::Served;
use object::{Manifest, Value};
use schema::patch::json_patch::MOST_OPERATIONS;
use schema::patch::{JsonPatch, merge_patch};

/// `application/...` of what a patch may be, as the real server lists them.
const TYPES: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

impl Api {
    /// Changes the target as `body` says; whether it was created comes with the answer.
    ///
    /// # Errors
    /// As the API server refuses it.
    pub async fn patch(
        &self,
        call: &mut Call,
        target: &Target,
        media: Option<Media>,
        body: &[u8],
    ) -> Result<(Answer, bool), ApiError> {
        let custom = target.served.custom.is_some();
        let media = match media {
            Some(Media::StrategicPatch) if custom => None,
            media => media,
        };
        match media {
            Some(Media::Apply) => self.apply(call, target, decode(body, Media::Apply)?).await,
            Some(Media::JsonPatch) => {
                let patch = json_patch(&decode(body, Media::Json)?)?;
                self.patch_with(call, target, |old| json_patched(&patch, old)).await
            }
            Some(Media::MergePatch) => {
                let patch = object_patch(body)?;
                self.patch_with(call, target, |old| Ok(merged(old, &patch))).await
            }
            Some(Media::StrategicPatch) => {
                let patch = object_patch(body)?;
                let schema = &target.served.schema;
                self.patch_with(call, target, |old| shape::strategic(schema, old, &patch)).await
            }
            _ => {
                let allowed: Vec<&str> =
                    TYPES.into_iter().filter(|t| !custom || !t.contains("strategic")).collect();
                Err(ApiError::unsupported_media_type(&allowed))
            }
        }
    }

    async fn patch_with(
        &self,
        call: &mut Call,
        target: &Target,
        mut patched: impl FnMut(&Value) -> Result<Value, ApiError> + Send,
    ) -> Result<(Answer, bool), ApiError> {
        let (validation, mut warnings) = (call.validation, Vec::new());
        let served = target.served.clone();
        let name = target.name.clone();
        let transform = |old: &Value| {
            let mut new = patched(old)?;
            if new.name() != name {
                let why = "the name of the object in the patch does not match the name on the URL";
                return Err(ApiError::bad_request(why));
            }
            let mut of_patch = Call { validation, ..Call::default() };
            shape::complete(&mut of_patch, &served, &mut new)
                .map_err(|error| undecodable(error, &served, patched(old).unwrap_or_default()))?;
            warnings = of_patch.warnings;
            Ok(new)
        };
        let answer = self.modify(call, target, transform).await?;
        warnings.into_iter().for_each(|w| call.warn(w));
        Ok((answer, false))
    }

    /// Server-side apply.
    async fn apply(
        &self,
        call: &mut Call,
        target: &Target,
        mut config: Value,
    ) -> Result<(Answer, bool), ApiError> {
        if call.manager.is_empty() {
            return Err(required_manager());
        }
        super::create::check_type(target, &config)?;
        if config.at(["metadata", "managedFields"]).is_some_and(|m| !m.is_null()) {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        if config.name().is_empty() {
            config.metadata_mut().insert("name", target.name.as_str());
        }
        if config.name() != target.name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                config.name(),
                target.name
            )));
        }
        let namespace = config.namespace();
        if !namespace.is_empty() {
            // One that names none is not completed: what it says is what its manager owns.
            super::create::place(target, &mut config)?;
        }
        if call.validation == FieldValidation::Strict {
            // Otherwise the merge refuses what it does not know, in its own words.
            shape::report_unknown(call, &target.served, &config)?;
        }
        loop {
            if self.store().newest(&target.key()).is_none() {
                match self.apply_create(call, target, &config).await {
                    // Somebody was faster: the object is there now.
                    Err(e) if e.reason == "AlreadyExists" => continue,
                    created => return created.map(|answer| (answer, true)),
                }
            }
            let options = call.clone();
            let transform = |old: &Value| {
                let mut new = ownership::apply(self, &options, target, Some(old), &config)?;
                shape::complete(&mut Call::silent(), &target.served, &mut new)?;
                Ok(new)
            };
            let answer = self.modify_as(call, target, Owners::Settled, transform).await;
            match answer {
                // It went in between: apply creates it again.
                Err(e) if e.reason == "NotFound" && target.subresource.is_empty() => {}
                answer => return answer.map(|answer| (answer, false)),
            }
        }
    }

    async fn apply_create(
        &self,
        call: &mut Call,
        target: &Target,
        config: &Value,
    ) -> Result<Answer, ApiError> {
        if !target.subresource.is_empty() {
            return Err(ApiError::not_found(&target.served, &target.name));
        }
        if config.meta("resourceVersion").is_some_and(|v| !v.is_empty()) {
            return Err(ApiError::modified(&target.served, &target.name));
        }
        if let Some(uid) = config.meta("uid").filter(|uid| !uid.is_empty()) {
            let why =
                format!("Precondition failed: UID in precondition: {uid}, UID in object meta: ");
            return Err(ApiError::conflict(&target.served, &target.name, &why));
        }
        let mut value = ownership::apply(self, call, target, None, config)?;
        shape::complete(&mut Call::silent(), &target.served, &mut value)?;
        self.create_as(call, target, Owners::Settled, value).await
    }
}

/// A patch whose outcome does not have its type: 422, where the same object as a body is 400.
fn undecodable(error: ApiError, served: &Served, patched: Value) -> ApiError {
    let (kind, version) = (&served.kind.kind, &served.kind.version);
    let lead = format!("{kind} in version {:?} cannot be handled as a {kind}: ", version.as_str());
    let Some(why) = error.message.strip_prefix(&lead) else { return error };
    let shown = String::from_utf8_lossy(&object::to_json(&patched)).into_owned();
    let text = format!("Invalid value: {}: {why}", schema::go_quote(&shown));
    ApiError::invalid_kind("", "", "", vec![Cause::new("FieldValueInvalid", text, "patch")])
}

/// Reads a JSON patch.
pub(super) fn json_patch(patch: &Value) -> Result<JsonPatch, ApiError> {
    let count = patch.as_list().map_or(0, <[Value]>::len);
    if count > MOST_OPERATIONS {
        let mut error = ApiError::too_large(MOST_OPERATIONS);
        error.message = format!(
            "The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {count}"
        );
        return Err(error);
    }
    if patch.as_list().is_none() {
        let found = if patch.as_map().is_some() { "object" } else { "value" };
        return Err(ApiError::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {found} into Go value of type \
             []handlers.jsonPatchOp"
        )));
    }
    JsonPatch::read(patch).map_err(|e| ApiError::bad_request(e.to_string()))
}

/// Applies a JSON patch.
pub(super) fn json_patched(patch: &JsonPatch, old: &Value) -> Result<Value, ApiError> {
    let mut new = old.clone();
    patch.apply(&mut new).map_err(|_| ApiError::unprocessable())?;
    Ok(new)
}

fn required_manager() -> ApiError {
    let text = "Required value: is required for apply patch";
    ApiError::invalid_options(
        "PatchOptions",
        vec![Cause::new("FieldValueRequired", text, "fieldManager")],
    )
}

fn object_patch(body: &[u8]) -> Result<Value, ApiError> {
    let patch = decode(body, Media::Json)?;
    if patch.as_map().is_none() {
        return Err(ApiError::bad_request("error decoding patch: it is no JSON object"));
    }
    Ok(patch)
}

/// Applies a JSON merge patch.
pub(super) fn merged(old: &Value, patch: &Value) -> Value {
    let mut new = old.clone();
    merge_patch(&mut new, patch.clone());
    new
}
