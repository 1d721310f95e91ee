//! Writes on whole objects, as the API server's field manager does them: what lands in
//! `metadata.managedFields`, when times move, who is refused.
//!
//! Deliberately absent: defaulting, validation and storage of the result (`apiserver`), and the clock: the
//! time of a write is an argument.

mod entries;
mod last_applied;
mod reset;
mod time;

pub use reset::reset_fields;

use crate::set::FieldSet;
use crate::typed::{Duplicates, TypeErrors, validate};
use crate::typing::TypeRef;
use crate::updater::{Conflicts, ConvertError, Converter, MergeError, Updater, write_conflicts};
use entries::{Entries, EntriesError, Identity};
use object::{Gvk, Manifest, Value};
use std::borrow::Cow;
use std::fmt;

/// Who owns what was there before anybody applied.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
/// Whose applies take client-side applies over.
const KUBECTL: &str = "kubectl";

/// A kind that exists in one version only, or whose other versions nobody wrote.
#[derive(Clone, Debug)]
pub struct OneVersion<'t> {
    api_version: String,
    t: TypeRef<'t>,
}

impl<'t> OneVersion<'t> {
    /// Objects of `api_version` (`apps/v1`) with this type.
    pub fn new(api_version: impl Into<String>, t: TypeRef<'t>) -> Self {
        Self { api_version: api_version.into(), t }
    }
}

impl<'t> Converter<'t> for OneVersion<'t> {
    fn type_of(&self, version: &str) -> Result<TypeRef<'t>, ConvertError> {
        if version == self.api_version {
            Ok(self.t)
        } else {
            Err(ConvertError::MissingVersion(version.to_owned()))
        }
    }

    fn convert<'v>(&self, _: &'v Value, _: &str, to: &str) -> Result<Cow<'v, Value>, ConvertError> {
        Err(ConvertError::MissingVersion(to.to_owned()))
    }
}

/// Why an apply was refused.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Others own what would change (409, reason `Conflict`).
    #[error("{0}")]
    Conflicts(ApplyConflicts),
    /// The request itself is wrong (400).
    #[error("{0}")]
    BadRequest(String),
    /// The applied object does not have its type; the text is the real server's, which answers 500.
    #[error("failed to create typed patch object ({object}): {faults}")]
    Patch {
        /// `namespace/name; group/version, Kind=Kind`.
        object: String,
        /// The faults.
        faults: TypeErrors,
    },
    /// The live object's `managedFields` cannot be read.
    #[error("failed to decode managed fields: {0}")]
    ManagedFields(String),
    /// The objects could not be merged or converted.
    #[error("failed to merge {object}")]
    Merge {
        /// `namespace/name; group/version, Kind=Kind`.
        object: String,
        /// Why.
        #[source]
        source: MergeError,
    },
}

/// The conflicts of a refused apply, as the API server tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyConflicts(pub Vec<ApplyConflict>);

/// One cause of a conflict: `details.causes[]` of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyConflict {
    /// Whose field it is: `"kubectl-edit" using apps/v1`.
    pub manager: String,
    /// The field: `.spec.replicas`.
    pub field: String,
}

impl ApplyConflict {
    /// The cause's message.
    pub fn message(&self) -> String {
        format!("conflict with {}", self.manager)
    }
}

impl ApplyConflicts {
    fn of(conflicts: &Conflicts) -> Self {
        let one = |c: &crate::Conflict| ApplyConflict {
            manager: Identity::print(&c.manager),
            field: c.path.to_string(),
        };
        Self(conflicts.0.iter().map(one).collect())
    }
}

impl fmt::Display for ApplyConflicts {
    /// `Apply failed with 1 conflict: conflict with "x" using apps/v1: .spec.replicas`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "Apply failed with {count} conflict{plural}: ")?;
        let lines = self.0.iter().map(|c| (c.manager.as_str(), c.field.as_str()));
        write_conflicts(f, lines)
    }
}

/// Keeps the owners of the objects of one kind, for requests in one version to one of its endpoints.
pub struct Tracking<'c, 't> {
    updater: Updater<'c, 't>,
    converter: &'c dyn Converter<'t>,
    gvk: Gvk,
    version: String,
    subresource: &'c str,
    nothing: Value,
}

impl<'c, 't> Tracking<'c, 't> {
    /// For requests in the version of `gvk` to the object itself.
    pub fn new(converter: &'c dyn Converter<'t>, gvk: Gvk) -> Self {
        let version = gvk.api_version();
        let updater = Updater::new(converter);
        Self { updater, converter, gvk, version, subresource: "", nothing: Value::Null }
    }

