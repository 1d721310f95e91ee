//! Apply and update with owners: who owns what afterwards, who is in the way, what goes because its last
//! owner no longer wants it.
//!
//! Managers are opaque names here, and versions are converted by whoever knows how ([`Converter`]).
//!
//! Deliberately absent: the form of `metadata.managedFields`, times, and which fields the API server never
//! tracks (`object_write`).

mod conflict;
mod prune;

pub(crate) use conflict::write_conflicts;
pub use conflict::{Conflict, Conflicts};

use crate::path::same_value;
use crate::set::FieldSet;
use crate::typed::{
    Comparison, Duplicates, TypeErrors, compare, merge_valid, reconcile_with_schema, to_field_set,
    validate,
};
use crate::typing::TypeRef;
use compact_str::CompactString;
use object::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one manager owns, in the version it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedSet {
    /// The API version the paths belong to, such as `apps/v1`.
    pub version: CompactString,
    /// Owned by applying, not by updating.
    pub applied: bool,
    /// The fields; shared, so that a set nobody touches costs nothing to keep.
    pub set: Arc<FieldSet>,
}

impl ManagedSet {
    /// What somebody owns by applying or updating.
    pub fn new(version: &str, applied: bool, set: FieldSet) -> Self {
        Self { version: version.into(), applied, set: Arc::new(set) }
    }
}

/// What every manager owns.
pub type Managers = BTreeMap<CompactString, ManagedSet>;

/// Knows the versions of a kind.
pub trait Converter<'t> {
    /// The type of objects of this version.
    ///
    /// # Errors
    /// [`ConvertError::MissingVersion`] when the version does not exist (any more).
    fn type_of(&self, version: &str) -> Result<TypeRef<'t>, ConvertError>;

    /// The object `value` of version `from` in version `to`; the two differ.
    ///
    /// # Errors
    /// [`ConvertError::MissingVersion`] when there is no version `to`, otherwise why it cannot be done.
    fn convert<'v>(
        &self,
        value: &'v Value,
        from: &str,
        to: &str,
    ) -> Result<Cow<'v, Value>, ConvertError>;
}

/// Why a value is not to be had in a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The version does not exist: managers that wrote it are forgotten.
    #[error("no version {0:?}")]
    MissingVersion(String),
    /// The conversion failed.
    #[error("{0}")]
    Failed(String),
}

/// Why nothing was merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Others own what would change.
    #[error("{0}")]
    Conflicts(Conflicts),
    /// A value does not have its type.
    #[error("failed to {doing}")]
    Type {
        /// What was being done, such as `merge config`.
        doing: &'static str,
        /// The faults.
        #[source]
        source: TypeErrors,
    },
    /// A version could not be converted.
    #[error("failed to convert the {what} to version {version:?}")]
    Convert {
        /// Which object.
        what: &'static str,
        /// The version wanted.
        version: String,
        /// The converter's words.
        #[source]
        source: ConvertError,
    },
}

impl MergeError {
    fn type_error(doing: &'static str) -> impl Fn(TypeErrors) -> Self {
        move |source| Self::Type { doing, source }
    }

    fn is_missing_version(&self) -> bool {
        matches!(self, Self::Convert { source: ConvertError::MissingVersion(_), .. })
    }
}

/// Merges and keeps the owners.
pub struct Updater<'c, 't> {
    converter: &'c dyn Converter<'t>,
    ignored: BTreeMap<CompactString, FieldSet>,
}

/// A value in one version, with that version's type.
struct Versioned<'v, 't> {
    value: Cow<'v, Value>,
    version: CompactString,
    t: TypeRef<'t>,
}

/// The differences in one version, and what of them can be a conflict.
#[derive(Clone)]
struct Change {
    comparison: Comparison,
    written: FieldSet,
}

impl Change {
    fn new(comparison: Comparison) -> Self {
        let written = comparison.modified.union(&comparison.added);
        Self { comparison, written }
    }
}

