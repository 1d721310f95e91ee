//! Mutating and validating webhooks.
//!
//! After `k8s.io/apiserver/pkg/admission/plugin/webhook`. Deliberately absent: AdmissionReview in v1beta1.

use super::call::Webhook;
use super::condition::{self, Conditions, OF_HOOKS};
use super::matching::{Matching, in_version};
use super::request::Request;
use crate::convert;
use crate::registry::Served;
use crate::rest::{Api, ApiError, Call, Cause, Details, complete_silently};
use crate::store::{Stored, View};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use object::{Manifest, Value, map};
use schema::patch::JsonPatch;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One webhook of a configuration.
pub(super) struct Hook {
    name: String,
    matching: Matching,
    conditions: Conditions,
    ignores_failures: bool,
    again: bool,
    timeout: Duration,
    /// May be asked in a dry run.
    dry: bool,
    /// Speaks AdmissionReview v1.
    known: bool,
    webhook: Webhook,
}

/// The webhooks of one kind of configuration.
#[derive(Default)]
pub(super) struct Hooks {
    by_configuration: BTreeMap<String, Vec<Arc<Hook>>>,
    all: Arc<Vec<Arc<Hook>>>,
}

impl Hooks {
    /// Every webhook, in the order of the configurations' names.
    pub(super) fn all(&self) -> Arc<Vec<Arc<Hook>>> {
        self.all.clone()
    }

    fn join(&mut self) {
        self.all = Arc::new(self.by_configuration.values().flatten().cloned().collect());
    }
}

impl View for Hooks {
    fn put(&mut self, object: &Stored) {
        let value = object.value();
        let hooks = value.get("webhooks").and_then(Value::as_list).unwrap_or_default();
        let hooks = hooks.iter().map(|hook| Arc::new(Hook::read(hook))).collect();
        self.by_configuration.insert(object.name().to_owned(), hooks);
        self.join();
    }

    fn remove(&mut self, object: &Stored) {
        self.by_configuration.remove(object.name());
        self.join();
    }
}

impl Hook {
    fn read(hook: &Value) -> Self {
        let text = |key: &str| hook.get(key).and_then(Value::as_str).unwrap_or_default();
        let versions =
            hook.get("admissionReviewVersions").and_then(Value::as_list).unwrap_or_default();
        let seconds = hook.get("timeoutSeconds").and_then(Value::as_int).unwrap_or(10).clamp(1, 30);
        let none = Value::Null;
        Self {
            name: text("name").to_owned(),
            matching: Matching::of_hook(hook),
            conditions: Conditions::read(hook, &OF_HOOKS),
            ignores_failures: text("failurePolicy") == "Ignore",
            again: text("reinvocationPolicy") == "IfNeeded",
            timeout: Duration::from_secs(seconds.unsigned_abs()),
            dry: matches!(text("sideEffects"), "None" | "NoneOnDryRun"),
            known: versions.iter().any(|v| v.as_str() == Some("v1")),
            webhook: Webhook::read(hook.get("clientConfig").unwrap_or(&none)),
        }
    }