    /// For requests to a subresource, such as `status`.
    #[must_use]
    pub fn through(mut self, subresource: &'c str) -> Self {
        self.subresource = subresource;
        self
    }

    /// What an object that is not there is compared as: for the built-in kinds what Go writes of a type
    /// without values, whose members therefore belong to nobody as long as nothing is in them.
    #[must_use]
    pub fn starting_from(mut self, nothing: Value) -> Self {
        self.nothing = nothing;
        self
    }

    /// Fields that this endpoint resets and therefore never tracks, such as [`reset_fields`] gives, in one
    /// version.
    #[must_use]
    pub fn resetting(mut self, version: &str, fields: FieldSet) -> Self {
        self.updater = self.updater.ignoring(version, fields);
        self
    }

    /// `manager` created, updated or patched: `new` with the owners that follow from it. What cannot be
    /// tracked (a value without its type, a conversion that fails) keeps the owners it had, as upstream
    /// does: a write never fails over that.
    pub fn update(&self, old: Option<&Value>, new: Value, manager: &str, now: &str) -> Value {
        let old = old.unwrap_or(&self.nothing);
        let mut new = new;
        let asked = entries::take(&mut new);
        let kept = || old.at(["metadata", "managedFields"]).cloned();
        let done = match self.entries_for_update(old, asked.as_ref()) {
            Err(EntriesError::NotTracked) => None,
            Err(EntriesError::Broken(_)) => kept(),
            Ok(entries) => match self.track_update(old, &new, entries, manager, now) {
                Ok(entries) => entries.encode(),
                Err(_) => kept(),
            },
        };
        entries::put(&mut new, done);
        new
    }

