//! Field paths as kyaml follows them: `spec.containers.[name=a].image`, `spec.ports.0`, and with wildcards.
//!
//! Source: `kyaml/yaml/fns.go` (`PathGetter`) and `kyaml/yaml/match.go` (`PathMatcher`).

#[cfg(test)]
mod tests;

use crate::node::{Kind, List, Map, Node, Scalar, Tag, embedded};
use regex::Regex;

/// `[a=b]` taken apart; `None` when `part` is no list element.
fn list_element(part: &str) -> Option<Result<(&str, &str), String>> {
    let inner = part.strip_prefix('[')?.strip_suffix(']')?;
    Some(
        inner.split_once('=').ok_or_else(|| {
            format!("'{part}' does not say which element; write it as [field=value]")
        }),
    )
}

fn index(part: &str) -> Option<i64> {
    part.parse().ok()
}

/// Positions, from the root down, of the node a path without wildcards leads to.
///
/// # Errors
/// When a part does not fit what stands there.
pub(crate) fn find(root: &Node, path: &[String]) -> Result<Option<Vec<usize>>, String> {
    let mut node = root;
    let mut positions = Vec::with_capacity(path.len());
    for part in path.iter().map(|p| p.trim()).filter(|p| !p.is_empty()) {
        let items = || match node {
            Node::List(list) => Ok(&list.items[..]),
            null if null.is_null() => Ok(&[][..]),
            other => Err(format!("'{part}' wants a list, there is {}", other.kind().name())),
        };
        let at = if let Some(index) = index(part) {
            if index < 0 {
                return Err(format!("the index {index} is negative"));
            }
            let length = items()?.len();
            usize::try_from(index).ok().filter(|i| *i < length)
        } else if part == "-" {
            Some(items()?.len().checked_sub(1).ok_or("the list is empty")?)
        } else if part == "*" {
            return Err("'*' is not allowed here".to_owned());
        } else if let Some(element) = list_element(part) {
            let (field, value) = element?;
            items()?.iter().position(|item| match (field, item) {
                ("", item) => item.text() == value,
                (field, item) => item.get(field).is_some_and(|n| n.text() == value),
            })
        } else {
            match node {
                Node::Map(map) => map.position(part),
                null if null.is_null() => None,
                other => {
                    return Err(format!("'{part}' wants a map, there is {}", other.kind().name()));
                }
            }
        };
        let Some(at) = at else { return Ok(None) };
        positions.push(at);
        node = child(node, at);
    }
    Ok(Some(positions))
}

fn child(node: &Node, at: usize) -> &Node {
    match node {
        Node::Map(map) => &map.entries[at].1,
        Node::List(list) => &list.items[at],
        scalar => scalar,
    }
}

/// The node a path without wildcards leads to.
///
/// # Errors
/// As [`find`].
pub(crate) fn get<'a>(root: &'a Node, path: &[String]) -> Result<Option<&'a Node>, String> {
    Ok(find(root, path)?.map(|positions| positions.into_iter().fold(root, child)))
}

/// The node at positions found by [`find`].
pub(crate) fn at_mut<'a>(root: &'a mut Node, positions: &[usize]) -> &'a mut Node {
    let mut node = root;
    for &at in positions {
        node = match node {
            Node::Map(map) => &mut map.entries[at].1,
            Node::List(list) => &mut list.items[at],
            scalar => scalar,
        };
    }
    node
}

/// Calls `visit` on every node a path, wildcards allowed, leads to; with `create` missing nodes are made, the
/// last of that kind. Answers how many there were.
///
/// # Errors
/// When a part does not fit what stands there, and what `visit` says.
pub(crate) fn visit(
    root: &mut Node,
    path: &[String],
    create: Option<Kind>,
    visit: &mut dyn FnMut(&mut Node) -> Result<(), String>,
) -> Result<usize, String> {
    let mut visitor = Visitor { create, visit, found: 0 };
    visitor.node(root, path)?;
    Ok(visitor.found)
}

