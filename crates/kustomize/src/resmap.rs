//! The resources of one kustomization: a list in which no identity stands twice.
//!
//! Source: `api/resmap/reswrangler.go`.

use crate::error::{BuildError, Fault};
use crate::ident::{Id, Matcher, Selector};
use crate::resource::{Behavior, ORIGIN, Resource};
use crate::schema::Schemas;
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(crate) struct ResMap {
    list: Vec<Resource>,
    /// Position by effective identity, while nothing but appending happens.
    index: Option<HashMap<Id, usize>>,
}

impl ResMap {
    pub(crate) fn list(&self) -> &[Resource] {
        &self.list
    }

    /// The resources to change; identities may change with them.
    pub(crate) fn list_mut(&mut self) -> &mut Vec<Resource> {
        self.index = None;
        &mut self.list
    }

    pub(crate) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    fn index(&mut self, schemas: &Schemas) -> &mut HashMap<Id, usize> {
        let list = &self.list;
        self.index.get_or_insert_with(|| {
            list.iter().enumerate().map(|(i, r)| (r.id(schemas).effective(), i)).collect()
        })
    }

    /// Appends one resource.
    ///
    /// # Errors
    /// When its identity is there already.
    pub(crate) fn append(
        &mut self,
        resource: Resource,
        schemas: &Schemas,
    ) -> Result<(), BuildError> {
        let id = resource.id(schemas);
        let at = self.list.len();
        if let Some(&other) = self.index(schemas).get(&id.clone().effective()) {
            return Err(conflict(&id, &resource, &self.list[other]));
        }
        self.index(schemas).insert(id.effective(), at);
        self.list.push(resource);
        Ok(())
    }

    /// Appends many.
    ///
    /// # Errors
    /// As [`ResMap::append`].
    pub(crate) fn append_all(
        &mut self,
        resources: Vec<Resource>,
        schemas: &Schemas,
    ) -> Result<(), BuildError> {
        resources.into_iter().try_for_each(|r| self.append(r, schemas))
    }

    /// Replaces the content by a list.
    ///
    /// # Errors
    /// As [`ResMap::append`].
    pub(crate) fn reset(
        &mut self,
        resources: Vec<Resource>,
        schemas: &Schemas,
    ) -> Result<(), BuildError> {
        *self = Self::default();
        self.append_all(resources, schemas)
    }

    /// Positions of the resources with some identity, current or earlier, that `matches`.
    pub(crate) fn find_any(&self, schemas: &Schemas, matches: impl Fn(&Id) -> bool) -> Vec<usize> {
        (0..self.list.len())
            .filter(|&i| {
                !self.list[i].node.is_empty() && self.list[i].has_any_id(schemas, &matches)
            })
            .collect()
    }

    /// Takes in what a generator made: new, or in place of or merged into what is there.
    ///
    /// # Errors
    /// When the behaviour does not fit what is there.
    pub(crate) fn absorb(
        &mut self,
        mut resource: Resource,
        schemas: &Schemas,
    ) -> Result<(), BuildError> {
        let id = resource.id(schemas);
        let fail = |resource: &Resource, message: String| {
            BuildError::new(Fault::Conflict, message).on(&id).at(&resource.origin, resource.line)
        };
        let found = self.find_any(schemas, |other| id.equals(other));
        match (&found[..], resource.behavior) {
            ([], Behavior::Create) => self.append(resource, schemas),
            ([], _) => {
                let message = "behavior merge or replace, and there is none to merge with or replace; \
                               correct name and namespace, or use behavior: create";
                Err(fail(&resource, message.to_owned()))
            }
            ([_], Behavior::Create) => {
                let message = "exists already; use behavior: merge or replace, or another name";
                Err(fail(&resource, message.to_owned()))
            }
            (&[at], behavior) => {
                self.index = None;
                let old = &self.list[at];
                let origin = old.annotation(ORIGIN).map(str::to_owned);
                resource.merge_metadata_from(old);
                if behavior == Behavior::Merge {
                    resource.merge_data_from(old);
                    if origin.is_some() {
                        resource.set_annotation(ORIGIN, origin.as_deref());
                    }
                    resource.origin = old.origin.clone();
                    resource.line = old.line;
                    resource.transformed = old.transformed.clone();
                }
                self.list[at] = resource;
                Ok(())
            }
            (_, _) => {
                let message = "several objects fit; name the namespace, or rename one of them";
                Err(fail(&resource, message.to_owned()))
            }
        }
    }

    /// Positions of what a selector selects.
    ///
    /// # Errors
    /// When the selector does not read.
    pub(crate) fn select(
        &self,
        selector: &Selector,
        schemas: &Schemas,
    ) -> Result<Vec<usize>, String> {
        let matcher = Matcher::new(selector)?;
        Ok((0..self.list.len())
            .filter(|&i| is_selected(&matcher, &self.list[i], schemas))
            .collect())
    }

    /// Drops what a patch deleted.
    pub(crate) fn drop_empty(&mut self) {
        if self.list.iter().any(|r| r.node.is_empty()) {
            self.list_mut().retain(|r| !r.node.is_empty());
        }
    }
}

fn is_selected(matcher: &Matcher, resource: &Resource, schemas: &Schemas) -> bool {
    let current = resource.id(schemas);
    if !matcher.gvk(&current.gvk) {
        return false;
    }
    let original = resource.previous_ids().next();
    let original = original.as_ref().unwrap_or(&current);
    (matcher.name(&original.name) || matcher.name(&current.name))
        && (matcher.namespace(original.effective_namespace())
            || matcher.namespace(current.effective_namespace()))
        && matches_labels(matcher, resource)
}

/// Whether the label and annotation selectors hold.
pub(crate) fn matches_labels(matcher: &Matcher, resource: &Resource) -> bool {
    (matcher.labels.is_empty() || matcher.labels.matches(|key| resource.label(key)))
        && (matcher.annotations.is_empty()
            || matcher.annotations.matches(|key| resource.annotation(key)))
}

fn conflict(id: &Id, resource: &Resource, other: &Resource) -> BuildError {
    let message = format!(
        "there is one with this identity already, from {}:{}; remove or rename one of the two",
        other.origin, other.line
    );
    BuildError::new(Fault::Conflict, message).on(id).at(&resource.origin, resource.line)
}
