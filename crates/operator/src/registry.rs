//! The objects of one kind as the watch last showed them, and the queue of those to work on.

use crate::{Id, Queue, Urgency, requested_at};
use api::{Condition, ObjectMeta, Typed};
use cluster::Resource;
use object::{Manifest, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A kind that the operator works on.
pub(crate) trait Watched:
    Typed + DeserializeOwned + Serialize + Clone + Send + Sync + 'static
{
    fn metadata(&self) -> &ObjectMeta;
    fn conditions(&self) -> &[Condition];

    /// The kind as the API has it.
    fn resource() -> Resource {
        Resource::known(Self::GROUP, Self::VERSION, Self::KIND, Self::PLURAL, true)
    }

    /// `group/version`.
    fn api_version() -> String {
        format!("{}/{}", Self::GROUP, Self::VERSION)
    }
}

macro_rules! watched {
    ($($kind:ty),*) => {$(
        impl Watched for $kind {
            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn conditions(&self) -> &[Condition] {
                &self.status.conditions
            }
        }
    )*};
}
watched!(api::HelmRepository, api::HelmChart, api::OciRepository, api::HelmRelease);

/// The objects of one kind, and which of them are to be worked on.
pub(crate) struct Registry<T> {
    objects: Mutex<HashMap<Id, Arc<T>>>,
    failures: Mutex<HashMap<Id, u32>>,
    pub(crate) queue: Queue<Id>,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self { objects: Mutex::default(), failures: Mutex::default(), queue: Queue::default() }
    }
}

impl<T: Watched> Registry<T> {
    fn objects(&self) -> MutexGuard<'_, HashMap<Id, Arc<T>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object as it was last seen.
    pub(crate) fn get(&self, id: &Id) -> Option<Arc<T>> {
        self.objects().get(id).cloned()
    }

    /// Those that fit.
    pub(crate) fn which(&self, fits: impl Fn(&T) -> bool) -> Vec<Id> {
        self.objects().iter().filter(|(_, o)| fits(o)).map(|(id, _)| id.clone()).collect()
    }

    /// Takes in an object, and puts it in line if more than its status is new. Answers whether its readiness or its
    /// artifact is another.
    pub(crate) fn see(&self, object: &Value) -> bool {
        let new: T = match object::from_value(object) {
            Ok(new) => new,
            Err(error) => {
                tracing::error!(object = %object.key(), %error, "this object cannot be understood");
                return false;
            }
        };
        let id = Id::of(new.metadata());
        let old = self.objects().insert(id.clone(), Arc::new(new.clone()));
        let Some(old) = old else {
            self.queue.add(id, Urgency::Soon);
            return true;
        };
        let (o, n) = (old.metadata(), new.metadata());
        if o.generation != n.generation
            || o.uid != n.uid
            || o.deletion_timestamp != n.deletion_timestamp
            || requested_at(o) != requested_at(n)
        {
            self.queue.add(id, Urgency::Now);
        }
        ready(old.conditions()) != ready(new.conditions())
    }

    /// An object whose status was just written, so that what follows need not wait for the watch to show it. Where the
    /// watch has shown another spec meanwhile, that one stays.
    pub(crate) fn put(&self, object: T) {
        let id = Id::of(object.metadata());
        let mut objects = self.objects();
        let newer = objects.get(&id).is_some_and(|current| {
            let (now, then) = (current.metadata(), object.metadata());
            now.generation != then.generation
                || now.deletion_timestamp != then.deletion_timestamp
                || requested_at(now) != requested_at(then)
        });
        if !newer {
            objects.insert(id, Arc::new(object));
        }
    }

    /// Forgets an object that is gone.
    pub(crate) fn lose(&self, id: &Id) {
        self.queue.forget(id);
        self.objects().remove(id);
        self.forget_failures(id);
    }

    /// Counts a failure, and answers how many there were before in a row.
    pub(crate) fn count_failure(&self, id: &Id) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(id.clone()).or_default();
        *count += 1;
        *count - 1
    }

    /// A success.
    pub(crate) fn forget_failures(&self, id: &Id) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Status, generation and message of Ready.
pub(crate) fn ready(
    conditions: &[Condition],
) -> Option<(api::ConditionStatus, Option<i64>, String)> {
    let ready = conditions.iter().find(|c| c.kind == api::names::condition::READY)?;
    Some((ready.status, ready.observed_generation, ready.message.clone()))
}

/// Whether Ready holds for the object as it is.
pub(crate) fn is_ready<T: Watched>(object: &T) -> bool {
    ready(object.conditions()).is_some_and(|(status, generation, _)| {
        status == api::ConditionStatus::True && generation == Some(object.metadata().generation)
    })
}