    /// The version in which the webhook wants to see the request; `None` when it does not.
    fn concerns(
        &self,
        api: &Api,
        request: &Request<'_>,
        value: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<Option<Arc<Served>>, ApiError> {
        let Some(served) = self.matching.find(api, request, value, old)? else { return Ok(None) };
        if self.conditions.is_empty() {
            return Ok(Some(served));
        }
        let mut scope = condition::scope(request, &served, value, old)?;
        match self.conditions.hold(&mut scope) {
            Ok(true) => Ok(Some(served)),
            Err(fault) if !self.ignores_failures => Err(request.forbidden(&fault)),
            _ => Ok(None),
        }
    }

    /// Asks; the answer's `response`, `None` when a failure is to be ignored.
    async fn ask(
        &self,
        api: &Api,
        request: &Request<'_>,
        served: &Served,
        value: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<Option<Value>, ApiError> {
        if request.dry_run && !self.dry {
            let why = format!("admission webhook {:?} does not support dry run", self.name);
            return Err(ApiError::bad_request(why));
        }
        let mut described = request.describe(served);
        let uid = described.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        let seen =
            |v: Option<&Value>| v.map_or(Ok(Value::Null), |v| in_version(request, served, v));
        described.insert("object", seen(value)?);
        described.insert("oldObject", seen(old)?);
        let review = map! {
            "kind": "AdmissionReview",
            "apiVersion": "admission.k8s.io/v1",
            "request": described,
        };
        let answer = if self.known {
            let answer = self.webhook.post(api, &review.into(), self.timeout).await;
            answer
                .map_err(|why| format!("failed to call webhook: {why}"))
                .and_then(|answer| verified(&answer, &uid))
        } else {
            Err("could not create admission objects: webhook does not accept known AdmissionReview versions (v1)".to_owned())
        };
        match answer {
            Ok(response) => Ok(Some(response)),
            Err(why) if self.ignores_failures => {
                tracing::warn!(webhook = self.name, why, "failed calling webhook, failing open");
                Ok(None)
            }
            Err(why) => {
                Err(ApiError::internal(format!("failed calling webhook {:?}: {why}", self.name)))
            }
        }
    }

    /// Takes warnings and annotations from an answer.
    ///
    /// # Errors
    /// The refusal, when it is one.
    fn note(&self, call: &mut Call, response: &Value) -> Result<(), ApiError> {
        let annotations = response.get("auditAnnotations").and_then(Value::as_map);
        for (key, value) in annotations.into_iter().flat_map(object::Map::iter) {
            call.annotate(format!("{}/{key}", self.name), value.as_str().unwrap_or_default());
        }
        let warnings = response.get("warnings").and_then(Value::as_list).unwrap_or_default();
        warnings.iter().filter_map(Value::as_str).for_each(|text| call.warn(text));
        if response.get("allowed").and_then(Value::as_bool) == Some(true) {
            return Ok(());
        }
        Err(refusal(&self.name, response.get("status").unwrap_or(&Value::Null)))
    }
}

/// The `response` of an answer that is one to this question.
fn verified(answer: &Value, uid: &str) -> Result<Value, String> {
    let invalid = |why: String| Err(format!("received invalid webhook response: {why}"));
    if (answer.api_version(), answer.kind()) != ("admission.k8s.io/v1", "AdmissionReview") {
        return invalid(format!(
            "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {}, Kind={}",
            answer.api_version(),
            answer.kind()
        ));
    }
    let Some(response) = answer.get("response").filter(|r| !r.is_null()) else {
        return invalid("webhook response was absent".to_owned());
    };
    let given = response.get("uid").and_then(Value::as_str).unwrap_or_default();
    if given != uid {
        return invalid(format!("expected response.uid={uid:?}, got {given:?}"));
    }
    Ok(response.clone())
}

/// The reasons of `metav1.Status` that a webhook may give.
const REASONS: [&str; 12] = [
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "AlreadyExists",
    "Conflict",
    "Gone",
    "Invalid",
    "BadRequest",
    "MethodNotAllowed",
    "NotAcceptable",
    "InternalError",
    "TooManyRequests",
];

fn refusal(name: &str, status: &Value) -> ApiError {
    let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_default();
    let code = status.get("code").and_then(Value::as_int).unwrap_or(0).max(400);
    let code = u16::try_from(code).ok().and_then(|c| StatusCode::from_u16(c).ok());
    let by = format!("admission webhook {name:?} denied the request");
    let (message, reason) = (text("message"), text("reason"));
    let message = match (message, reason) {
        ("", "") => format!("{by} without explanation"),
        ("", reason) => format!("{by}: {reason}"),
        (message, _) => format!("{by}: {message}"),
    };
    let causes = status.at(["details", "causes"]).and_then(Value::as_list).unwrap_or_default();
    let cause = |c: &Value| {
        let text = |key: &str| c.get(key).and_then(Value::as_str).unwrap_or_default();
        Cause::new(text("reason"), text("message"), text("field"))
    };
    let details = status.get("details").filter(|d| !d.is_null()).map(|d| {
        let text = |key: &str| d.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Box::new(Details {
            name: text("name"),
            group: text("group"),
            kind: text("kind"),
            uid: text("uid"),
            causes: causes.iter().map(cause).collect(),
            retry_after_seconds: d.get("retryAfterSeconds").and_then(Value::as_int).unwrap_or(0),
        })
    });
    ApiError {
        code: code.unwrap_or(StatusCode::BAD_REQUEST),
        reason: REASONS.into_iter().find(|r| *r == reason).unwrap_or_default(),
        message,
        details,
    }
}

/// Lets every webhook that is concerned change the object, one after another; those that want it are asked again when
/// others changed it after them.
pub(super) async fn mutate(
    api: &Api,
    call: &mut Call,
    request: &Request<'_>,
    hooks: &[Arc<Hook>],
    value: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let mut changed_after = vec![false; hooks.len()];
    let mut asked = vec![false; hooks.len()];
    for round in 0..2 {
        for (at, hook) in hooks.iter().enumerate() {
            if round > 0 && !(hook.again && asked[at] && changed_after[at]) {
                continue;
            }
            let Some(served) = hook.concerns(api, request, Some(value), old)? else { continue };
            asked[at] = true;
            changed_after[at] = false;
            let response = hook.ask(api, request, &served, Some(value), old).await?;
            let Some(response) = response else { continue };
            hook.note(call, &response)?;
            if patch(hook, request, &served, &response, value)? {
                // Of those asked before.
                (0..hooks.len())
                    .filter(|n| *n != at && asked[*n])
                    .for_each(|n| changed_after[n] = true);
            }
        }
    }
    Ok(())
}

/// Applies the patch of an answer; whether the object is another now.
fn patch(
    hook: &Hook,
    request: &Request<'_>,
    served: &Served,
    response: &Value,
    value: &mut Value,
) -> Result<bool, ApiError> {
    let failed =
        |why: String| ApiError::internal(format!("failed calling webhook {:?}: {why}", hook.name));
    let text = |key: &str| response.get(key).and_then(Value::as_str).unwrap_or_default();
    let (given, type_) = (text("patch"), text("patchType"));
    match (given.is_empty(), type_) {
        (true, "") => return Ok(false),
        (true, _) => {
            return Err(failed("received invalid webhook response: webhook returned response.patchType but not response.patch".to_owned()));
        }
        (false, "") => {
            return Err(failed("received invalid webhook response: webhook returned response.patch but not response.patchType".to_owned()));
        }
        (false, "JSONPatch") => {}
        (false, other) => return Err(failed(format!("unsupported patch type {other:?}"))),
    }
    let undecodable =
        |why: String| failed(format!("received undecodable patch in webhook response: {why}"));
    let bytes = STANDARD.decode(given).map_err(|e| undecodable(e.to_string()))?;
    let list = object::from_json(&bytes).map_err(|e| undecodable(e.to_string()))?;
    let patch = JsonPatch::read(&list).map_err(|e| undecodable(e.to_string()))?;
    let mut seen = in_version(request, served, value)?;
    let before = seen.clone();
    patch.apply(&mut seen).map_err(ApiError::internal)?;
    if seen == before {
        return Ok(false);
    }
    complete_silently(served, &mut seen)?;
    let own = &request.target.served;
    *value = convert::from_storage(own, convert::to_storage(served, seen)?)?;
    Ok(true)
}

/// Asks every validating webhook that is concerned, all at once; the first refusal in their order counts.
pub(super) async fn validate(
    api: &Api,
    call: &mut Call,
    request: &Request<'_>,
    hooks: &[Arc<Hook>],
    value: Option<&Value>,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let mut concerned = Vec::new();
    for hook in hooks {
        if let Some(served) = hook.concerns(api, request, value, old)? {
            concerned.push((hook, served));
        }
    }
    let answers = concerned.iter().map(|(hook, served)| hook.ask(api, request, served, value, old));
    let answers = futures::future::join_all(answers).await;
    let mut refused = None;
    for ((hook, _), answer) in concerned.iter().zip(answers) {
        let noted = answer.and_then(|answer| answer.map_or(Ok(()), |a| hook.note(call, &a)));
        if let Err(error) = noted {
            refused.get_or_insert(error);
        }
    }
    refused.map_or(Ok(()), Err)
}
