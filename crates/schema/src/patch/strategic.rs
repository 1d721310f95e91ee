//! Strategic merge patch, as `k8s.io/apimachinery/pkg/util/strategicpatch` applies it on a server.
//!
//! Maps merge, null removes; lists are replaced unless the schema says `merge`: then scalars are united, and
//! objects merged by their merge key. Directives in the patch: `$patch` (replace, delete, merge),
//! `$retainKeys`, `$setElementOrder/list`, `$deleteFromPrimitiveList/list`.
//!
//! Deliberately absent: making patches out of two objects, which clients do.

use super::drop_nulls;
use crate::{PatchRule, Schema};
use object::{Map, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";

/// Why a patch could not be applied; the words are the library's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategicError {
    /// An item of a merged list lacks the member that identifies it.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The item as Go prints it.
        map: String,
        /// The merge key.
        key: String,
    },
    /// A value of another type than the directive needs.
    #[error("expected a {expected}, but received a {found}")]
    BadType {
        /// Go type.
        expected: &'static str,
        /// Go type.
        found: &'static str,
    },
    /// `$patch` says something unknown.
    #[error("unknown patch type: {directive} in map: {map}")]
    BadDirective {
        /// What it says.
        directive: String,
        /// The map it stands in, as Go prints it.
        map: String,
    },
    /// `$retainKeys` is no list, or the patch has members beyond it.
    #[error("invalid patch format of retainKeys")]
    BadRetainKeys,
    /// `$setElementOrder` is no list.
    #[error("invalid patch format of setElementOrder list")]
    BadOrder,
    /// Items of the patch do not stand in the order it gives.
    #[error("The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n")]
    OrderMismatch {
        /// Items as Go prints them.
        patch: String,
        /// Order as Go prints it.
        order: String,
    },
    /// `$patch: merge` in a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeDirectiveInList,
    /// A list that is merged holds items of several types.
    #[error("list element types are not identical: {0}")]
    MixedTypes(String),
    /// A list that is merged holds lists.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// A list of objects is merged and no schema names the key.
    #[error("cannot merge lists without merge key for {0}")]
    MergeKeyUnknown(String),
    /// A list to be ordered has no item at all.
    #[error("no elements in any of the given slices")]
    NoElements,
    /// A member that the schema does not name has a list or map on both sides.
    #[error("unable to find api field in struct {owner} for the json field {field:?}")]
    UnknownField {
        /// Name of the Go struct.
        owner: String,
        /// The member.
        field: String,
    },
}

/// Merges `patch` into `original`, an object of the built-in kind that `schema` describes.
///
/// # Errors
/// When a directive is malformed or an item lacks its merge key; `original` may be half patched then.
pub fn strategic(
    schema: &Schema,
    original: &mut Value,
    patch: Value,
) -> Result<(), StrategicError> {
    let Value::Map(patch) = patch else {
        return Err(bad_type("map[string]interface {}", &patch));
    };
    merge_maps(Some(schema), original.make_map(), patch)
}

fn bad_type(expected: &'static str, value: &Value) -> StrategicError {
    StrategicError::BadType { expected, found: go_type(value) }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

/// A value as Go's `%v` prints it.
fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => crate::error::go_float(*f),
        Value::String(s) => s.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => go_print_map(map),
    }
}

fn go_print_map(map: &Map) -> String {
    let entries: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", go_print(v))).collect();
    format!("map[{}]", entries.join(" "))
}

fn merge_maps(
    schema: Option<&Schema>,
    original: &mut Map,
    mut patch: Map,
) -> Result<(), StrategicError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                *original = patch;
                Ok(())
            }
            Some("delete") => {
                *original = Map::new();
                Ok(())
            }
            _ => {
                let text = go_print(&directive);
                patch.insert(DIRECTIVE, directive);
                Err(StrategicError::BadDirective { directive: text, map: go_print_map(&patch) })
            }
        };
    }
    retain_keys(original, &mut patch)?;
    merge_ordered(schema, original, &mut patch)?;
    for (name, value) in patch {
        merge_member(schema, original, &name, value)?;
    }
    Ok(())
}

