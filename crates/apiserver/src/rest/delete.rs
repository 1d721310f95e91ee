//! `DELETE` of one object.

use super::error::{self, ApiError, Cause};
use super::{Answer, Api, Call, Target};
use crate::admission::{self, Operation};
use crate::convert;
use crate::kinds;
use crate::store::{Change, Precondition, StoreError, Stored};
use object::{Manifest, Value};
use std::sync::Arc;

/// Finalizer of an object whose dependents have to go first.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an object whose dependents are to be set free first.
pub const ORPHAN: &str = "orphan";

/// What becomes of dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They go afterwards.
    Background,
    /// They go first.
    Foreground,
    /// They stay.
    Orphan,
}

/// `meta/v1` `DeleteOptions`.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    /// What becomes of dependents; the kind's own default when not said.
    pub propagation: Option<Propagation>,
    /// Seconds that a Pod has to end.
    pub grace_period_seconds: Option<i64>,
    /// The uid that the object must have.
    pub uid: Option<String>,
    /// The resourceVersion that the object must have.
    pub resource_version: Option<String>,
}

impl DeleteOptions {
    /// Deletion with a propagation policy.
    pub fn propagating(propagation: Propagation) -> Self {
        Self { propagation: Some(propagation), ..Self::default() }
    }

    /// At once: what the one who runs a Pod says when it has ended.
    pub fn immediately() -> Self {
        Self { grace_period_seconds: Some(0), ..Self::default() }
    }

    /// Reads a `DeleteOptions` object; absent members leave `self` as it is.
    ///
    /// # Errors
    /// 400 and 422 for values that are none.
    pub fn read(mut self, body: &Value) -> Result<Self, ApiError> {
        if let Some(seconds) = body.get("gracePeriodSeconds").and_then(Value::as_int) {
            self.grace_period_seconds = Some(seconds);
        }
        let orphan = body.get("orphanDependents").and_then(Value::as_bool);
        if let Some(policy) = body.get("propagationPolicy").and_then(Value::as_str) {
            if orphan.is_some() {
                let text = format!(
                    "Invalid value: {policy:?}: orphanDependents and deletionPropagation cannot be \
                     both set"
                );
                let cause = Cause::new("FieldValueInvalid", text, "propagationPolicy");
                return Err(ApiError::invalid_options("DeleteOptions", vec![cause]));
            }
            self.propagation = Some(Self::policy(policy)?);
        } else if let Some(orphan) = orphan {
            self.propagation =
                Some(if orphan { Propagation::Orphan } else { Propagation::Background });
        }
        let precondition =
            |key| body.at(["preconditions", key]).and_then(Value::as_str).map(str::to_owned);
        self.uid = precondition("uid").or(self.uid);
        self.resource_version = precondition("resourceVersion").or(self.resource_version);
        Ok(self)
    }

    /// Reads a `propagationPolicy`.
    ///
    /// # Errors
    /// 422 for an unknown one.
    pub fn policy(text: &str) -> Result<Propagation, ApiError> {
        match text {
            "Background" => Ok(Propagation::Background),
            "Foreground" => Ok(Propagation::Foreground),
            "Orphan" => Ok(Propagation::Orphan),
            other => {
                let text = format!(
                    "Unsupported value: {other:?}: supported values: \"Foreground\", \
                     \"Background\", \"Orphan\", \"nil\""
                );
                let cause = Cause::new("FieldValueNotSupported", text, "propagationPolicy");
                Err(ApiError::invalid_options("DeleteOptions", vec![cause]))
            }
        }
    }
}

impl Api {
    /// Deletes the target: it goes, or is marked and goes when its finalizers are gone.
    ///
    /// # Errors
    /// As the API server refuses it.
    pub async fn delete(
        &self,
        call: &mut Call,
        target: &Target,
        options: &DeleteOptions,
    ) -> Result<Answer, ApiError> {
        let served = &target.served;
        loop {
            let current = self.store().newest(&target.key());
            let current = current.ok_or_else(|| ApiError::not_found(served, &target.name))?;
            check(target, &current, options)?;
            kinds::before_delete(self, target, &current)?;
            let old = convert::from_storage(served, current.value())?;
            admission::validate(self, call, target, Operation::Delete, None, Some(&old)).await?;
            let Some(change) = self.deletion(call, target, &old, options) else {
                return Ok(Answer::Stored(current));
            };
            if call.dry_run {
                return Ok(answer(target, &change, None));
            }
            let change = match change {
                Change::Put(value) => Change::Put(convert::to_storage(served, value)?),
                Change::Delete(value) => Change::Delete(convert::to_storage(served, value)?),
            };
            let precondition = Precondition::Revision(current.revision);
            match self.store().write(&target.key(), precondition, change.clone()).await {
                Err(StoreError::Conflict(_)) => {}
                Err(e) => return Err(ApiError::from_store(&e, served, &target.name)),
                Ok(stored) => {
                    kinds::after_write(self, target);
                    return Ok(answer(target, &change, Some(stored)));
                }
            }
        }
    }

