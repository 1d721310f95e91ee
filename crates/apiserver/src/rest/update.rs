//! `PUT`, and the read-modify-write that every other change of an object is too.

use super::create::{check_type, place};
use super::error::ApiError;
use super::{Answer, Api, Call, Target, metadata, ownership, shape, subresource};
use crate::admission::{self, Operation};
use crate::convert;
use crate::kinds;
use crate::store::{Change, Precondition, StoreError, Stored};
use object::{Manifest, Value};

/// How often a change is tried again when others write in between.
const TRIES: usize = 100;

/// Kinds that a `PUT` creates when they are absent.
const CREATED_BY_PUT: [&str; 5] = ["Lease", "Event", "Endpoints", "LimitRange", "ResourceQuota"];

/// How the new object says who owns what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owners {
    /// It is a plain write: compare and record.
    Record,
    /// A server-side apply has settled it.
    Settled,
}

impl Api {
    /// Replaces the target by the body.
    ///
    /// # Errors
    /// As the API server refuses it.
    pub async fn replace(
        &self,
        call: &mut Call,
        target: &Target,
        mut value: Value,
    ) -> Result<(Answer, bool), ApiError> {
        check_type(target, &value)?;
        if value.name().is_empty() && target.served.custom.is_none() {
            value.metadata_mut().insert("name", target.name.as_str());
        }
        if value.name() != target.name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                value.name(),
                target.name
            )));
        }
        place(target, &mut value)?;
        shape::complete(call, &target.served, &mut value)?;
        if self.store().newest(&target.key()).is_none()
            && target.subresource.is_empty()
            && CREATED_BY_PUT.contains(&target.served.kind.kind.as_str())
        {
            return Ok((self.create(call, target, value).await?, true));
        }
        if target.served.custom.is_some()
            && value.meta("resourceVersion").is_none_or(str::is_empty)
            && self.store().newest(&target.key()).is_some()
        {
            return Err(ApiError::invalid_field(
                &target.served,
                value.name(),
                "FieldValueInvalid",
                "metadata.resourceVersion",
                "Invalid value: 0: must be specified for an update",
            ));
        }
        let transform = |old: &Value| {
            same_uid(target, old, &value)?;
            Ok(value.clone())
        };
        let answer = self.modify(call, target, transform).await?;
        Ok((answer, false))
    }

    /// Changes the target by a function of what it is, in the target's version.
    ///
    /// A resourceVersion in the function's result must be the current one.
    pub(super) async fn modify(
        &self,
        call: &mut Call,
        target: &Target,
        transform: impl FnMut(&Value) -> Result<Value, ApiError> + Send,
    ) -> Result<Answer, ApiError> {
        self.modify_as(call, target, Owners::Record, transform).await
    }

    pub(super) async fn modify_as(
        &self,
        call: &mut Call,
        target: &Target,
        owners: Owners,
        mut transform: impl FnMut(&Value) -> Result<Value, ApiError> + Send,
    ) -> Result<Answer, ApiError> {
        let (served, key) = (&target.served, target.key());
        let mut tries = TRIES;
        loop {
            let current = self.store().newest(&key);
            let current = current.ok_or_else(|| ApiError::not_found(served, &target.name))?;
            let old = convert::from_storage(served, current.value())?;
            let wanted = transform(&old)?;
            check_preconditions(target, &current, &wanted)?;
            let Some(new) = self.prepare(call, target, owners, &old, wanted).await? else {
                return Ok(Answer::Stored(current));
            };
            if call.dry_run {
                return Ok(Answer::Value(convert::to_storage(served, new)?));
            }
            let change = put_or_remove(target, new)?;
            let precondition = Precondition::Revision(current.revision);
            match self.store().write(&key, precondition, change).await {
                // A resourceVersion that the client named fails the precondition on the next round.
                Err(StoreError::Conflict(_)) if tries > 0 => tries -= 1,
                Err(e) => return Err(ApiError::from_store(&e, served, &target.name)),
                Ok(stored) => {
                    kinds::after_write(self, target);
                    return Ok(Answer::Stored(stored));
                }
            }
        }
    }

    /// The object to store; `None` when nothing changes.
    async fn prepare(
        &self,
        call: &mut Call,
        target: &Target,
        owners: Owners,
        old: &Value,
        mut new: Value,
    ) -> Result<Option<Value>, ApiError> {
        if owners == Owners::Record {
            new = ownership::update(self, call, target, Some(old), new);
        }
        if !speaks_another_kind(target) {
            admission::mutate(self, call, target, Operation::Update, &mut new, Some(old)).await?;
        }
        crate::access::check_approval(self, call.who.as_deref(), target, old)?;
        crate::access::check_escalation(self, call.who.as_deref(), target, Some(old), &new)?;
        subresource::confine(target, old, &mut new);
        metadata::before_update(target, old, &mut new);
        kinds::before_update(self, call, target, old, &mut new)?;
        if ssa::same_but_times(old, &new) {
            return Ok(None);
        }
        let mut faults = schema::names::metadata_update(&new, old);
        // A real server looks twice: for every kind, and in the kind's own rules.
        faults.extend(faults.clone());
        faults.extend(shape::faults(target, &new, Some(old)));
        shape::refuse(target, &new, faults)?;
        self.judge(call, target, &new, old).await?;
        Ok(Some(new))
    }

    /// Admission of a change, as the kind that its URL speaks.
    async fn judge(
        &self,
        call: &mut Call,
        target: &Target,
        new: &Value,
        old: &Value,
    ) -> Result<(), ApiError> {
        let update = Operation::Update;
        match target.subresource.as_str() {
            "scale" => {
                let (new, old) = (super::scale::of(target, new)?, super::scale::of(target, old)?);
                admission::validate(self, call, target, update, Some(&new), Some(&old)).await
            }
            // Judged as what was posted.
            "binding" => Ok(()),
            _ => admission::validate(self, call, target, update, Some(new), Some(old)).await,
        }
    }
}