fn merge_member(
    schema: Option<&Schema>,
    original: &mut Map,
    name: &str,
    mut value: Value,
) -> Result<(), StrategicError> {
    let (name, deletes) = match name.strip_prefix(DELETE) {
        Some(list) => (list, true),
        None => (name, false),
    };
    if value.is_null() {
        original.remove(name);
        return Ok(());
    }
    match (original.get_mut(name), value) {
        (Some(Value::Map(inner)), Value::Map(patch)) => {
            let (of, rule) = lookup(schema, name)?;
            if rule.is_some_and(|r| r.replace) {
                *inner = patch;
                Ok(())
            } else {
                merge_maps(of, inner, patch)
            }
        }
        (Some(Value::List(items)), Value::List(patch)) => {
            let (of, rule) = lookup(schema, name)?;
            if deletes || rule.is_some_and(|r| r.merge) {
                let key = rule.and_then(|r| r.merge_key.as_deref());
                merge_lists(of.and_then(|s| s.items.as_deref()), items, patch, key, deletes)?;
                Ok(())
            } else {
                *items = patch;
                Ok(())
            }
        }
        (_, _) if deletes => Ok(()),
        (Some(existing), mut scalar)
            if std::mem::discriminant(&*existing) == std::mem::discriminant(&scalar) =>
        {
            remove_directives(&mut scalar);
            *existing = scalar;
            Ok(())
        }
        (_, new) => {
            value = new;
            drop_nulls(&mut value);
            if remove_directives(&mut value) {
                original.insert(name, value);
            } else {
                original.remove(name);
            }
            Ok(())
        }
    }
}

/// A member's schema, and how its list or map is patched.
type Member<'a> = (Option<&'a Schema>, Option<&'a PatchRule>);

/// The schema of a member and how it is patched. Below a map or a type without a schema nothing is known.
fn lookup<'a>(schema: Option<&'a Schema>, name: &str) -> Result<Member<'a>, StrategicError> {
    let Some(schema) = schema else { return Ok((None, None)) };
    match schema.member(name) {
        Some(of) => Ok((Some(of), of.patch.as_deref())),
        None if schema.properties.is_empty() => Ok((None, None)),
        None => {
            let owner = schema.name.as_deref().unwrap_or_default();
            let owner = owner.rsplit_once('.').map_or(owner, |(_, last)| last).to_owned();
            Err(StrategicError::UnknownField { owner, field: name.to_owned() })
        }
    }
}

/// `$retainKeys`: members of the original that are not in it go.
fn retain_keys(original: &mut Map, patch: &mut Map) -> Result<(), StrategicError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let Value::List(keys) = keys else { return Err(StrategicError::BadRetainKeys) };
    let kept = |name: &str| keys.iter().any(|k| k.as_str() == Some(name));
    let beyond = patch.iter().any(|(name, value)| {
        !value.is_null() && !name.starts_with(DELETE) && !name.starts_with(ORDER) && !kept(name)
    });
    if beyond {
        return Err(StrategicError::BadRetainKeys);
    }
    original.retain(|name, _| kept(name));
    Ok(())
}

/// Lists that come with `$setElementOrder`: merged and brought into that order, items it does not name near to
/// where they stood.
fn merge_ordered(
    schema: Option<&Schema>,
    original: &mut Map,
    patch: &mut Map,
) -> Result<(), StrategicError> {
    let orders: Vec<String> =
        patch.keys().filter(|k| k.starts_with("$setElementOrder")).map(str::to_owned).collect();
    for directive in orders {
        let order = match patch.remove(&directive) {
            Some(Value::List(order)) => order,
            Some(other) => return Err(bad_type("[]interface {}", &other)),
            None => continue,
        };
        let Some(name) = directive.strip_prefix(ORDER) else {
            return Err(StrategicError::BadOrder);
        };
        let as_list = |value: Option<Value>| match value {
            None => Ok(None),
            Some(Value::List(items)) => Ok(Some(items)),
            Some(other) => Err(bad_type("[]interface {}", &other)),
        };
        let before = as_list(original.get(name).cloned())?;
        let given = as_list(patch.get(name).cloned())?;
        let (of, rule) = lookup(schema, name)?;
        let key = rule.and_then(|r| r.merge_key.as_deref());
        check_order(given.as_deref().unwrap_or_default(), &order, key)?;
        let items = of.and_then(|s| s.items.as_deref());
        let mut server = before.clone().unwrap_or_default();
        let kinds = element_kind(&[&server, given.as_deref().unwrap_or_default()]);
        let merged = match (before, given) {
            (None, None) => continue,
            (Some(before), None) => before,
            (None, Some(given)) => without_directives(given),
            (Some(before), Some(given)) if rule.is_some_and(|r| r.merge) => {
                let mut merged = before;
                let mut stood = merge_lists(items, &mut merged, given, key, false)?;
                // The library's lists share memory: what it takes for the order on the server is the list
                // with deletions and additions, as long as the list was.
                stood.truncate(server.len());
                server = stood;
                merged
            }
            (Some(_), Some(given)) => given,
        };
        let (named, others) = partition(merged, &order, key)?;
        kinds?;
        original.insert(name, normalize(named, others, &order, &server, key)?);
        patch.remove(name);
    }
    Ok(())
}

