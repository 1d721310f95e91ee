//! From the text of a schema to nodes that refer to each other by number.

use super::format::Format;
use object::{Map, Value};
use regex::Regex;
use std::collections::{BTreeMap, HashMap};

/// A compiled schema; node 0 is its root.
pub(super) struct Schema {
    pub(super) nodes: Vec<Node>,
}

/// Index of a node.
pub(super) type Id = usize;

/// A schema or subschema.
#[derive(Default)]
pub(super) struct Node {
    /// `true` or `false` in place of a schema.
    pub(super) always: Option<bool>,
    pub(super) draft: u16,
    pub(super) reference: Option<Id>,
    /// `$recursiveRef` and `$dynamicRef`, taken for plain references.
    pub(super) further_references: Vec<Id>,
    pub(super) types: Vec<String>,
    pub(super) constant: Option<Value>,
    pub(super) choices: Option<Vec<Value>>,
    pub(super) format: Option<Format>,
    pub(super) all_of: Vec<Id>,
    pub(super) any_of: Vec<Id>,
    pub(super) one_of: Vec<Id>,
    pub(super) not: Option<Id>,
    pub(super) condition: Option<(Id, Option<Id>, Option<Id>)>,
    pub(super) object: ObjectRules,
    pub(super) array: ArrayRules,
    pub(super) text: TextRules,
    pub(super) number: NumberRules,
}

#[derive(Default)]
pub(super) struct ObjectRules {
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
    pub(super) required: Vec<String>,
    pub(super) properties: BTreeMap<String, Id>,
    pub(super) patterns: Vec<(Regex, Id)>,
    pub(super) additional: Additional,
    pub(super) names: Option<Id>,
    pub(super) dependencies: Vec<(String, Dependency)>,
    pub(super) dependent_schemas: Vec<(String, Id)>,
    pub(super) dependent_required: Vec<(String, Vec<String>)>,
    pub(super) unevaluated: Option<Id>,
}

pub(super) enum Dependency {
    Properties(Vec<String>),
    Schema(Id),
}

#[derive(Default)]
pub(super) enum Additional {
    #[default]
    Any,
    Flag(bool),
    Schema(Id),
}

#[derive(Default)]
pub(super) struct ArrayRules {
    pub(super) least: Option<i64>,
    pub(super) most: Option<i64>,
    pub(super) unique: bool,
    /// `prefixItems`, or `items` as a list.
    pub(super) first: Vec<Id>,
    /// `items` as one schema, or `additionalItems`.
    pub(super) rest: Additional,
    /// Whether `rest` was called `additionalItems`.
    pub(super) rest_is_additional: bool,
    pub(super) contains: Option<Id>,
    pub(super) least_contained: Option<i64>,
    pub(super) most_contained: Option<i64>,
    pub(super) unevaluated: Option<Id>,
}

#[derive(Default)]
pub(super) struct TextRules {
    pub(super) shortest: Option<i64>,
    pub(super) longest: Option<i64>,
    pub(super) pattern: Option<Regex>,
}

#[derive(Default)]
pub(super) struct NumberRules {
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
    pub(super) multiple_of: Option<f64>,
}

/// The address of the schema itself, which references are read from.
const ROOT: &str = "file:///values.schema.json";

/// So many subschemas one schema may have.
const MAX_NODES: usize = 100_000;

impl Schema {
    /// Reads and compiles a schema.
    ///
    /// # Errors
    /// What Helm would say, as far as that does not depend on files or the network.
    pub(super) fn compile(text: &[u8]) -> Result<Self, String> {
        let document = object::from_json(text).map_err(|e| e.to_string())?;
        let draft = draft(&document)?;
        let mut places = Places::default();
        places.collect(&document, draft, ROOT, "");
        places.resources.entry(ROOT.to_owned()).or_default();
        let mut compiler =
            Compiler { document: &document, draft, places, ids: HashMap::new(), queue: Vec::new() };
        compiler.id("")?;
        let mut nodes = Vec::new();
        while let Some(pointer) = compiler.queue.get(nodes.len()).cloned() {
            if nodes.len() > MAX_NODES {
                return Err(format!("the schema has more than {MAX_NODES} subschemas"));
            }
            nodes.push(compiler.node(&pointer)?);
        }
        Ok(Self { nodes })
    }
}