/// Whether the URL speaks of another kind of object than the resource's own.
fn speaks_another_kind(target: &Target) -> bool {
    matches!(target.subresource.as_str(), "scale" | "binding")
}

/// The change of a changed object; one that waited only for its finalizers goes.
fn put_or_remove(target: &Target, new: Value) -> Result<Change, ApiError> {
    let finalizers = new.at(["metadata", "finalizers"]).and_then(Value::as_list);
    let waits = finalizers.is_some_and(|f| !f.is_empty())
        || new.at(["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_int) > Some(0)
        || kinds::holds_back_deletion(target, &new);
    let gone = new.meta("deletionTimestamp").is_some() && !waits;
    let value = convert::to_storage(&target.served, new)?;
    Ok(if gone { Change::Delete(value) } else { Change::Put(value) })
}

/// Where a real server keeps the object in etcd; some messages name it.
fn storage_key(target: &Target) -> String {
    let kind = &target.served.kind;
    let resource = match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "services") => "services/specs".to_owned(),
        ("", "endpoints") => "services/endpoints".to_owned(),
        ("", "replicationcontrollers") => "controllers".to_owned(),
        ("", "nodes") => "minions".to_owned(),
        ("networking.k8s.io", "ingresses") => "ingress".to_owned(),
        (group, plural) if target.served.custom.is_some() || group == "apiregistration.k8s.io" => {
            format!("{group}/{plural}")
        }
        ("apiextensions.k8s.io", plural) => format!("apiextensions.k8s.io/{plural}"),
        (_, plural) => plural.to_owned(),
    };
    let namespace = &target.namespace;
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("/registry/{resource}/{namespace}{slash}{}", target.name)
}

/// A whole object that names a uid wants to replace that one. Of a patch it is an attempt to change it.
fn same_uid(target: &Target, old: &Value, new: &Value) -> Result<(), ApiError> {
    let current = old.meta("uid").unwrap_or_default();
    let Some(uid) = new.meta("uid").filter(|uid| !uid.is_empty() && *uid != current) else {
        return Ok(());
    };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {uid}, UID in object meta: {current}",
        storage_key(target),
    );
    Err(ApiError::conflict(&target.served, &target.name, &why))
}

fn check_preconditions(target: &Target, current: &Stored, wanted: &Value) -> Result<(), ApiError> {
    match wanted.meta("resourceVersion").filter(|v| !v.is_empty()) {
        Some(version) if version.parse::<u64>().is_err() => Err(ApiError::invalid_field(
            &target.served,
            &target.name,
            "FieldValueInvalid",
            "metadata.resourceVersion",
            format!(
                "Invalid value: {version:?}: strconv.ParseUint: parsing {version:?}: invalid syntax"
            ),
        )),
        Some(version) if version.parse() != Ok(current.revision) => {
            Err(ApiError::modified(&target.served, &target.name))
        }
        _ => Ok(()),
    }
}