/// The items of the patch must be a part of the order, in the order.
fn check_order(patch: &[Value], order: &[Value], key: Option<&str>) -> Result<(), StrategicError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let deletes = |item: &&Value| {
        key.is_some() && item.get(DIRECTIVE).and_then(Value::as_str) == Some("delete")
    };
    let mut waiting = patch.iter().filter(|item| !deletes(item)).peekable();
    let mut ordered = order.iter().peekable();
    while let (Some(item), Some(next)) = (waiting.peek(), ordered.peek()) {
        // Other directives are passed over, but not when the order is used up: the library is that strict.
        if item.get(DIRECTIVE).is_some() {
            waiting.next();
            continue;
        }
        if identity(item, key)? == identity(next, key)? {
            waiting.next();
        }
        ordered.next();
    }
    if waiting.peek().is_some() {
        let patch = go_print(&Value::List(patch.to_vec()));
        let order = go_print(&Value::List(order.to_vec()));
        return Err(StrategicError::OrderMismatch { patch, order });
    }
    Ok(())
}

/// What tells an item from its siblings: the value of its merge key, or itself.
fn identity<'a>(item: &'a Value, key: Option<&str>) -> Result<&'a Value, StrategicError> {
    let Some(key) = key else { return Ok(item) };
    let Value::Map(map) = item else { return Err(bad_type("map[string]interface {}", item)) };
    map.get(key)
        .ok_or_else(|| StrategicError::NoMergeKey { map: go_print_map(map), key: key.to_owned() })
}

/// Whether the items are objects; all must be of one type.
fn element_kind(lists: &[&[Value]]) -> Result<bool, StrategicError> {
    let mut items = lists.iter().flat_map(|l| l.iter());
    let Some(first) = items.next() else { return Err(StrategicError::NoElements) };
    if matches!(first, Value::List(_)) {
        return Err(StrategicError::ListOfLists);
    }
    if items.any(|i| std::mem::discriminant(i) != std::mem::discriminant(first)) {
        let lists: Vec<Value> = lists.iter().map(|l| Value::List(l.to_vec())).collect();
        return Err(StrategicError::MixedTypes(go_print(&Value::List(lists))));
    }
    Ok(matches!(first, Value::Map(_)))
}

/// Merges `patch` into `original`. Returns the list as it stood before items were brought into order.
fn merge_lists(
    of: Option<&Schema>,
    original: &mut Vec<Value>,
    patch: Vec<Value>,
    key: Option<&str>,
    deletes: bool,
) -> Result<Vec<Value>, StrategicError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(Vec::new());
    }
    let before = original.clone();
    if !element_kind(&[original, &patch])? {
        if deletes {
            original.retain(|item| !patch.contains(item));
            return Ok(before);
        }
        let mut merged: Vec<Value> = Vec::with_capacity(original.len() + patch.len());
        for item in original.iter().chain(&patch) {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
        // Scalars have no merge key, whatever the schema says.
        let (named, others) = partition(merged, &patch, None)?;
        *original = normalize(named, others, &patch, original, None)?;
        return Ok(before);
    }
    let Some(key) = key else {
        let name = of.and_then(|s| s.name.as_deref()).unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(_, last)| last).to_owned();
        return Err(StrategicError::MergeKeyUnknown(name));
    };
    let (patch, replaced) = special_items(original, patch, key)?;
    let server = original.clone();
    for item in &patch {
        let wanted = identity(item, Some(key))?.clone();
        // An item without the key matches nothing; one that is no object is refused.
        let mut at = None;
        for (index, existing) in original.iter().enumerate() {
            if existing.get(key) == Some(&wanted) {
                at = Some(index);
                break;
            }
        }
        match (at.map(|i| &mut original[i]), item) {
            (Some(Value::Map(existing)), Value::Map(item)) => {
                merge_maps(of, existing, item.clone())?;
            }
            _ => original.push(item.clone()),
        }
    }
    let stood = if replaced { before } else { original.clone() };
    let (named, others) = partition(std::mem::take(original), &patch, Some(key))?;
    *original = normalize(named, others, &patch, &server, Some(key))?;
    Ok(stood)
}

