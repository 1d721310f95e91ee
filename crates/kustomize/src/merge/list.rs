//! Lists that merge by the keys of their items, or as texts.
//!
//! Source: `kyaml/yaml/walk/associative_sequence.go` and `ElementSetter` in `kyaml/yaml/fns.go`.

use super::{Directive, Merger, Outcome, parse_directive};
use crate::node::{Kind, List, Node, Tag};
use crate::schema::Schema;
use std::collections::{HashMap, HashSet};

/// How many items may be merged by key: the work grows with the square, in kustomize as here.
const MERGED: usize = 5000;

impl Merger<'_> {
    pub(super) fn merging_list(
        &self,
        target: Option<&mut Node>,
        mut patch: Option<Node>,
        keys: Vec<String>,
        items: Option<Schema>,
        depth: usize,
    ) -> Result<Outcome, String> {
        if patch.as_ref().is_some_and(Node::is_null) && !target.as_ref().is_none_or(|t| t.is_null())
        {
            return Ok(Outcome::Gone);
        }
        let (target, patch) = match (target, patch.take()) {
            (Some(Node::List(target)), Some(Node::List(mut patch))) => {
                let before = patch.items.len();
                let directive = list_directive(&mut patch)?;
                if patch.items.len() < before {
                    // As in a map: the target may be the patch.
                    let _ = list_directive(target);
                }
                match directive {
                    Directive::Delete => return Ok(Outcome::Gone),
                    Directive::Merge => (target, Some(patch)),
                    Directive::Replace => {
                        let mut list = patch.clone();
                        self.items(&mut list, Some(patch), keys, items, depth)?;
                        return Ok(Outcome::New(Node::List(list)));
                    }
                }
            }
            (Some(Node::List(target)), _) => (target, None),
            (_, Some(Node::List(patch))) => {
                let mut list = patch.clone();
                self.items(&mut list, Some(patch), keys, items, depth)?;
                return Ok(Outcome::New(Node::List(list)));
            }
            _ => return Ok(Outcome::Gone),
        };
        self.items(target, patch, keys, items, depth)?;
        Ok(Outcome::Target)
    }

    /// Merges the items of two lists by their keys, or as texts when there are none.
    fn items(
        &self,
        target: &mut List,
        patch: Option<List>,
        keys: Vec<String>,
        schema: Option<Schema>,
        depth: usize,
    ) -> Result<(), String> {
        let count = target.items.len();
        let total = count + patch.as_ref().map_or(0, |p| p.items.len());
        if total > MERGED {
            return Err(format!(": {total} items are to be merged by key, at most {MERGED} are"));
        }
        let mut pool = Pool { nodes: std::mem::take(&mut target.items) };
        let mut listed: Vec<usize> = (0..count).collect();
        let mut patch = patch.map(|p| p.items).unwrap_or_default();
        let by_key = !keys.is_empty();
        let keys = if by_key { keys } else { vec![String::new()] };
        let mut values = if self.mode.prepend {
            key_values(patch.iter().chain(&pool.nodes), &keys, by_key)
        } else {
            key_values(pool.nodes.iter().chain(&patch), &keys, by_key)
        };
        if keys.len() > 1 {
            merge_values(&mut values);
        }
        let valid = valid_keys(&values, &keys);
        let mut added: Vec<usize> = Vec::new();
        for row in &values {
            let Selected { keys: valid_keys, values: valid_values } = select(&valid, &keys, row);
            let here = listed.iter().copied().find(|&i| pool.fits(i, &valid_keys, &valid_values));
            let there = find_item(&patch, &valid_keys, &valid_values);
            // Every patch item serves once, unless the values of two rows became one.
            let there = there.map(|i| patch[i].clone());
            let mut node = here.map(|i| std::mem::replace(&mut pool.nodes[i], Node::null()));
            let inner = self.schema_of(node.as_ref(), there.as_ref(), schema.clone());
            let outcome = self.walk(node.as_mut(), there, inner, depth + 1);
            if let (Some(i), Some(node)) = (here, node) {
                pool.nodes[i] = node;
            }
            let merged = match outcome.map_err(|e| inside_item(&valid_values, e))? {
                Outcome::Target | Outcome::KeepNull => here,
                Outcome::New(node) => Some(pool.add(node)),
                Outcome::Gone => None,
            };
            let merged =
                merged.filter(|&i| !pool.nodes[i].is_null() && !pool.nodes[i].is_empty_map());
            let Some(merged) = merged else {
                pool.set(&mut listed, None, &valid_keys, &valid_values)?;
                continue;
            };
            pool.complete(merged, &valid_keys, &valid_values);
            pool.set(&mut added, Some(merged), &valid_keys, &valid_values)?;
        }
        patch.clear();
        if !values.is_empty() {
            let Selected { keys: valid_keys, .. } = select(&valid, &keys, &[]);
            let (mut first, then) =
                if self.mode.prepend { (added, listed) } else { (listed, added) };
            for item in then {
                pool.append(&mut first, item, &valid_keys)?;
            }
            listed = first;
        }
        target.items = pool.take(&listed);
        Ok(())
    }
}

