//! The path of one request, for any resource.
//!
//! `route` takes an HTTP request to one of `create`, `update`, `patch`, `delete`, `read`, `watch` or a
//! subresource; `encode` writes the answer in the form the client accepts. What is particular to a
//! built-in kind lives in `kinds`, what a type looks like in crate `schema`, who owns which field in `ssa`.
//!
//! Deliberately absent: sockets (`serve`), who asks and whether they may (`access`), discovery documents.

pub mod body;
mod bulk;
mod create;
mod delete;
mod encode;
pub mod error;
mod metadata;
mod ownership;
mod params;
mod patch;
mod protobuf;
mod read;
pub mod reply;
mod review;
mod route;
mod scale;
mod selector;
mod shape;
mod subresource;
mod target;

mod update;
mod watch;

pub use delete::{DeleteOptions, Propagation};
pub use error::{ApiError, Cause, Details};
pub(crate) use metadata::{name_suffix, new_uid};
pub use params::Params;
pub(crate) use params::percent_decode;
pub use reply::{Reply, ReplyBody};
pub(crate) use route::{Annotations, Asked, respond};
pub use selector::{FieldSelector, LabelSelector, Selector};
pub(crate) use shape::complete_silently;
pub use target::Target;

pub use crate::access::Identity;

use crate::access::{Access, Authority};
use crate::admission::Admission;
use crate::clock::Clock;
use crate::kinds::Addresses;
use crate::registry::{Registry, Served};
use crate::store::{Key, ResourceId, Store, Stored};
use object::{Manifest, Value};
use std::sync::{Arc, OnceLock, Weak};

/// Everything the requests of one server share; clones share it.
#[derive(Clone)]
pub struct Api {
    core: Arc<Core>,
}

/// An [`Api`] that does not keep the server open.
#[derive(Clone)]
pub(crate) struct WeakApi(Weak<Core>);

impl WeakApi {
    /// The API, unless the server is gone.
    pub(crate) fn upgrade(&self) -> Option<Api> {
        self.0.upgrade().map(|core| Api { core })
    }
}

struct Core {
    store: Store,
    registry: Registry,
    clock: Clock,
    addresses: Addresses,
    access: Access,
    authority: OnceLock<Authority>,
    admission: Admission,
}

/// What happens to members that the type does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped silently.
    Ignore,
    /// They are dropped with a warning.
    #[default]
    Warn,
    /// They are refused.
    Strict,
}

/// How a write is wanted, and what is to be said to the client beside its result.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Do everything but write.
    pub dry_run: bool,
    /// The field manager.
    pub manager: String,
    /// What happens to unknown members.
    pub validation: FieldValidation,
    /// A server-side apply takes fields from other managers.
    pub force: bool,
    /// Who asks; `None` for the server's own parts.
    pub who: Option<Arc<Identity>>,
    /// Warnings for the client, each once.
    pub warnings: Vec<String>,
    /// What admission has to say in the audit log.
    pub annotations: Vec<(String, String)>,
    /// What was charged to quotas for this write, until it is over.
    pub(crate) hold: Option<Arc<crate::admission::Hold>>,
}

impl Call {
    /// A write by `manager`.
    pub fn of(manager: &str) -> Self {
        Self { manager: manager.to_owned(), ..Self::default() }
    }

    /// Where unknown members were reported before.
    fn silent() -> Self {
        Self { validation: FieldValidation::Ignore, ..Self::default() }
    }

    pub(crate) fn annotate(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.annotations.push((key.into(), value.into()));
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}

/// An object that is an answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// As it is stored.
    Stored(Arc<Stored>),
    /// Not stored: a dry run, a `Status`, a review, a `Scale`.
    Value(Value),
}

impl Answer {
    /// The object in its storage version.
    pub fn value(&self) -> Value {
        match self {
            Self::Stored(stored) => stored.value(),
            Self::Value(value) => value.clone(),
        }
    }
}

impl Api {
    /// Requests against a store and the resources of a registry.
    pub fn new(store: Store, registry: Registry, clock: Clock) -> Self {
        let addresses = Addresses::new(&store);
        let (access, admission) = (Access::new(&store), Admission::new(&store));
        let authority = OnceLock::new();
        let core = Core { store, registry, clock, addresses, access, authority, admission };
        Self { core: Arc::new(core) }
    }

    pub(crate) fn downgrade(&self) -> WeakApi {
        WeakApi(Arc::downgrade(&self.core))
    }

    /// The objects.
    pub fn store(&self) -> &Store {
        &self.core.store
    }

    /// The resources.
    pub fn registry(&self) -> &Registry {
        &self.core.registry
    }

    /// Who may do what.
    pub fn access(&self) -> &Access {
        &self.core.access
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.core.admission
    }

    /// What tokens and certificates are vouched for with; `None` where nothing is vouched for.
    pub fn authority(&self) -> Option<&Authority> {
        self.core.authority.get()
    }

    /// Says once what tokens and certificates are vouched for with.
    pub(crate) fn trust(&self, authority: Authority) {
        // A second one would make strangers of those who hold tokens of the first.
        let _ = self.core.authority.set(authority);
    }

    /// The time.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.core.addresses
    }

    fn resource(&self, id: &ResourceId) -> Result<Arc<Served>, ApiError> {
        self.registry().snapshot().stored(id).cloned().ok_or_else(ApiError::no_resource)
    }

    /// The target of an object in its storage version.
    ///
    /// # Errors
    /// 404 when the resource is not served.
    pub fn target(&self, key: &Key) -> Result<Target, ApiError> {
        Ok(Target {
            served: self.resource(&key.resource)?,
            namespace: key.namespace().to_owned(),
            name: key.name().to_owned(),
            subresource: String::new(),
            watch: false,
        })
    }

    /// Creates an object of a resource, in its storage version; what the server's own parts use.
    ///
    /// # Errors
    /// As a `POST` would answer.
    pub async fn create_object(
        &self,
        resource: &ResourceId,
        value: Value,
        manager: &str,
    ) -> Result<Arc<Stored>, ApiError> {
        let target = Target {
            served: self.resource(resource)?,
            namespace: value.namespace().to_owned(),
            name: String::new(),
            subresource: String::new(),
            watch: false,
        };
        stored(self.create(&mut Call::of(manager), &target, value).await?)
    }

    /// Reads an object, changes it, writes it back, again while others write in between. `subresource` is
    /// empty or `status`. When `change` leaves the object as it is, nothing is written.
    ///
    /// # Errors
    /// As a `PUT` would answer.
    pub async fn modify_object(
        &self,
        key: &Key,
        subresource: &str,
        manager: &str,
        mut change: impl FnMut(&mut Value) + Send,
    ) -> Result<Answer, ApiError> {
        let mut target = self.target(key)?;
        subresource.clone_into(&mut target.subresource);
        let transform = |current: &Value| {
            let mut value = current.clone();
            change(&mut value);
            Ok(value)
        };
        self.modify(&mut Call::of(manager), &target, transform).await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// As a `DELETE` would answer.
    pub async fn delete_object(
        &self,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<Answer, ApiError> {
        self.delete(&mut Call::default(), &self.target(key)?, options).await
    }
}

fn stored(answer: Answer) -> Result<Arc<Stored>, ApiError> {
    match answer {
        Answer::Stored(stored) => Ok(stored),
        Answer::Value(_) => Err(ApiError::internal("the write left no object")),
    }
}