    /// The entries an update starts from: those it brings itself, or else the live ones.
    fn entries_for_update<'v>(
        &self,
        old: &'v Value,
        asked: Option<&'v Value>,
    ) -> Result<Entries<'v>, EntriesError> {
        let live = || Entries::of(old).unwrap_or_default();
        let entries = if !self.subresource.is_empty() {
            live()
        } else if asked.is_some_and(entries::is_reset) {
            Entries::default()
        } else {
            match asked.map(Entries::decode) {
                Some(Ok(entries)) if !entries.is_empty() => entries,
                _ => live(),
            }
        };
        // An object that exists without owners is not tracked before somebody applies.
        if entries.is_empty() && old.meta("uid").is_some_and(|uid| !uid.is_empty()) {
            return Err(EntriesError::NotTracked);
        }
        Ok(entries)
    }

    fn track_update<'v>(
        &self,
        old: &Value,
        new: &Value,
        mut entries: Entries<'v>,
        manager: &str,
        now: &str,
    ) -> Result<Entries<'v>, MergeError> {
        // The write is tracked under a name of its own first: whether it changed anything decides about
        // the time of the manager's entry.
        const THIS_WRITE: &str = "current-operation";
        let managers = std::mem::take(&mut entries.managers);
        let managers = self.updater.update(old, new, &self.version, managers, THIS_WRITE)?;
        entries.managers = managers;
        if let Some(mut written) = entries.managers.remove(THIS_WRITE) {
            reset::strip_system_fields(&mut written);
            if !written.set.is_empty() {
                let identity = Identity::update(manager, &self.version, self.subresource);
                entries.add(identity, written, now);
            }
        }
        entries.cap_updaters();
        Ok(entries)
    }

    /// `manager` applies `patch`: the merged object with its owners.
    ///
    /// An object without `managedFields` gets an entry for what it is made of first. For the manager
    /// `kubectl`, fields that its last client-side apply set are taken without a conflict, and the
    /// annotation that says so is brought up to date.
    ///
    /// # Errors
    /// [`ApplyError::Conflicts`] unless `force`; [`ApplyError::Patch`] when the patch does not have its
    /// type; the others see there.
    pub fn apply(
        &self,
        live: Option<&Value>,
        patch: &Value,
        manager: &str,
        force: bool,
        now: &str,
    ) -> Result<Value, ApplyError> {
        static NOTHING: Value = Value::Null;
        let live = live.unwrap_or(&NOTHING);
        self.check_patch(patch)?;
        let entries = Entries::of(live).map_err(|e| ApplyError::ManagedFields(e.to_string()))?;
        let entries = self.before_first_apply(live, entries, now)?;
        let mut outcome = self.merge(live, patch, &entries, manager, force);
        if manager == KUBECTL
            && let Err(MergeError::Conflicts(conflicts)) = &outcome
            && let Some(allowed) = last_applied::still_applied(live, self)
        {
            let left = conflicts.0.iter().filter(|c| !allowed.contains(&c.path.0)).cloned();
            let left = Conflicts(left.collect());
            outcome = if left.0.is_empty() {
                self.merge(live, patch, &entries, manager, true)
            } else {
                Err(MergeError::Conflicts(left))
            };
        }
        let (merged, managers) = outcome.map_err(|source| match source {
            MergeError::Conflicts(conflicts) => {
                ApplyError::Conflicts(ApplyConflicts::of(&conflicts))
            }
            source => ApplyError::Merge { object: self.describe(patch), source },
        })?;
        let mut entries = entries;
        entries.managers = managers;
        let identity = Identity::apply(manager, self.subresource);
        let mut out = merged.map(|merged| (merged, now)).unwrap_or_else(|| (live.clone(), ""));
        entries.applied(identity, out.1);
        if manager == KUBECTL {
            last_applied::refresh(&mut out.0, patch);
        }
        entries::put(&mut out.0, entries.encode());
        Ok(out.0)
    }

    fn check_patch(&self, patch: &Value) -> Result<(), ApplyError> {
        let gvk = patch.gvk();
        if gvk != self.gvk {
            let text = format!("invalid object type: {}", go_gvk(&gvk));
            return Err(ApplyError::BadRequest(text));
        }
        if matches!(patch.at(["metadata", "managedFields"]), Some(Value::List(_))) {
            return Err(ApplyError::BadRequest("metadata.managedFields must be nil".into()));
        }
        let t = self.type_here().map_err(|source| self.merge_error(patch, source))?;
        validate(patch, t, Duplicates::Refused)
            .map_err(|faults| ApplyError::Patch { object: self.describe(patch), faults })
    }

    fn type_here(&self) -> Result<TypeRef<'t>, MergeError> {
        self.converter.type_of(&self.version).map_err(|source| MergeError::Convert {
            what: "object",
            version: self.version.clone(),
            source,
        })
    }

    fn merge_error(&self, object: &Value, source: MergeError) -> ApplyError {
        ApplyError::Merge { object: self.describe(object), source }
    }

    /// Gives everything in an object without owners to one.
    fn before_first_apply<'v>(
        &self,
        live: &Value,
        entries: Entries<'v>,
        now: &str,
    ) -> Result<Entries<'v>, ApplyError> {
        if !entries.is_empty() {
            return Ok(entries);
        }
        self.track_update(&self.nothing, live, entries, BEFORE_FIRST_APPLY, now)
            .map_err(|source| self.merge_error(live, source))
    }

    fn merge(
        &self,
        live: &Value,
        patch: &Value,
        entries: &Entries<'_>,
        manager: &str,
        force: bool,
    ) -> Result<(Option<Value>, crate::Managers), MergeError> {
        let key = Identity::apply(manager, self.subresource).key();
        let managers = entries.managers.clone();
        let (merged, mut managers) =
            self.updater.apply(live, patch, &self.version, managers, &key, force)?;
        if let Some(managed) = managers.get_mut(&key) {
            reset::strip_system_fields(managed);
            if managed.set.is_empty() {
                managers.remove(&key);
            }
        }
        Ok((merged, managers))
    }

    /// How messages name an object.
    fn describe(&self, object: &Value) -> String {
        format!("{}/{}; {}", object.namespace(), object.name(), go_gvk(&self.gvk))
    }
}

/// Go's text of a group, version and kind: `apps/v1, Kind=Deployment`, `/v1, Kind=Service`.
fn go_gvk(gvk: &Gvk) -> String {
    format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind)
}

/// Whether a write changed nothing but times in `managedFields`: the API server then keeps the old object,
/// resource version and all.
pub fn same_but_times(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_map(), new.as_map()) else {
        return old == new;
    };
    old.len() == new.len()
        && old.iter().zip(new.iter()).all(|((ok, ov), (nk, nv))| {
            ok == nk && if ok == "metadata" { same_metadata(ov, nv) } else { ov == nv }
        })
}

fn same_metadata(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_map(), new.as_map()) else {
        return old == new;
    };
    let rest = |m: &object::Map| m.len() - usize::from(m.contains_key("managedFields"));
    rest(old) == rest(new)
        && old
            .iter()
            .filter(|(key, _)| *key != "managedFields")
            .all(|(key, value)| new.get(key) == Some(value))
        && entries::same_but_times(old.get("managedFields"), new.get("managedFields"))
}

#[cfg(test)]
mod tests;
