//! What may be stored, beyond what its type says: mutating webhooks, then (when the object is complete and valid)
//! policies in CEL, validating webhooks and quotas.
//!
//! `request` is what is asked about, `matching` whom a rule concerns; `policy`, `webhook` and `quota` judge, each over
//! its own view of the store, so that a server without any pays for a look at a few counters. `account`, `limits` and
//! `pod` complete Pods before the webhooks see them.
//!
//! Deliberately absent: mutating policies, Pod security levels.

mod account;
pub(crate) mod call;
mod condition;
mod limits;
mod matching;
mod pod;
mod policy;
mod quota;
mod request;
mod webhook;

pub(crate) use quota::{Hold, is_counted, is_uncounted, recount};
pub(crate) use request::{Operation, Request};

use crate::rest::{Api, ApiError, Call, Target};
use crate::store::{Mirror, ResourceId, Store};
use object::Value;
use std::sync::Arc;

/// The group of what is configured here.
const GROUP: &str = "admissionregistration.k8s.io";

/// The views of one server.
pub struct Admission {
    policies: Mirror<policy::Policies>,
    mutating: Mirror<webhook::Hooks>,
    validating: Mirror<webhook::Hooks>,
    quotas: Mirror<quota::Quotas>,
    limits: Mirror<limits::Limits>,
    priorities: Mirror<pod::Priorities>,
    pending: quota::Pending,
}

impl Admission {
    /// Over what is configured in `store`.
    pub fn new(store: &Store) -> Self {
        let of = |plural: &str| ResourceId::new(GROUP, plural);
        let policies =
            vec![of("validatingadmissionpolicies"), of("validatingadmissionpolicybindings")];
        Self {
            policies: Mirror::new(store, policies),
            mutating: Mirror::new(store, vec![of("mutatingwebhookconfigurations")]),
            validating: Mirror::new(store, vec![of("validatingwebhookconfigurations")]),
            quotas: Mirror::new(store, vec![ResourceId::new("", "resourcequotas")]),
            limits: Mirror::new(store, vec![ResourceId::new("", "limitranges")]),
            priorities: Mirror::new(
                store,
                vec![ResourceId::new("scheduling.k8s.io", "priorityclasses")],
            ),
            pending: quota::Pending::default(),
        }
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Admission")
    }
}

/// Whether nothing judges an object: what judges must itself always be changeable.
fn is_exempt(target: &Target) -> bool {
    target.served.kind.group == GROUP
}

/// What is wrong with what is configured here, beyond its type.
pub(crate) fn faults(target: &Target, value: &Value) -> Vec<schema::FieldError> {
    if target.served.kind.kind == "ValidatingAdmissionPolicy" && is_exempt(target) {
        return policy::faults(value);
    }
    Vec::new()
}

/// Completes a new or changed object before it is checked.
///
/// # Errors
/// As a webhook refuses it, or when one that must be asked cannot be.
pub(crate) async fn mutate(
    api: &Api,
    call: &mut Call,
    target: &Target,
    operation: Operation,
    value: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    if operation == Operation::Create
        && target.subresource.is_empty()
        && target.served.custom.is_none()
    {
        match target.served.kind.kind.as_str() {
            "Pod" => {
                account::admit(api, target, value).await?;
                limits::admit(api, target, value)?;
                pod::admit(api, target, value)?;
            }
            "PersistentVolumeClaim" => limits::admit(api, target, value)?,
            _ => {}
        }
    }
    if is_exempt(target) {
        return Ok(());
    }
    let hooks = api.admission().mutating.read().all();
    if hooks.is_empty() {
        return Ok(());
    }
    let request = Request::new(call, target, operation, Some(&*value), old);
    webhook::mutate(api, call, &request, &hooks, value, old).await
}

/// Judges what is about to be stored, or to go.
///
/// # Errors
/// As a policy, a webhook or a quota refuses it.
pub(crate) async fn validate(
    api: &Api,
    call: &mut Call,
    target: &Target,
    operation: Operation,
    value: Option<&Value>,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    if !is_exempt(target) {
        let policies = api.admission().policies.read().all();
        let hooks = api.admission().validating.read().all();
        // There is nothing to change in what goes: the mutating ones are asked as the others are.
        let mutating = match operation {
            Operation::Delete => api.admission().mutating.read().all(),
            _ => Arc::default(),
        };
        if !policies.is_empty() || !hooks.is_empty() || !mutating.is_empty() {
            let request = Request::new(call, target, operation, value.or(old), old);
            if !mutating.is_empty() {
                webhook::validate(api, call, &request, &mutating, value, old).await?;
            }
            policy::validate(api, call, &request, &policies, value, old)?;
            webhook::validate(api, call, &request, &hooks, value, old).await?;
        }
    }
    match value {
        Some(value) if operation != Operation::Delete && target.subresource.is_empty() => {
            quota::admit(api, call, target, value, old).await
        }
        _ => Ok(()),
    }
}