fn draft(document: &Value) -> Result<u16, String> {
    let Some(named) = document.get("$schema").and_then(Value::as_str) else { return Ok(2020) };
    let url = named.strip_suffix('#').unwrap_or(named);
    let path = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or(url);
    Ok(match path {
        "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => 2020,
        "json-schema.org/draft/2019-09/schema" => 2019,
        "json-schema.org/draft-07/schema" => 7,
        "json-schema.org/draft-06/schema" => 6,
        "json-schema.org/draft-04/schema" => 4,
        _ => return Err(not_loaded(named)),
    })
}

fn not_loaded(url: &str) -> String {
    format!(
        "failing loading {url:?}: a values schema cannot refer to files or the network; put the \
         definitions into the schema itself"
    )
}

/// Where the parts with an address of their own are.
#[derive(Default)]
struct Places {
    /// Address to pointer.
    resources: HashMap<String, String>,
    /// Pointer to address, for those that differ from their surroundings.
    bases: HashMap<String, String>,
    /// Address and anchor to pointer.
    anchors: HashMap<(String, String), String>,
}

impl Places {
    fn collect(&mut self, value: &Value, draft: u16, base: &str, pointer: &str) {
        match value {
            Value::Map(map) => {
                let base = self.enter(map, draft, base, pointer);
                for (key, value) in map.iter() {
                    if !matches!(key, "enum" | "const" | "default" | "examples") {
                        let below = format!("{pointer}/{}", escape(key));
                        self.collect(value, draft, &base, &below);
                    }
                }
            }
            Value::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.collect(item, draft, base, &format!("{pointer}/{i}"));
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, map: &Map, draft: u16, base: &str, pointer: &str) -> String {
        let name = if draft == 4 { "id" } else { "$id" };
        let id = map.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = if draft < 2019 && map.contains_key("$ref") { "" } else { id };
        let (url, fragment) = join(base, id);
        let base = if id.is_empty() || id.starts_with('#') { base.to_owned() } else { url };
        if base != ROOT && !id.is_empty() && !id.starts_with('#') {
            self.resources.entry(base.clone()).or_insert_with(|| pointer.to_owned());
            self.bases.insert(pointer.to_owned(), base.clone());
        }
        let named = ["$anchor", "$dynamicAnchor"];
        let anchors = named.iter().filter_map(|n| map.get(n).and_then(Value::as_str));
        let old = (draft < 2019 && !fragment.is_empty()).then_some(fragment.as_str());
        for anchor in anchors.chain(old) {
            self.anchors.insert((base.clone(), anchor.to_owned()), pointer.to_owned());
        }
        base
    }

    /// The address references at `pointer` are read from.
    fn base(&self, pointer: &str) -> &str {
        let mut at = pointer;
        loop {
            if let Some(base) = self.bases.get(at) {
                return base;
            }
            match at.rfind('/') {
                Some(slash) => at = &at[..slash],
                None => return ROOT,
            }
        }
    }
}

fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// A reference read from an address: the address it names, and what stands behind `#`.
fn join(base: &str, reference: &str) -> (String, String) {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let has_scheme = path.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    });
    let url = if path.is_empty() {
        base.to_owned()
    } else if has_scheme {
        path.to_owned()
    } else {
        let (scheme, rest) = base.split_once("://").unwrap_or(("file", base));
        let (host, dir) = rest.split_once('/').unwrap_or((rest, ""));
        let dir = dir.rsplit_once('/').map_or("", |(dir, _)| dir);
        let full = if path.starts_with('/') { path.to_owned() } else { format!("/{dir}/{path}") };
        format!("{scheme}://{host}{}", crate::path::clean(&full))
    };
    (url, fragment.to_owned())
}

struct Compiler<'a> {
    document: &'a Value,
    draft: u16,
    places: Places,
    ids: HashMap<String, Id>,
    /// Pointers in the order of their ids.
    queue: Vec<String>,
}

/// The pointer that stands for a schema that allows everything (an unresolved `urn:`, a meta-schema).
const ANYTHING: &str = "\0";

