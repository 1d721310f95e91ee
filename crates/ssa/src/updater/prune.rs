//! What goes when an applier no longer says it: a member or item that it applied last time, does not apply
//! this time, and that nobody else owns.

use super::{ManagedSet, Managers, MergeError, Updater, Versioned};
use crate::set::FieldSet;
use crate::typed::{remove_items, to_field_set, with_named_fields};
use crate::typing::TypeRef;
use compact_str::CompactString;
use object::Map;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The fields of an object, with the named members around them.
fn fields_in(object: &Versioned<'_, '_>, doing: &'static str) -> Result<FieldSet, MergeError> {
    let set = to_field_set(&object.value, object.t).map_err(MergeError::type_error(doing))?;
    Ok(with_named_fields(&set, object.t))
}

impl<'t> Updater<'_, 't> {
    pub(super) fn prune<'v>(
        &self,
        merged: Versioned<'v, 't>,
        managers: &Managers,
        manager: &str,
        last: Option<&ManagedSet>,
    ) -> Result<Versioned<'v, 't>, MergeError> {
        let Some(last) = last.filter(|l| !l.set.is_empty()) else {
            return Ok(merged);
        };
        let now = managers.get(manager);
        // What is left of an empty object is null, oddly; the long way knows.
        let odd = merged.value.as_map().is_none_or(Map::is_empty);
        let one_version = !odd
            && merged.version == last.version
            && managers.values().all(|managed| managed.version == last.version);
        if !one_version {
            return self.prune_removed(merged, managers, now, last);
        }
        // Whoever still applies all it applied before takes nothing away: the usual case.
        if now.is_some_and(|n| is_subset(&last.set, &n.set)) {
            return Ok(merged);
        }
        let last_fields = with_named_fields(&last.set, merged.t);
        if !is_closed(&last_fields) {
            return self.prune_removed(merged, managers, now, last);
        }
        Self::prune_in_one_version(merged, managers, &last_fields)
    }

    /// The long way cut short: with one version, and a set that names every container on the way to its
    /// members, what goes is what it names and nobody owns.
    fn prune_in_one_version<'v>(
        merged: Versioned<'v, 't>,
        managers: &Managers,
        last_fields: &FieldSet,
    ) -> Result<Versioned<'v, 't>, MergeError> {
        let owned = managers.values().fold(FieldSet::new(), |all, m| all.union(&m.set));
        let lost = last_fields.difference(&with_named_fields(&owned, merged.t));
        if lost.is_empty() {
            return Ok(merged);
        }
        let all = fields_in(&merged, "create field set from merged object")?;
        let gone = lost.intersection(&all);
        let left = remove_items(merged.value.as_ref().clone(), &gone, merged.t);
        let pruned =
            Versioned { value: Cow::Owned(left), version: merged.version.clone(), t: merged.t };
        // A struct with nothing left in it that a set could name goes as well.
        let named = fields_in(&pruned, "create field set from pruned object")?;
        let all_gone = all.difference(&named).intersection(last_fields);
        if all_gone == gone {
            return Ok(pruned);
        }
        let left = remove_items(merged.value.into_owned(), &all_gone, merged.t);
        Ok(Versioned { value: Cow::Owned(left), ..pruned })
    }

    pub(super) fn prune_removed<'v>(
        &self,
        merged: Versioned<'v, 't>,
        managers: &Managers,
        now: Option<&ManagedSet>,
        last: &ManagedSet,
    ) -> Result<Versioned<'v, 't>, MergeError> {
        let then = match self.convert(&merged, &last.version, "merged object") {
            Ok(then) => then,
            Err(error) if error.is_missing_version() => return Ok(merged),
            Err(error) => return Err(error),
        };
        let last_fields = with_named_fields(&last.set, then.t);
        let pruned = Versioned {
            value: Cow::Owned(remove_items(then.value.as_ref().clone(), &last_fields, then.t)),
            version: then.version.clone(),
            t: then.t,
        };
        let pruned = self.add_back_owned(&then, pruned, &last.version, managers)?;
        let pruned = match self.convert(&pruned, &last.version, "pruned object") {
            Ok(pruned) => pruned,
            Err(error) if error.is_missing_version() => return Ok(merged),
            Err(error) => return Err(error),
        };
        // Only what this manager had goes; what nobody or an updater had stays.
        let gone = fields_in(&then, "create field set from merged object")?
            .difference(&fields_in(&pruned, "create field set from pruned object")?)
            .intersection(&last_fields);
        let out = Versioned {
            value: Cow::Owned(remove_items(then.value.as_ref().clone(), &gone, then.t)),
            version: then.version.clone(),
            t: then.t,
        };
        let version = now.map_or(&merged.version, |n| &n.version);
        let converted = self.convert(&out, version, "pruned object")?;
        Ok(Versioned {
            value: Cow::Owned(converted.value.into_owned()),
            version: converted.version,
            t: converted.t,
        })
    }

    /// Puts back what some manager owns, version by version: first the one pruned in, because a conversion
    /// may need a field that was pruned.
    fn add_back_owned(
        &self,
        merged: &Versioned<'_, 't>,
        pruned: Versioned<'static, 't>,
        first: &str,
        managers: &Managers,
    ) -> Result<Versioned<'static, 't>, MergeError> {
        let mut owned: BTreeMap<&CompactString, FieldSet> = BTreeMap::new();
        for managed in managers.values() {
            let set = owned.entry(&managed.version).or_default();
            *set = set.union(&managed.set);
        }
        let mut versions: Vec<_> = owned.iter().collect();
        versions.sort_by_key(|(version, _)| version.as_str() != first);
        let mut merged = self.own(merged);
        let mut pruned = pruned;
        for (version, set) in versions {
            merged = match self.convert(&merged, version, "merged object") {
                Ok(converted) => self.own(&converted),
                Err(error) if error.is_missing_version() => continue,
                Err(error) => return Err(error),
            };
            pruned = match self.convert(&pruned, version, "pruned object") {
                Ok(converted) => self.own(&converted),
                Err(error) if error.is_missing_version() => continue,
                Err(error) => return Err(error),
            };
            let all = fields_in(&merged, "create field set from merged object")?;
            let kept = fields_in(&pruned, "create field set from pruned object")?
                .union(&with_named_fields(set, merged.t));
            pruned.value = Cow::Owned(remove_items(
                merged.value.as_ref().clone(),
                &all.difference(&kept),
                merged.t,
            ));
        }
        Ok(pruned)
    }

    fn own(&self, object: &Versioned<'_, 't>) -> Versioned<'static, 't> {
        let t: TypeRef<'t> = object.t;
        Versioned {
            value: Cow::Owned(object.value.as_ref().clone()),
            version: object.version.clone(),
            t,
        }
    }
}

/// Whether every container on the way to a member is a member too.
fn is_closed(set: &FieldSet) -> bool {
    set.nodes.iter().all(|node| node.member && is_closed(&node.children))
}

/// Whether every member of `a` is one of `b`, in one pass and without an allocation.
fn is_subset(a: &FieldSet, b: &FieldSet) -> bool {
    let mut candidates = b.nodes.iter();
    a.nodes.iter().all(|node| {
        candidates.by_ref().find(|c| c.element >= node.element).is_some_and(|c| {
            c.element == node.element
                && (c.member || !node.member)
                && is_subset(&node.children, &c.children)
        })
    })
}
