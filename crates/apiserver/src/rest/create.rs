//! `POST`.

use super::error::{ApiError, Cause};
use super::update::Owners;
use super::{Answer, Api, Call, Target, metadata, ownership, shape};
use crate::admission::{self, Operation};
use crate::convert;
use crate::kinds;
use crate::store::{Change, Key, Precondition, ResourceId, StoreError};
use object::{Manifest, Value};

/// How often a generated name that is taken is replaced by another.
const GENERATED_TRIES: usize = 8;

impl Api {
    /// Creates an object in the target's collection.
    ///
    /// # Errors
    /// As the API server refuses it.
    pub async fn create(
        &self,
        call: &mut Call,
        target: &Target,
        mut value: Value,
    ) -> Result<Answer, ApiError> {
        check_type(target, &value)?;
        place(target, &mut value)?;
        shape::complete(call, &target.served, &mut value)?;
        self.create_as(call, target, Owners::Record, value).await
    }

    pub(super) async fn create_as(
        &self,
        call: &mut Call,
        target: &Target,
        owners: Owners,
        value: Value,
    ) -> Result<Answer, ApiError> {
        let generated = value.name().is_empty();
        let mut tries = if generated { GENERATED_TRIES } else { 1 };
        loop {
            let result = self.create_once(call, target, owners, value.clone()).await;
            tries -= 1;
            match result {
                Err(e) if e.reason == "AlreadyExists" && tries > 0 => {}
                result => return result,
            }
        }
    }

    async fn create_once(
        &self,
        call: &mut Call,
        target: &Target,
        owners: Owners,
        mut value: Value,
    ) -> Result<Answer, ApiError> {
        // Before anything is filled in: what the server adds belongs to nobody.
        if owners == Owners::Record {
            value = ownership::update(self, call, target, None, value);
        }
        self.check_namespace(target, value.name())?;
        admission::mutate(self, call, target, Operation::Create, &mut value, None).await?;
        crate::access::prepare_signing_request(call, target, &mut value)?;
        crate::access::check_escalation(self, call.who.as_deref(), target, None, &value)?;
        metadata::before_create(self, target, &mut value)?;
        let reserved = kinds::before_create(self, call, target, &mut value)?;
        if target.served.custom.is_none() {
            // What was set anew gets the zeros that Go writes.
            schema::native::encode(&target.served.schema, &mut value);
        }
        let mut faults = schema::names::metadata(&target.served.kind, &value);
        faults.extend(shape::faults(target, &value, None));
        shape::refuse(target, &value, faults)?;
        admission::validate(self, call, target, Operation::Create, Some(&value), None).await?;
        let value = convert::to_storage(&target.served, value)?;
        if call.dry_run {
            let key = Key::new(&target.served.id, &target.namespace, value.name());
            return match self.store().newest(&key) {
                Some(_) => Err(ApiError::exists(&target.served, value.name())),
                None => Ok(Answer::Value(value)),
            };
        }
        let key = Key::new(&target.served.id, &target.namespace, value.name());
        let name = value.name().to_owned();
        let written = self.store().write(&key, Precondition::Absent, Change::Put(value)).await;
        match written {
            Ok(stored) => {
                reserved.keep();
                let one = Target { name, ..target.clone() };
                kinds::after_write(self, &one);
                Ok(Answer::Stored(stored))
            }
            // The real server says so when the one in the way is on its way out.
            Err(StoreError::Exists(other)) if other.deleting => {
                let mut error = ApiError::exists(&target.served, &name);
                error.message = format!("object is being deleted: {}", error.message);
                Err(error)
            }
            Err(e) => Err(ApiError::from_store(&e, &target.served, &name)),
        }
    }

    /// A namespaced object needs a namespace that is there to stay.
    pub(super) fn check_namespace(&self, target: &Target, name: &str) -> Result<(), ApiError> {
        if !target.served.kind.namespaced {
            return Ok(());
        }
        let namespace = &target.namespace;
        let namespaces = ResourceId::new("", "namespaces");
        let Some(stored) = self.store().newest(&Key::new(&namespaces, "", namespace)) else {
            let snapshot = self.registry().snapshot();
            let served = snapshot.stored(&namespaces).ok_or_else(ApiError::no_resource)?;
            return Err(ApiError::not_found(served, namespace));
        };
        if !stored.deleting {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        Err(ApiError::forbidden(&target.served, name, &why).because(Cause::new(
            "NamespaceTerminating",
            format!("namespace {namespace} is being terminated"),
            "metadata.namespace",
        )))
    }
}

/// The body must be of the URL's kind.
pub(super) fn check_type(target: &Target, value: &Value) -> Result<(), ApiError> {
    let kind = &target.served.kind;
    if value.as_map().is_none() {
        return Err(ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): it is no JSON object",
            kind.kind
        )));
    }
    let expected = kind.api_version();
    if value.kind().is_empty() {
        return Err(ApiError::bad_request("Object 'Kind' is missing in the request body"));
    }
    if value.kind() != kind.kind {
        return Err(ApiError::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: no kind {:?} is registered for version \
             {:?} in scheme \"pkg/runtime/scheme.go:111\"",
            value.kind(),
            kind.version.as_str(),
            kind.kind,
            value.kind(),
            value.api_version(),
        )));
    }
    if value.api_version() != expected {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({expected})",
            value.api_version()
        )));
    }
    Ok(())
}

/// The body's namespace is the URL's, or nothing.
pub(super) fn place(target: &Target, value: &mut Value) -> Result<(), ApiError> {
    if !target.served.kind.namespaced {
        return Ok(());
    }
    let given = value.namespace();
    if !given.is_empty() && given != target.namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    value.metadata_mut().insert("namespace", target.namespace.as_str());
    Ok(())
}