impl Compiler<'_> {
    fn id(&mut self, pointer: &str) -> Result<Id, String> {
        if let Some(id) = self.ids.get(pointer) {
            return Ok(*id);
        }
        if pointer != ANYTHING && lookup(self.document, pointer).is_none() {
            return Err(format!("json-pointer in \"{ROOT}#{pointer}\" not found"));
        }
        let id = self.queue.len();
        self.ids.insert(pointer.to_owned(), id);
        self.queue.push(pointer.to_owned());
        Ok(id)
    }

    fn reference(&mut self, from: &str, reference: &str) -> Result<Id, String> {
        let (url, fragment) = join(self.places.base(from), reference);
        let fragment = percent_decoded(&fragment);
        let Some(root) = self.places.resources.get(&url) else {
            let is_meta = url.contains("://json-schema.org/");
            return if url.starts_with("urn:") || is_meta {
                self.id(ANYTHING)
            } else {
                Err(not_loaded(&url))
            };
        };
        let pointer = if fragment.is_empty() {
            root.clone()
        } else if fragment.starts_with('/') {
            format!("{root}{fragment}")
        } else {
            let key = (url.clone(), fragment.clone());
            let found = self.places.anchors.get(&key).cloned();
            found.ok_or_else(|| format!("anchor in \"{url}#{fragment}\" not found"))?
        };
        self.id(&pointer)
    }

    fn node(&mut self, pointer: &str) -> Result<Node, String> {
        let mut node = Node { draft: self.draft, ..Node::default() };
        let document = self.document;
        match lookup(document, pointer) {
            _ if pointer == ANYTHING => node.always = Some(true),
            Some(Value::Bool(b)) => node.always = Some(*b),
            Some(Value::Map(map)) if map.is_empty() => node.always = Some(true),
            Some(Value::Map(map)) => Part { compiler: self, map, pointer }.fill(&mut node)?,
            _ => {
                return Err(format!(
                    "\"{ROOT}#{pointer}\" is not valid against metaschema: got a value that is no schema"
                ));
            }
        }
        Ok(node)
    }
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|c| u8::from_str_radix(c, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn lookup<'a>(document: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer.split('/').skip(1).try_fold(document, |value, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        match value {
            Value::Map(map) => map.get(&token),
            Value::List(items) => items.get(token.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

/// One schema object on its way to a node.
struct Part<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    map: &'a Map,
    pointer: &'c str,
}

impl<'a> Part<'_, 'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            #[expect(
                clippy::cast_precision_loss,
                reason = "compared with values, which are floats"
            )]
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    fn count(&self, name: &str) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number; huge ones saturate")]
        self.number(name).filter(|n| n.fract() == 0.0).map(|n| n as i64)
    }

    fn one(&mut self, name: &str) -> Result<Option<Id>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(_) => {
                let pointer = format!("{}/{name}", self.pointer);
                self.compiler.id(&pointer).map(Some)
            }
        }
    }

    fn several(&mut self, name: &str) -> Result<Vec<Id>, String> {
        let count = self.get(name).and_then(Value::as_list).map_or(0, <[_]>::len);
        let pointer = format!("{}/{name}", self.pointer);
        (0..count).map(|i| self.compiler.id(&format!("{pointer}/{i}"))).collect()
    }

    fn named(&mut self, name: &str) -> Result<Vec<(String, Id)>, String> {
        let keys = self.get(name).and_then(Value::as_map).into_iter().flat_map(Map::keys);
        let pointer = format!("{}/{name}", self.pointer);
        keys.map(|key| {
            let below = format!("{pointer}/{}", escape(key));
            Ok((key.to_owned(), self.compiler.id(&below)?))
        })
        .collect()
    }

    fn additional(&mut self, name: &str) -> Result<Additional, String> {
        Ok(match self.get(name) {
            None => Additional::Any,
            Some(Value::Bool(b)) => Additional::Flag(*b),
            Some(_) => self.one(name)?.map_or(Additional::Any, Additional::Schema),
        })
    }

    fn regex(&self, at: &str, pattern: &str) -> Result<Regex, String> {
        Regex::new(pattern).map_err(|_| {
            format!(
                "invalid regex {pattern:?} at \"{ROOT}#{}/{at}\": it cannot be read",
                self.pointer
            )
        })
    }

    fn refer(&mut self, name: &str) -> Result<Option<Id>, String> {
        match self.text(name) {
            None => Ok(None),
            Some(reference) => self.compiler.reference(self.pointer, reference).map(Some),
        }
    }

    fn fill(&mut self, node: &mut Node) -> Result<(), String> {
        node.reference = self.refer("$ref")?;
        if node.draft < 2019 && node.reference.is_some() {
            return Ok(());
        }
        let references = match node.draft {
            2020 => ["$dynamicRef"].as_slice(),
            2019 => &["$recursiveRef"],
            _ => &[],
        };
        for name in references {
            node.further_references.extend(self.refer(name)?);
        }
        node.types = match self.get("type") {
            Some(Value::String(one)) => vec![one.to_string()],
            Some(Value::List(all)) => strings(all),
            _ => Vec::new(),
        };
        // In the order in which they are listed when a value is none of them.
        let order = ["null", "boolean", "number", "integer", "string", "array", "object"];
        node.types.sort_by_key(|t| order.iter().position(|o| o == t));
        node.choices = self.get("enum").and_then(Value::as_list).map(<[_]>::to_vec);
        if node.draft >= 6 {
            node.constant = self.get("const").cloned();
        }
        if node.draft < 2019 {
            node.format = self.text("format").and_then(Format::parse);
        }
        node.all_of = self.several("allOf")?;
        node.any_of = self.several("anyOf")?;
        node.one_of = self.several("oneOf")?;
        node.not = self.one("not")?;
        if node.draft >= 7
            && let Some(condition) = self.one("if")?
        {
            node.condition = Some((condition, self.one("then")?, self.one("else")?));
        }
        node.object = self.object(node.draft)?;
        node.array = self.array(node.draft)?;
        node.number = self.numbers();
        node.text = TextRules {
            shortest: self.count("minLength"),
            longest: self.count("maxLength"),
            pattern: match self.text("pattern") {
                Some(pattern) => Some(self.regex("pattern", pattern)?),
                None => None,
            },
        };
        Ok(())
    }

    fn object(&mut self, draft: u16) -> Result<ObjectRules, String> {
        let mut rules = ObjectRules {
            least: self.count("minProperties"),
            most: self.count("maxProperties"),
            required: self
                .get("required")
                .and_then(Value::as_list)
                .map(strings)
                .unwrap_or_default(),
            properties: self.named("properties")?.into_iter().collect(),
            additional: self.additional("additionalProperties")?,
            ..ObjectRules::default()
        };
        for (pattern, id) in self.named("patternProperties")? {
            rules.patterns.push((self.regex("patternProperties", &pattern)?, id));
        }
        if draft >= 6 {
            rules.names = self.one("propertyNames")?;
        }
        let dependencies = self.get("dependencies").and_then(Value::as_map);
        for (name, value) in dependencies.into_iter().flat_map(Map::iter) {
            let dependency = match value {
                Value::List(names) => Dependency::Properties(strings(names)),
                _ => {
                    let pointer = format!("{}/dependencies/{}", self.pointer, escape(name));
                    Dependency::Schema(self.compiler.id(&pointer)?)
                }
            };
            rules.dependencies.push((name.to_owned(), dependency));
        }
        if draft >= 2019 {
            rules.dependent_schemas = self.named("dependentSchemas")?;
            let required = self.get("dependentRequired").and_then(Value::as_map);
            for (name, value) in required.into_iter().flat_map(Map::iter) {
                let names = strings(value.as_list().unwrap_or_default());
                rules.dependent_required.push((name.to_owned(), names));
            }
            rules.unevaluated = self.one("unevaluatedProperties")?;
        }
        Ok(rules)
    }

    fn array(&mut self, draft: u16) -> Result<ArrayRules, String> {
        let mut rules = ArrayRules {
            least: self.count("minItems"),
            most: self.count("maxItems"),
            unique: self.flag("uniqueItems"),
            ..ArrayRules::default()
        };
        let whole = |id: Option<Id>| id.map_or(Additional::Any, Additional::Schema);
        if draft >= 2020 {
            rules.first = self.several("prefixItems")?;
            rules.rest = whole(self.one("items")?);
        } else if matches!(self.get("items"), Some(Value::List(_))) {
            rules.first = self.several("items")?;
            rules.rest = self.additional("additionalItems")?;
            rules.rest_is_additional = true;
        } else {
            rules.rest = whole(self.one("items")?);
        }
        if draft >= 6 {
            rules.contains = self.one("contains")?;
        }
        if draft >= 2019 {
            rules.least_contained = self.count("minContains");
            rules.most_contained = self.count("maxContains");
            rules.unevaluated = self.one("unevaluatedItems")?;
        }
        Ok(rules)
    }

    fn numbers(&self) -> NumberRules {
        let bound = |bound: &str, strict: &str| {
            if self.flag(strict) {
                (None, self.number(bound))
            } else {
                (self.number(bound), self.number(strict))
            }
        };
        let (minimum, above) = bound("minimum", "exclusiveMinimum");
        let (maximum, below) = bound("maximum", "exclusiveMaximum");
        NumberRules { minimum, maximum, above, below, multiple_of: self.number("multipleOf") }
    }
}

fn strings(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