fn inside_item(values: &[String], error: String) -> String {
    let rest = if error.starts_with([':', '[']) { error } else { format!(".{error}") };
    format!("[{}]{rest}", values.join(","))
}

/// Takes the item `{$patch: ..}` out of a list.
fn list_directive(patch: &mut List) -> Result<Directive, String> {
    let found = patch.items.iter().find_map(|item| {
        let map = item.as_map()?;
        let node = map.get("$patch").filter(|n| !n.is_null())?;
        Some((map.entries.len(), node.text().to_owned()))
    });
    let Some((1, text)) = found else { return Ok(Directive::Merge) };
    let directive = parse_directive(&text)?;
    patch.items.retain(|item| {
        let is_it = item.get("$patch").is_some_and(|n| n.text() == text);
        !is_it && !item.is_null() && !item.is_empty_map()
    });
    Ok(directive)
}

/// The key values of every item, each combination once, in order. An item that is no map has none by key.
fn key_values<'a>(
    items: impl Iterator<Item = &'a Node>,
    keys: &[String],
    by_key: bool,
) -> Vec<Vec<String>> {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for item in items {
        let row: Vec<String> = if by_key {
            let value = |key: &String| {
                item.get(key).filter(|n| !n.is_empty()).map_or("", Node::text).to_owned()
            };
            keys.iter().map(value).collect()
        } else {
            vec![item.text().to_owned()]
        };
        if seen.insert(row.clone()) {
            rows.push(row);
        }
    }
    rows
}

/// Rows that agree in one key and leave the others open become one.
fn merge_values(rows: &mut [Vec<String>]) {
    for i in 0..rows.len() {
        for j in 0..rows.len() {
            let (a, b) = (&rows[i], &rows[j]);
            if a.len() != b.len() || i == j {
                continue;
            }
            let open = |(x, y): (&String, &String)| x == y || x.is_empty() || y.is_empty();
            let common = a.iter().zip(b).any(|(x, y)| x == y);
            if common && a.iter().zip(b).all(open) {
                let pick = |(x, y): (&String, &String)| if x.is_empty() { y } else { x }.clone();
                let merged: Vec<String> = a.iter().zip(b).map(pick).collect();
                rows[i] = merged.clone();
                rows[j] = merged;
            }
        }
    }
}

/// Which keys some item has a value for; all of them when none has.
fn valid_keys(rows: &[Vec<String>], keys: &[String]) -> Vec<bool> {
    let valid: Vec<bool> = (0..keys.len())
        .map(|i| rows.iter().any(|row| row.get(i).is_some_and(|v| !v.is_empty())))
        .collect();
    if valid.contains(&true) { valid } else { vec![true; keys.len()] }
}

struct Selected {
    keys: Vec<String>,
    values: Vec<String>,
}

fn select(valid: &[bool], keys: &[String], row: &[String]) -> Selected {
    let chosen = |texts: &[String]| {
        texts.iter().zip(valid).filter(|(_, v)| **v).map(|(t, _)| t.clone()).collect()
    };
    Selected { keys: chosen(keys), values: chosen(row) }
}

/// Whether an item is the one with these key values; values left open are not asked for.
fn item_fits(item: &Node, keys: &[String], values: &[String]) -> bool {
    let asked = || keys.iter().zip(values).filter(|(_, v)| !v.is_empty());
    if keys.first().is_some_and(String::is_empty) {
        return values.first().is_some_and(|v| item.text() == v);
    }
    let Some(map) = item.as_map() else { return false };
    if asked().next().is_none() {
        return keys.iter().zip(values).all(|(k, v)| map.get(k).is_some_and(|n| n.text() == v));
    }
    asked().all(|(k, v)| map.get(k).is_some_and(|n| n.text() == v))
}