/// Does what items with `$patch` say; returns the others, and whether they replace the list.
fn special_items(
    original: &mut Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, bool), StrategicError> {
    let mut plain = Vec::with_capacity(patch.len());
    let mut replaces = false;
    for item in patch {
        let Some(directive) = item.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let wanted = identity(&item, Some(key))?;
                original.retain(|existing| existing.get(key) != Some(wanted));
            }
            Some("replace") => replaces = true,
            Some("merge") => return Err(StrategicError::MergeDirectiveInList),
            _ => {
                return Err(StrategicError::BadDirective {
                    directive: go_print(directive),
                    map: go_print(&item),
                });
            }
        }
    }
    if replaces {
        original.clear();
        original.append(&mut plain);
    }
    Ok((plain, replaces))
}

type Parts = (Vec<Value>, Vec<Value>);

/// The items that `by` names, and the others.
fn partition(items: Vec<Value>, by: &[Value], key: Option<&str>) -> Result<Parts, StrategicError> {
    let mut named = Vec::with_capacity(items.len());
    let mut others = Vec::new();
    for item in items {
        let own = identity(&item, key)?;
        let found = match key {
            Some(key) => by.iter().any(|b| b.get(key) == Some(own)),
            None => by.contains(own),
        };
        if found { named.push(item) } else { others.push(item) }
    }
    Ok((named, others))
}

/// Sorts each part by its order, then sets the others in between by where they stood on the server.
fn normalize(
    named: Vec<Value>,
    others: Vec<Value>,
    order: &[Value],
    server: &[Value],
    key: Option<&str>,
) -> Result<Vec<Value>, StrategicError> {
    let named = sort(named, order, key)?;
    let others = sort(others, server, key)?;
    let at = |item: &Value| position(server, item, key);
    let mut out = Vec::with_capacity(named.len() + others.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let from_others = match (others.peek(), named.peek()) {
            (None, None) => return Ok(out),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(named)) => {
                matches!((at(other), at(named)), (Some(o), Some(n)) if o < n)
            }
        };
        out.extend(if from_others { others.next() } else { named.next() });
    }
}

fn position(list: &[Value], item: &Value, key: Option<&str>) -> Option<usize> {
    match key {
        Some(key) => {
            let own = item.get(key);
            list.iter().position(|other| other.get(key) == own)
        }
        None => list.iter().position(|other| other == item),
    }
}

fn sort(
    mut items: Vec<Value>,
    order: &[Value],
    key: Option<&str>,
) -> Result<Vec<Value>, StrategicError> {
    for item in items.iter().chain(order) {
        identity(item, key)?;
    }
    items.sort_by_cached_key(|item| position(order, item, key).unwrap_or(usize::MAX));
    Ok(items)
}

/// Removes maps that carry `$patch`; false when the value itself is one.
fn remove_directives(value: &mut Value) -> bool {
    match value {
        Value::Map(map) => {
            if map.contains_key(DIRECTIVE) {
                return false;
            }
            map.retain(|_, member| remove_directives(member));
        }
        Value::List(items) => items.retain_mut(remove_directives),
        _ => {}
    }
    true
}

fn without_directives(mut items: Vec<Value>) -> Vec<Value> {
    items.retain_mut(remove_directives);
    items
}