impl<'c, 't> Updater<'c, 't> {
    /// An updater for one kind.
    pub fn new(converter: &'c dyn Converter<'t>) -> Self {
        Self { converter, ignored: BTreeMap::new() }
    }

    /// Fields of a version that nobody owns, with everything below them.
    #[must_use]
    pub fn ignoring(mut self, version: &str, fields: FieldSet) -> Self {
        self.ignored.insert(version.into(), fields);
        self
    }

    /// `manager` wrote `new` in place of `live`, both of `version`: takes what it changed from everybody.
    ///
    /// # Errors
    /// When a value does not have its type, or a version cannot be converted.
    pub fn update(
        &self,
        live: &Value,
        new: &Value,
        version: &str,
        managers: Managers,
        manager: &str,
    ) -> Result<Managers, MergeError> {
        let live = self.at(live, version)?;
        let new = self.at(new, version)?;
        let managers = self.reconcile(&live, managers)?;
        let change = self.change(&live, &new)?;
        let mut managers = self.settle((&live, &new), managers, manager, true, Some(&change))?;
        let had = managers.remove(manager).map(|m| m.set).unwrap_or_default();
        let mut set = had.difference(&change.comparison.removed).union(&change.written);
        if let Some(ignored) = self.ignored.get(version) {
            set.subtract_recursively(ignored);
        }
        if !set.is_empty() {
            managers.insert(manager.into(), ManagedSet::new(version, false, set));
        }
        Ok(managers)
    }

    /// `manager` applies `config`, which must be valid ([`validate`]), to `live`, both of `version`. Gives the new object, or `None` when it is
    /// the live one; the owners can change all the same.
    ///
    /// # Errors
    /// [`MergeError::Conflicts`] unless `force`, when others own what would change; otherwise as
    /// [`Self::update`].
    pub fn apply(
        &self,
        live: &Value,
        config: &Value,
        version: &str,
        managers: Managers,
        manager: &str,
        force: bool,
    ) -> Result<(Option<Value>, Managers), MergeError> {
        let live = self.at(live, version)?;
        let mut managers = self.reconcile(&live, managers)?;
        let merged = merge_valid(&live.value, config, live.t)
            .map_err(MergeError::type_error("merge config"))?;
        let mut set =
            to_field_set(config, live.t).map_err(MergeError::type_error("get field set"))?;
        if let Some(ignored) = self.ignored.get(version) {
            set.subtract_recursively(ignored);
        }
        let applied = ManagedSet::new(version, true, set);
        let last = managers.insert(manager.into(), applied);
        let merged = Versioned { value: Cow::Owned(merged), version: version.into(), t: live.t };
        let new = self.prune(merged, &managers, manager, last.as_ref())?;
        let managers = self.settle((&live, &new), managers, manager, force, None)?;
        let changed = !same_value(&live.value, &new.value);
        Ok((changed.then(|| new.value.into_owned()), managers))
    }