fn find_item(items: &[Node], keys: &[String], values: &[String]) -> Option<usize> {
    items.iter().position(|item| item_fits(item, keys, values))
}

/// The items of the lists being merged; lists are indices into it, because kyaml's lists share items.
struct Pool {
    nodes: Vec<Node>,
}

impl Pool {
    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn fits(&self, index: usize, keys: &[String], values: &[String]) -> bool {
        item_fits(&self.nodes[index], keys, values)
    }

    /// Sees to it that a merged item says its keys.
    fn complete(&mut self, index: usize, keys: &[String], values: &[String]) {
        for (key, value) in keys.iter().zip(values).filter(|(_, v)| !v.is_empty()) {
            match &mut self.nodes[index] {
                Node::Map(map) if map.get(key).is_none() => {
                    map.set_field(key, Node::untyped(value.as_str()));
                }
                // A text among texts loses its tag this way in kyaml.
                Node::Scalar(scalar) if key.is_empty() => scalar.tag = Tag::Empty,
                _ => {}
            }
        }
    }

    /// kyaml's `ElementSetter`: `item` takes the place of every item with these key values, or goes to the
    /// end; without `item` they are removed. Nulls and empty maps go in any case.
    fn set(
        &self,
        list: &mut Vec<usize>,
        item: Option<usize>,
        keys: &[String],
        values: &[String],
    ) -> Result<(), String> {
        let by_key = keys.first().is_some_and(|k| !k.is_empty())
            && values.first().is_some_and(|v| !v.is_empty());
        let mut out = Vec::with_capacity(list.len() + 1);
        let mut found = false;
        for &index in list.iter() {
            let node = &self.nodes[index];
            if node.is_null() || node.is_empty_map() {
                continue;
            }
            if node.as_map().is_none() && by_key {
                out.push(index);
                continue;
            }
            if self.is_set_by(node, keys, values)? {
                found = true;
                out.extend(item);
            } else if !values.is_empty() {
                out.push(index);
            }
        }
        *list = out;
        if let Some(item) = item.filter(|&i| !found && !self.nodes[i].is_null()) {
            list.push(item);
        }
        Ok(())
    }

    fn is_set_by(&self, node: &Node, keys: &[String], values: &[String]) -> Result<bool, String> {
        let mut last = false;
        for (i, key) in keys.iter().enumerate() {
            if let Some(value) = values.get(i) {
                last = if key.is_empty() {
                    if node.kind() != Kind::Scalar {
                        return Err(": texts are expected in this list".to_owned());
                    }
                    node.text_or_empty() == value
                } else {
                    let Some(map) = node.as_map() else {
                        return Err(format!(": maps with '{key}' are expected in this list"));
                    };
                    map.get(key).is_some_and(|n| value.is_empty() || n.text() == value)
                };
            }
            if !last {
                return Ok(false);
            }
        }
        Ok(last)
    }

    /// Appends an item to the others, in the place of the item with its keys.
    fn append(&self, list: &mut Vec<usize>, item: usize, keys: &[String]) -> Result<(), String> {
        let node = &self.nodes[item];
        if keys.first().is_some_and(String::is_empty) {
            return self.set(list, Some(item), keys, &[node.text().to_owned()]);
        }
        let mut values = Vec::new();
        for key in keys {
            if !node.is_null() && node.as_map().is_none() {
                return Err(format!(": maps with '{key}' are expected in this list"));
            }
            match node.get(key) {
                Some(value) => values.push(value.text().to_owned()),
                None => list.push(item),
            }
        }
        if keys.len() > 1 {
            self.set(list, None, keys, &values)?;
        }
        self.set(list, Some(item), keys, &values)
    }

    fn take(mut self, list: &[usize]) -> Vec<Node> {
        let mut uses: HashMap<usize, usize> = HashMap::new();
        for &index in list {
            *uses.entry(index).or_default() += 1;
        }
        list.iter()
            .map(|index| match uses.get_mut(index) {
                Some(uses) if *uses > 1 => {
                    *uses -= 1;
                    self.nodes[*index].clone()
                }
                _ => std::mem::replace(&mut self.nodes[*index], Node::null()),
            })
            .collect()
    }
}
