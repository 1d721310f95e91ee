//! The built-in kinds of Kubernetes: discovery facts and schemas, decoded from a committed table when asked.
//!
//! The table (`facts/*.txt`) is written by `cargo xtask builtin-facts` from Kubernetes' own OpenAPI and
//! discovery documents. Nothing of it is decoded before it is asked for: a type costs its own few hundred
//! bytes once, the whole of Kubernetes about a megabyte if somebody walks all of it.
//!
//! `types.txt`, one type a line, numbered from 0 after the header; named definitions first, sorted by name:
//! a letter (`o`bject `a`rray `s`tring `i`nteger `n`umber `b`oolean, `x` int-or-string, `-` any) or `=N`
//! (as type N, and then), then words: `format:` `list:` (list type) `keys:` `map:` (map type) `patch:`
//! (strategy) `key:` (merge key) `enum:` `default:` (JSON) `items:N` `of:N` (additional properties)
//! `required:` `.member=N` (sorted; `~`, `!`, `?` in place of `=` for the other [`Presence`]s) `name:`.
//!
//! `kinds.txt`, one kind a line, sorted: `group/version/kind plural singular` and words: `type:N` `list:N`
//! `verbs:` `namespaced` `short:` `categories:` `selectable:` `sub:name=group/version/kind=verbs`. The core
//! group is written `core`.

use crate::{
    Additional, Branch, Kind, Limits, ListType, MapType, PatchRule, Presence, Property, Scale,
    Schema, Subresource, Text, Type,
};
use object::{Gvk, Value};
use std::sync::{LazyLock, OnceLock};

const TYPES: &str = include_str!("../facts/types.txt");
const KINDS: &str = include_str!("../facts/kinds.txt");

/// Kubernetes' version as `/version` and the documents name it.
pub const KUBERNETES_VERSION: &str = "v1.35.0";

/// The lines of the types, and the decoded ones.
struct Types {
    lines: Vec<&'static str>,
    decoded: Vec<OnceLock<Box<Schema>>>,
    /// How many of the first lines have names.
    named: usize,
}

static ALL_TYPES: LazyLock<Types> = LazyLock::new(|| {
    let lines: Vec<&str> = TYPES.lines().skip(1).collect();
    let named = lines.iter().take_while(|l| l.contains(" name:")).count();
    let decoded = lines.iter().map(|_| OnceLock::new()).collect();
    Types { lines, decoded, named }
});

struct KindLine {
    kind: Kind,
    type_: u16,
    list: Option<u16>,
}

struct Kinds {
    kinds: Vec<Kind>,
    /// Beside each kind the numbers of its type and of its list's.
    types: Vec<(u16, Option<u16>)>,
}

static ALL_KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let lines = KINDS.lines().skip(1).map(kind_line);
    let (kinds, types) = lines.map(|l| (l.kind, (l.type_, l.list))).unzip();
    Kinds { kinds, types }
});

/// The kinds, sorted by group, version and kind (the core group first).
pub fn kinds() -> &'static [Kind] {
    &ALL_KINDS.kinds
}

/// The kind of that name.
pub fn kind(group: &str, version: &str, kind: &str) -> Option<&'static Kind> {
    position(group, version, kind).map(|i| &ALL_KINDS.kinds[i])
}

/// The kind whose resource has that plural name.
pub fn resource(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    kinds().iter().find(|k| k.plural == plural && k.group == group && k.version == version)
}

/// The schema of a whole object of a built-in kind, also of kinds that only subresources speak
/// (`autoscaling/v1 Scale`) and of list kinds.
pub fn schema(group: &str, version: &str, kind: &str) -> Option<&'static Schema> {
    type_number(group, version, kind).map(node)
}

/// The same as a branch that another schema may hold.
pub fn branch(name: &str) -> Option<Branch> {
    definition_number(name).map(Branch::Builtin)
}

/// A definition by its OpenAPI name, such as `io.k8s.api.core.v1.PodSpec`.
pub fn definition(name: &str) -> Option<&'static Schema> {
    definition_number(name).map(node)
}

/// The names of all definitions, sorted.
pub fn definition_names() -> impl ExactSizeIterator<Item = &'static str> {
    ALL_TYPES.lines[..ALL_TYPES.named].iter().map(|l| name_of(l))
}

/// The numbers of the types of kind `index` and of its list.
pub(crate) fn type_numbers(group: &str, version: &str, kind: &str) -> Option<(u16, Option<u16>)> {
    position(group, version, kind).map(|i| ALL_KINDS.types[i])
}

/// Type `number` of the table.
pub(crate) fn node(number: u16) -> &'static Schema {
    static NOTHING: Schema = Schema::ANY;
    let index = usize::from(number);
    match ALL_TYPES.decoded.get(index) {
        Some(slot) => slot.get_or_init(|| Box::new(decode(ALL_TYPES.lines[index]))),
        None => &NOTHING,
    }
}

fn position(group: &str, version: &str, kind: &str) -> Option<usize> {
    kinds()
        .binary_search_by(|k| {
            (k.group.as_str(), k.version.as_str(), k.kind.as_str()).cmp(&(group, version, kind))
        })
        .ok()
}

fn type_number(group: &str, version: &str, kind: &str) -> Option<u16> {
    if let Some((number, _)) = type_numbers(group, version, kind) {
        return Some(number);
    }
    if let Some((_, list)) =
        kind.strip_suffix("List").and_then(|item| type_numbers(group, version, item))
    {
        return list;
    }
    // Kinds that only subresources speak live beside the group's other types.
    let end = if group.is_empty() { "core" } else { group.split('.').next().unwrap_or(group) };
    definition_number(&format!("io.k8s.api.{end}.{version}.{kind}"))
}