    /// What the deletion does to the object; `None` when it was marked before.
    fn deletion(
        &self,
        call: &mut Call,
        target: &Target,
        old: &Value,
        options: &DeleteOptions,
    ) -> Option<Change> {
        let mut new = old.clone();
        set_finalizers(call, target, &mut new, options);
        let grace = kinds::grace_period(target, old, options.grace_period_seconds);
        let finalizers = new.at(["metadata", "finalizers"]).and_then(Value::as_list);
        let waits = finalizers.is_some_and(|f| !f.is_empty())
            || grace > 0
            || kinds::holds_back_deletion(target, &new);
        if !waits {
            return Some(Change::Delete(new));
        }
        let period = |v: &Value| v.at(["metadata", "deletionGracePeriodSeconds"])?.as_int();
        if old.meta("deletionTimestamp").is_some() && period(old).is_none_or(|p| p <= grace) {
            return (new != *old).then_some(Change::Put(new));
        }
        let at = self.clock().now() + jiff::SignedDuration::from_secs(grace);
        let generation = new.at(["metadata", "generation"]).and_then(Value::as_int);
        let metadata = new.metadata_mut();
        metadata.insert("deletionTimestamp", crate::clock::seconds(at));
        metadata.insert("deletionGracePeriodSeconds", grace);
        if let Some(generation) = generation.filter(|g| *g > 0) {
            metadata.insert("generation", generation + 1);
        }
        kinds::mark_deleted(self, target, &mut new);
        Some(Change::Put(new))
    }
}

fn check(target: &Target, current: &Arc<Stored>, options: &DeleteOptions) -> Result<(), ApiError> {
    let conflict = |why: String| {
        let mut error = ApiError::conflict(&target.served, &target.name, &why);
        let kind = target.served.group_kind();
        error.message = format!("Operation cannot be fulfilled on {kind} {:?}: {why}", target.name);
        if let Some(details) = &mut error.details {
            // The real server names the kind here, not the resource.
            details.kind = target.served.kind.kind.to_string();
        }
        Err(error)
    };
    if let Some(uid) = &options.uid
        && *uid != current.uid
    {
        return conflict(format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object \
             might have been deleted and then recreated",
            current.uid
        ));
    }
    if let Some(version) = &options.resource_version
        && version.parse() != Ok(current.revision)
    {
        return conflict(format!(
            "the ResourceVersion in the precondition ({version}) does not match the \
             ResourceVersion in record ({}). The object might have been modified",
            current.revision
        ));
    }
    Ok(())
}

/// Adds or removes the finalizers by which the garbage collector knows what to do.
fn set_finalizers(call: &mut Call, target: &Target, value: &mut Value, options: &DeleteOptions) {
    let list = value.at(["metadata", "finalizers"]).and_then(Value::as_list);
    let mut finalizers: Vec<Value> = list.unwrap_or_default().to_vec();
    let has = |f: &[Value], name: &str| f.iter().any(|v| v.as_str() == Some(name));
    let policy = options.propagation.unwrap_or_else(|| {
        if has(&finalizers, ORPHAN) {
            Propagation::Orphan
        } else if has(&finalizers, FOREGROUND) {
            Propagation::Foreground
        } else if kinds::orphans_by_default(target) {
            call.warn(
                "child pods are preserved by default when jobs are deleted; set \
                 propagationPolicy=Background to remove them or set propagationPolicy=Orphan to \
                 suppress this warning",
            );
            Propagation::Orphan
        } else {
            Propagation::Background
        }
    });
    finalizers.retain(|f| !matches!(f.as_str(), Some(FOREGROUND | ORPHAN)));
    match policy {
        Propagation::Background => {}
        Propagation::Foreground => finalizers.push(FOREGROUND.into()),
        Propagation::Orphan => finalizers.push(ORPHAN.into()),
    }
    if let Some(own) = kinds::deletion_finalizer(target)
        && value.meta("deletionTimestamp").is_none()
        && !has(&finalizers, own)
    {
        finalizers.push(own.into());
    }
    if finalizers.is_empty() {
        value.metadata_mut().remove("finalizers");
    } else {
        value.metadata_mut().insert("finalizers", finalizers);
    }
}

fn answer(target: &Target, change: &Change, stored: Option<Arc<Stored>>) -> Answer {
    match (change, stored) {
        (Change::Put(_), Some(stored)) => Answer::Stored(stored),
        (Change::Put(value), None) => Answer::Value(value.clone()),
        (Change::Delete(value), stored) => {
            if !kinds::returns_deleted(target) {
                let uid = value.meta("uid").unwrap_or_default();
                return Answer::Value(error::success(&target.served, &target.name, uid));
            }
            stored.map_or_else(|| Answer::Value(value.clone()), Answer::Stored)
        }
    }
}