    fn at<'v>(&self, value: &'v Value, version: &str) -> Result<Versioned<'v, 't>, MergeError> {
        let t = self.type_of(version, "object")?;
        Ok(Versioned { value: Cow::Borrowed(value), version: version.into(), t })
    }

    fn type_of(&self, version: &str, what: &'static str) -> Result<TypeRef<'t>, MergeError> {
        self.converter.type_of(version).map_err(|source| MergeError::Convert {
            what,
            version: version.to_owned(),
            source,
        })
    }

    fn convert<'v>(
        &self,
        object: &'v Versioned<'_, 't>,
        version: &str,
        what: &'static str,
    ) -> Result<Versioned<'v, 't>, MergeError> {
        if object.version == version {
            let value = Cow::Borrowed(object.value.as_ref());
            return Ok(Versioned { value, version: version.into(), t: object.t });
        }
        let t = self.type_of(version, what)?;
        let value = self
            .converter
            .convert(&object.value, &object.version, version)
            .map_err(|source| MergeError::Convert { what, version: version.to_owned(), source })?;
        if matches!(value, Cow::Owned(_)) {
            validate(&value, t, Duplicates::Refused)
                .map_err(MergeError::type_error("read the converted object"))?;
        }
        Ok(Versioned { value, version: version.into(), t })
    }

    /// Brings every manager's set up to date with the types of today; drops those of versions that are gone.
    fn reconcile(
        &self,
        live: &Versioned<'_, 't>,
        managers: Managers,
    ) -> Result<Managers, MergeError> {
        let mut out = Managers::new();
        for (name, mut managed) in managers {
            let t = if managed.version == live.version {
                live.t
            } else {
                match self.convert(live, &managed.version, "live object") {
                    Ok(converted) => converted.t,
                    Err(error) if error.is_missing_version() => continue,
                    Err(error) => return Err(error),
                }
            };
            let reconciled = reconcile_with_schema(&managed.set, t)
                .map_err(MergeError::type_error("reconcile field set with schema"))?;
            if let Some(set) = reconciled {
                managed.set = Arc::new(set);
            }
            out.insert(name, managed);
        }
        Ok(out)
    }

    /// What differs between two objects of one version.
    fn change(
        &self,
        old: &Versioned<'_, 't>,
        new: &Versioned<'_, 't>,
    ) -> Result<Change, MergeError> {
        let mut comparison = compare(&old.value, &new.value, old.t)
            .map_err(MergeError::type_error("compare objects"))?;
        if let Some(ignored) = self.ignored.get(&old.version) {
            comparison = comparison.without(ignored);
        }
        Ok(Change::new(comparison))
    }

    /// Compares the objects in every version that others own something in, and takes what changed from
    /// them. `here` is the change in the objects' own version, when it is known.
    fn settle(
        &self,
        (old, new): (&Versioned<'_, 't>, &Versioned<'_, 't>),
        mut managers: Managers,
        manager: &str,
        force: bool,
        here: Option<&Change>,
    ) -> Result<Managers, MergeError> {
        let mut changes: BTreeMap<CompactString, Option<Cow<'_, Change>>> = BTreeMap::new();
        if let Some(here) = here {
            changes.insert(old.version.clone(), Some(Cow::Borrowed(here)));
        }
        for (name, managed) in &managers {
            if name == manager || changes.contains_key(&managed.version) {
                continue;
            }
            let both = self
                .convert(old, &managed.version, "old object")
                .and_then(|o| Ok((o, self.convert(new, &managed.version, "new object")?)));
            let change = match both {
                Ok((old, new)) => Some(Cow::Owned(self.change(&old, &new)?)),
                Err(error) if error.is_missing_version() => None,
                Err(error) => return Err(error),
            };
            changes.insert(managed.version.clone(), change);
        }
        let mut conflicts = Conflicts::default();
        managers.retain(|name, managed| {
            if name == manager {
                return true;
            }
            let Some(Some(change)) = changes.get(&managed.version) else {
                return false;
            };
            take_from(name, managed, change, force, &mut conflicts);
            true
        });
        if !conflicts.0.is_empty() {
            return Err(MergeError::Conflicts(conflicts));
        }
        managers.retain(|_, managed| !managed.set.is_empty());
        Ok(managers)
    }
}

/// Takes from a manager what somebody else changed; without `force` what was written over is a conflict.
fn take_from(
    name: &str,
    managed: &mut ManagedSet,
    change: &Change,
    force: bool,
    conflicts: &mut Conflicts,
) {
    if managed.set.intersects(&change.written) {
        if !force {
            conflicts.add(name, &managed.set.intersection(&change.written));
            return;
        }
        managed.set = Arc::new(managed.set.difference(&change.written));
    }
    if managed.set.intersects(&change.comparison.removed) {
        managed.set = Arc::new(managed.set.difference(&change.comparison.removed));
    }
}

#[cfg(test)]
mod tests;
