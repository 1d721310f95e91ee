//! Bringing a field set up to date with a type that changed after the set was written.

use super::error::{Faults, TypeErrors};
use super::{Kind, kind_of, resolve};
use crate::path::PathElement;
use crate::set::{FieldSet, Node};
use crate::typing::TypeRef;

/// The set as it would have been written under `t`, or `None` when that is the set itself.
///
/// Only containers that became atomic make a difference: who owned something in one now owns the whole
/// and nothing in it. A container that became granular is taken as if it always had been.
///
/// # Errors
/// When a type cannot be resolved.
pub fn reconcile_with_schema(
    set: &FieldSet,
    t: TypeRef<'_>,
) -> Result<Option<FieldSet>, TypeErrors> {
    let mut walk = Walk::default();
    let mut faults = Faults::default();
    faults.take(walk.level(Some(set), false, t), String::new);
    let changes = faults.or(walk.atomic)?;
    Ok(changes.map(|changes| set.recursive_difference(&changes).union(&changes)))
}

#[derive(Default)]
struct Walk<'s> {
    path: Vec<&'s PathElement>,
    /// The containers that are atomic now.
    atomic: Option<FieldSet>,
}

impl<'s> Walk<'s> {
    /// `leaf` says that the field is owned itself, and nothing below it.
    fn level(
        &mut self,
        set: Option<&'s FieldSet>,
        leaf: bool,
        t: TypeRef<'_>,
    ) -> Result<(), TypeErrors> {
        let atom = resolve(t)?;
        match kind_of(&atom, t)? {
            Kind::Scalar(_) => Ok(()),
            Kind::List(list) => {
                if !leaf && list.is_atomic() {
                    self.record();
                    return Ok(());
                }
                self.below(set, |_| Some(list.element))
            }
            // Deduced types know neither atomic nor granular.
            Kind::Map(map) if map.is_untyped() => Ok(()),
            Kind::Map(map) => {
                if !leaf && map.is_atomic() {
                    if set.is_some_and(|s| !s.is_empty()) {
                        self.record();
                    }
                    return Ok(());
                }
                self.below(set, |element| {
                    let t = match element {
                        PathElement::Field(name) => map.member(name),
                        _ => map.element,
                    };
                    (!t.is_nothing()).then_some(t)
                })
            }
        }
    }

    fn record(&mut self) {
        let path: Vec<PathElement> = self.path.iter().map(|e| (*e).clone()).collect();
        self.atomic.get_or_insert_default().insert(&path);
    }

    fn below<'t>(
        &mut self,
        set: Option<&'s FieldSet>,
        type_of: impl Fn(&PathElement) -> Option<TypeRef<'t>>,
    ) -> Result<(), TypeErrors> {
        let mut faults = Faults::default();
        for Node { element, member, children } in set.map(|s| s.nodes.iter()).into_iter().flatten()
        {
            let Some(t) = type_of(element) else {
                continue;
            };
            let children = Some(children).filter(|c| !c.is_empty());
            self.path.push(element);
            let done = self.level(children, *member && children.is_none(), t);
            self.path.pop();
            faults.take(done, String::new);
        }
        faults.or(())
    }
}