struct Visitor<'a> {
    create: Option<Kind>,
    visit: &'a mut dyn FnMut(&mut Node) -> Result<(), String>,
    found: usize,
}

impl Visitor<'_> {
    fn node(&mut self, node: &mut Node, path: &[String]) -> Result<(), String> {
        let Some((part, rest)) = path.split_first() else {
            self.found += 1;
            return (self.visit)(node);
        };
        if let Some(index) = index(part).filter(|i| *i >= 0) {
            return self.index(node, index as usize, part, rest);
        }
        if let Some(element) = list_element(part) {
            let (field, value) = element?;
            let before = self.found;
            self.elements(node, field, value, rest)?;
            if self.found > before || self.create.is_none() {
                return Ok(());
            }
            push_element(list(node, part)?, field, value);
            return self.elements(node, field, value, rest);
        }
        if part == "*" {
            return list(node, part)?.items.iter_mut().try_for_each(|item| self.node(item, rest));
        }
        self.field(node, part, rest)
    }

    /// What stands at the next part when it has to be made.
    fn made(&self, rest: &[String], create: Kind) -> Node {
        Node::empty(match rest.first() {
            None => create,
            Some(next) if list_element(next).is_some() => Kind::List,
            Some(next) if index(next).is_some_and(|i| i >= 0) => Kind::List,
            Some(next) if next.is_empty() => create,
            Some(_) => Kind::Map,
        })
    }

    fn field(&mut self, node: &mut Node, part: &str, rest: &[String]) -> Result<(), String> {
        let map = match node {
            Node::Map(map) => map,
            null if null.is_null() && self.create.is_none() => return Ok(()),
            other => return Err(format!("'{part}' wants a map, there is {}", other.kind().name())),
        };
        if let (None, Some(create)) = (map.position(part), self.create) {
            map.push(part, self.made(rest, create));
        }
        let Some(field) = map.get_mut(part) else { return Ok(()) };
        if field.kind() == Kind::Scalar && !rest.is_empty() {
            // YAML in a text: kyaml looks into a copy, which counts as found and changes nothing.
            let mut copy = embedded(field.text()).ok_or("there is no YAML in this text")?;
            return self.node(&mut copy, rest);
        }
        self.node(field, rest)
    }

    fn index(
        &mut self,
        node: &mut Node,
        index: usize,
        part: &str,
        rest: &[String],
    ) -> Result<(), String> {
        let items = &mut list(node, part)?.items;
        if let (true, Some(create)) = (items.len() == index, self.create) {
            items.push(self.made(rest, create));
        }
        let count = items.len();
        let Some(item) = items.get_mut(index) else {
            return Err(format!("index {index} is asked for, there are {count} elements"));
        };
        self.node(item, rest)
    }

    fn elements(
        &mut self,
        node: &mut Node,
        field: &str,
        value: &str,
        rest: &[String],
    ) -> Result<(), String> {
        let pattern = Regex::new(value)
            .map_err(|_| format!("'{value}' in [{field}={value}] is no regular expression"))?;
        let fits = |node: &Node| pattern.is_match(node.to_text().trim());
        for item in &mut list(node, field)?.items {
            if field.is_empty() {
                if fits(item) {
                    self.found += 1;
                    (self.visit)(item)?;
                }
            } else if item.get(field).is_some_and(fits) {
                self.node(item, rest)?;
            }
        }
        Ok(())
    }
}

/// The list at a place; null is an empty one that stays null.
fn list<'a>(node: &'a mut Node, part: &str) -> Result<&'a mut List, String> {
    if node.is_null() {
        *node = Node::empty(Kind::List);
    }
    let kind = node.kind();
    match node {
        Node::List(list) => Ok(list),
        _ => Err(format!("'{part}' wants a list, there is {}", kind.name())),
    }
}

fn push_element(list: &mut List, field: &str, value: &str) {
    let value = Node::Scalar(Scalar::new(value, Tag::Empty));
    if field.is_empty() {
        list.items.push(value);
        return;
    }
    let mut map = Map::default();
    map.push(field, value);
    list.items.push(Node::Map(map));
}