fn definition_number(name: &str) -> Option<u16> {
    let found = ALL_TYPES.lines[..ALL_TYPES.named].binary_search_by(|l| name_of(l).cmp(name));
    found.ok().and_then(|i| u16::try_from(i).ok())
}

/// `name:` is the last word.
fn name_of(line: &'static str) -> &'static str {
    line.rsplit_once(" name:").map_or("", |(_, name)| name)
}

fn decode(line: &'static str) -> Schema {
    let mut words = line.split(' ');
    let first = words.next().unwrap_or_default();
    let mut schema = match first.strip_prefix('=') {
        Some(number) => node(number.parse().unwrap_or_default()).clone(),
        None => Schema { type_: type_of_letter(first), ..Schema::ANY },
    };
    for word in words {
        if let Some(property) = word.strip_prefix('.').and_then(property) {
            schema.properties.push(property);
        } else if let Some((key, value)) = word.split_once(':') {
            decode_word(&mut schema, key, value);
        }
    }
    schema.properties.shrink_to_fit();
    schema
}

/// `name=N`, with the sign that tells when Go writes the member.
fn property(word: &'static str) -> Option<Property> {
    let at = word.find(['=', '~', '!', '?'])?;
    let presence = match word.as_bytes()[at] {
        b'~' => Presence::NotEmpty,
        b'!' => Presence::Always,
        b'?' => Presence::AlwaysOrNull,
        _ => Presence::Given,
    };
    let name = Text::const_new(&word[..at]);
    Some(Property { name, presence, schema: branch_of(&word[at + 1..]) })
}

fn decode_word(schema: &mut Schema, key: &str, value: &'static str) {
    match key {
        "name" => schema.name = Some(Text::const_new(value)),
        "format" => schema.format = Some(Text::const_new(value)),
        "items" => schema.items = Some(branch_of(value)),
        "of" => schema.additional = Additional::Of(branch_of(value)),
        "required" => schema.required = texts(value),
        "keys" => schema.list_map_keys = texts(value),
        "default" => schema.default = object::from_json(value.as_bytes()).ok(),
        "list" => {
            schema.list_type = Some(match value {
                "map" => ListType::Map,
                "set" => ListType::Set,
                _ => ListType::Atomic,
            });
        }
        "map" => {
            schema.map_type =
                Some(if value == "atomic" { MapType::Atomic } else { MapType::Granular });
        }
        "patch" => {
            let rule = schema.patch.get_or_insert_default();
            for strategy in value.split(',') {
                match strategy {
                    "merge" => rule.merge = true,
                    "retainKeys" => rule.retain_keys = true,
                    _ => rule.replace = true,
                }
            }
        }
        "key" => {
            let rule: &mut PatchRule = schema.patch.get_or_insert_default();
            rule.merge_key = Some(Text::const_new(value));
        }
        "enum" => {
            let limits: &mut Limits = schema.limits.get_or_insert_default();
            limits.enumeration = value.split(',').map(Value::from).collect();
        }
        _ => {}
    }
}

fn type_of_letter(letter: &str) -> Type {
    match letter {
        "o" => Type::Object,
        "a" => Type::Array,
        "s" => Type::String,
        "i" => Type::Integer,
        "n" => Type::Number,
        "b" => Type::Boolean,
        "x" => Type::IntOrString,
        _ => Type::Any,
    }
}

fn branch_of(number: &str) -> Branch {
    Branch::Builtin(number.parse().unwrap_or(u16::MAX))
}

fn texts(value: &'static str) -> Vec<Text> {
    value.split(',').map(Text::const_new).collect()
}

fn kind_line(line: &'static str) -> KindLine {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let gvk = gvk(next());
    let mut kind = Kind {
        group: gvk.group.into(),
        version: gvk.version.into(),
        list_kind: format!("{}List", gvk.kind).into(),
        kind: gvk.kind.into(),
        plural: Text::const_new(next()),
        singular: Text::const_new(next()),
        ..Kind::default()
    };
    let (mut type_, mut list) = (0, None);
    for word in words {
        let (key, value) = word.split_once(':').unwrap_or((word, ""));
        match key {
            "type" => type_ = value.parse().unwrap_or_default(),
            "list" => list = value.parse().ok(),
            "verbs" => kind.verbs = texts(value),
            "namespaced" => kind.namespaced = true,
            "short" => kind.short_names = texts(value),
            "categories" => kind.categories = texts(value),
            "selectable" => kind.selectable_fields = texts(value),
            "sub" => kind.subresources.push(subresource(value)),
            _ => {}
        }
    }
    if kind.subresource("scale").is_some() {
        kind.scale = Some(Scale {
            spec_replicas: "spec.replicas".into(),
            status_replicas: "status.replicas".into(),
            label_selector: Some("spec.selector".into()),
        });
    }
    KindLine { kind, type_, list }
}

fn subresource(text: &'static str) -> Subresource {
    let mut parts = text.split('=');
    let mut next = || parts.next().unwrap_or_default();
    Subresource { name: Text::const_new(next()), speaks: gvk(next()), verbs: texts(next()) }
}

fn gvk(text: &str) -> Gvk {
    let mut parts = text.split('/');
    let mut next = || parts.next().unwrap_or_default();
    let group = next();
    Gvk::new(if group == "core" { "" } else { group }, next(), next())
}

#[cfg(test)]
mod tests;
