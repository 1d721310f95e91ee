//! The order of the output.

use crate::config::{ORDER_FIRST, ORDER_LAST, rank, sort_text};
use crate::ident::Id;
use crate::kustomization::SortOptions;
use crate::resource::Resource;
use crate::schema::Schemas;
use std::cmp::Ordering;

/// Sorts by `sortOptions`; none is the legacy order.
///
/// # Errors
/// When the options contradict each other.
pub(crate) fn sort(
    list: &mut Vec<Resource>,
    options: Option<&SortOptions>,
    schemas: &Schemas,
) -> Result<(), String> {
    let own: (Vec<String>, Vec<String>);
    let (first, last) = match options {
        None => {
            own = owned(ORDER_FIRST, ORDER_LAST);
            (&own.0, &own.1)
        }
        Some(SortOptions { order, legacy }) => match (order.as_str(), legacy) {
            ("legacy", Some((first, last))) => (first, last),
            ("legacy", None) => {
                own = owned(ORDER_FIRST, ORDER_LAST);
                (&own.0, &own.1)
            }
            ("fifo", None) => return Ok(()),
            ("fifo", Some(_)) => {
                return Err("sortOptions.legacySortOptions is for order: legacy; remove it, or \
                            change the order"
                    .to_owned());
            }
            (other, _) => {
                return Err(format!("sortOptions.order '{other}' should be fifo or legacy"));
            }
        },
    };
    let mut keyed: Vec<(Key, Resource)> = std::mem::take(list)
        .into_iter()
        .map(|resource| (Key::new(resource.id(schemas), first, last), resource))
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    list.extend(keyed.into_iter().map(|(_, resource)| resource));
    Ok(())
}

fn owned(first: &[&str], last: &[&str]) -> (Vec<String>, Vec<String>) {
    let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    (own(first), own(last))
}

struct Key {
    rank: i64,
    id: Id,
    gvk: String,
    name: String,
}

impl Key {
    fn new(id: Id, first: &[String], last: &[String]) -> Self {
        fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
            if text.is_empty() { otherwise } else { text }
        }
        let name = format!("{}|{}|{}", id.gvk, or(&id.namespace, "~X"), or(&id.name, "~N"));
        Self { rank: rank(&id.gvk.kind, first, last), gvk: sort_text(&id.gvk), name, id }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        if self.id.gvk == other.id.gvk {
            return self.name.cmp(&other.name);
        }
        let by_gvk = self.gvk.cmp(&other.gvk);
        let namespaces = self.id.gvk.kind == "Namespace" && other.id.gvk.kind == "Namespace";
        let core = self.id.gvk.group.is_empty() || other.id.gvk.group.is_empty();
        self.rank.cmp(&other.rank).then(if namespaces && core { by_gvk.reverse() } else { by_gvk })
    }
}
