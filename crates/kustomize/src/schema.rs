//! What kustomize knows of kinds: which lists merge by which keys, and which kinds have no namespace.
//!
//! Built in is the OpenAPI document of Kubernetes 1.21 that kustomize v5.8.1 carries, reduced by
//! `cargo xtask kustomize-facts` to `facts/merge.txt` and `facts/scope.txt`; `openapi.path` of a
//! kustomization brings a document that is read here. Deliberately absent: validation (crate `schema`).

use crate::ident::Gvk;
use object::Value;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// What one property of the built-in table is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Known, and nothing inside merges.
    Opaque,
    Definition(u32),
    /// A list whose items do not merge, by the index of their shape.
    Items(u32),
    /// A map with any key.
    Values(u32),
    /// A list whose items merge by the keys, none for items compared as text.
    Merging(&'static [&'static str], u32),
}

#[derive(Default)]
struct Table {
    /// Properties by definition.
    definitions: Vec<HashMap<&'static str, Shape>>,
    shapes: Vec<Shape>,
    kinds: HashMap<&'static str, Shape>,
    cluster_scoped: HashSet<&'static str>,
    scoped: HashSet<&'static str>,
}

impl Table {
    fn get() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(|| {
            let mut table = Self::default();
            table.read_merges(include_str!("../facts/merge.txt"));
            for line in include_str!("../facts/scope.txt").lines().filter(|l| !l.starts_with('#')) {
                if let Some((scope, kind)) = line.split_once(' ') {
                    table.scoped.insert(kind);
                    if scope == "c" {
                        table.cluster_scoped.insert(kind);
                    }
                }
            }
            table
        })
    }

    fn read_merges(&mut self, text: &'static str) {
        let mut names: HashMap<&str, u32> = HashMap::new();
        for name in text.lines().filter_map(|l| l.strip_prefix("def ")) {
            let next = names.len() as u32;
            names.insert(name, next);
        }
        self.definitions.resize_with(names.len(), HashMap::new);
        let mut current = 0;
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["def", name] => current = names[name] as usize,
                ["kind", _, _, word] => {
                    let kind = &line["kind ".len()..line.len() - word.len() - 1];
                    let shape = self.shape(word, &names);
                    self.kinds.insert(kind, shape);
                }
                [property, word] => {
                    let shape = self.shape(word, &names);
                    self.definitions[current].insert(property, shape);
                }
                [property, keys, word] => {
                    let inner = self.shape(word, &names);
                    let keys: Vec<&'static str> = match keys {
                        "=" => Vec::new(),
                        keys => keys.split(',').collect(),
                    };
                    let shape = Shape::Merging(keys.leak(), self.store(inner));
                    self.definitions[current].insert(property, shape);
                }
                _ => {}
            }
        }
    }

    fn store(&mut self, shape: Shape) -> u32 {
        self.shapes.push(shape);
        (self.shapes.len() - 1) as u32
    }

    fn shape(&mut self, word: &'static str, names: &HashMap<&str, u32>) -> Shape {
        if let Some(inner) = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            let inner = self.shape(inner, names);
            return Shape::Items(self.store(inner));
        }
        if let Some(inner) = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
            let inner = self.shape(inner, names);
            return Shape::Values(self.store(inner));
        }
        names.get(word).map_or(Shape::Opaque, |index| Shape::Definition(*index))
    }
}

/// A document named by `openapi.path`.
#[derive(Debug, Default)]
struct Custom {
    definitions: object::Map,
    /// `apiVersion kind` to the name of its definition.
    kinds: HashMap<String, String>,
    namespaced: HashMap<String, bool>,
}

/// The schema of one place inside a resource.
#[derive(Clone, Debug)]
pub(crate) enum Schema {
    /// Out of the built-in table.
    BuiltIn(Place),
    /// Out of a document: the document and the schema object.
    Custom(Arc<CustomPlace>),
}

/// A place of the built-in table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(Shape);

#[derive(Debug)]
pub(crate) struct CustomPlace {
    document: Arc<CustomDocument>,
    schema: Value,
}

#[derive(Debug)]
pub(crate) struct CustomDocument(Custom);

/// The schemas of one build. Which ones there are depends on when a kustomization brings its own, as in
/// kustomize: one at the root replaces the built-in ones, one further down is added to those in use.
#[derive(Default, Debug)]
pub(crate) struct Schemas {
    custom: Option<Arc<CustomDocument>>,
    without_built_in: bool,
    is_set: bool,
    /// Whether the built-in document would have been read by now.
    touched: Cell<bool>,
}

impl Schemas {
    /// Takes `openapi:` of a kustomization: `document` is the content of `path`. Only the first
    /// kustomization that says something counts.
    ///
    /// # Errors
    /// What is wrong with the field or the document.
    pub(crate) fn set(
        &mut self,
        version: Option<&str>,
        document: Option<&str>,
        root: bool,
    ) -> Result<(), String> {
        if self.is_set && !root {
            return Ok(());
        }
        match (version, document) {
            (Some(_), Some(_)) => {
                Err("openapi names a version and a path; keep one of the two".to_owned())
            }
            (None, Some(text)) => {
                self.without_built_in = !self.touched.get();
                self.custom = Some(Arc::new(CustomDocument(read_custom(text)?)));
                self.is_set = true;
                Ok(())
            }
            (None, None) => Ok(()),
            (Some("" | "v1.21.2"), None) => {
                self.is_set = version != Some("");
                Ok(())
            }
            (Some(other), None) => {
                Err(format!("openapi.version '{other}' is not built in; there is v1.21.2"))
            }
        }
    }

    /// Whether the kind is known to have no namespace.
    pub(crate) fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        let table = Table::get();
        let mut key = compact_str::CompactString::default();
        if !gvk.group.is_empty() {
            key.push_str(&gvk.group);
            key.push('/');
        }
        key.push_str(&gvk.version);
        key.push(' ');
        key.push_str(&gvk.kind);
        if table.scoped.contains(key.as_str()) {
            return table.cluster_scoped.contains(key.as_str());
        }
        match &self.custom {
            Some(custom) => custom.0.namespaced.get(key.as_str()) == Some(&false),
            None => {
                self.touched.set(true);
                false
            }
        }
    }

    /// The schema of a kind.
    pub(crate) fn of(&self, api_version: &str, kind: &str) -> Option<Schema> {
        let key = format!("{api_version} {kind}");
        if let Some(document) = &self.custom {
            let schema = document.0.kinds.get(&key).and_then(|n| document.0.definitions.get(n));
            if let Some(schema) = schema {
                let place = CustomPlace { document: document.clone(), schema: schema.clone() };
                return Some(Schema::Custom(Arc::new(place)));
            }
        } else {
            self.touched.set(true);
        }
        let own = api_version.starts_with("kustomize.config.k8s.io/");
        if self.without_built_in && !own {
            return None;
        }
        Table::get().kinds.get(key.as_str()).map(|shape| Schema::BuiltIn(Place(*shape)))
    }
}

impl Schema {
    /// The schema of a member.
    pub(crate) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::BuiltIn(Place(shape)) => match shape {
                Shape::Definition(index) => {
                    let found = Table::get().definitions[*index as usize].get(name).copied();
                    Some(Self::BuiltIn(Place(found.unwrap_or(Shape::Opaque))))
                }
                Shape::Values(inner) => {
                    Some(Self::BuiltIn(Place(Table::get().shapes[*inner as usize])))
                }
                _ => Some(Self::BuiltIn(Place(Shape::Opaque))),
            },
            Self::Custom(place) => {
                let member = place.schema.at(["properties", name]).or_else(|| {
                    place.schema.get("additionalProperties").filter(|a| a.as_map().is_some())
                })?;
                place.go(member)
            }
        }
    }

    /// The schema of the items of a list.
    pub(crate) fn items(&self) -> Option<Self> {
        match self {
            Self::BuiltIn(Place(Shape::Items(inner) | Shape::Merging(_, inner))) => {
                Some(Self::BuiltIn(Place(Table::get().shapes[*inner as usize])))
            }
            Self::BuiltIn(_) => None,
            Self::Custom(place) => {
                let is_array = place.schema.get("type").and_then(Value::as_str) == Some("array");
                place.schema.get("items").filter(|_| is_array).and_then(|i| place.go(i))
            }
        }
    }

    /// Whether nothing below merges, as far as known without looking.
    pub(crate) fn is_opaque(&self) -> bool {
        matches!(self, Self::BuiltIn(Place(Shape::Opaque)))
    }

    /// The keys items merge by when the list merges at all; none for items compared as text.
    pub(crate) fn merge_keys(&self) -> Option<Vec<String>> {
        match self {
            Self::BuiltIn(Place(Shape::Merging(keys, _))) => {
                Some(keys.iter().map(|k| (*k).to_owned()).collect())
            }
            Self::BuiltIn(_) => None,
            Self::Custom(place) => {
                let text = |key| place.schema.get(key).and_then(Value::as_str);
                let strategy = text("x-kubernetes-patch-strategy")?;
                if !strategy.split(',').any(|s| s == "merge") {
                    return None;
                }
                let keys = place.schema.get("x-kubernetes-list-map-keys").and_then(Value::as_list);
                Some(match (keys, text("x-kubernetes-patch-merge-key")) {
                    (Some(keys), _) => {
                        keys.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                    }
                    (None, Some(key)) => vec![key.to_owned()],
                    (None, None) => Vec::new(),
                })
            }
        }
    }
}

impl CustomPlace {
    /// `schema` with its references followed.
    fn go<'a>(&'a self, mut schema: &'a Value) -> Option<Schema> {
        // References may go round in a circle; kustomize would not come back.
        for _ in 0..32 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                let schema = schema.clone();
                let document = self.document.clone();
                return Some(Schema::Custom(Arc::new(Self { document, schema })));
            };
            let name = reference.strip_prefix("#/definitions/")?;
            schema = self.document.0.definitions.get(name)?;
        }
        None
    }
}

/// `apiVersion kind` of an entry of `x-kubernetes-group-version-kind`.
fn gvk_key(entry: &Value) -> Option<String> {
    let text = |key| entry.get(key).and_then(Value::as_str);
    let (version, kind) = (text("version")?, text("kind")?);
    Some(match text("group") {
        Some(group) if !group.is_empty() => format!("{group}/{version} {kind}"),
        _ => format!("{version} {kind}"),
    })
}

fn read_custom(text: &str) -> Result<Custom, String> {
    let value = object::from_yaml_one(text, object::Dialect::Sigs).map_err(|e| e.to_string())?;
    let Value::Map(document) = value else {
        return Err("is no OpenAPI document: a map with 'definitions' is expected".to_owned());
    };
    let mut custom = Custom::default();
    const GVK: &str = "x-kubernetes-group-version-kind";
    if let Some(paths) = document.get("paths").and_then(Value::as_map) {
        for (path, item) in paths.iter() {
            let Some(key) = item.at(["get", GVK]).and_then(gvk_key) else { continue };
            let inside = path.contains("namespaces/{namespace}");
            *custom.namespaced.entry(key).or_default() |= inside;
        }
    }
    if let Some(Value::Map(definitions)) = document.get("definitions") {
        for (name, definition) in definitions.iter() {
            let Some(entries) = definition.get(GVK).and_then(Value::as_list) else { continue };
            for key in entries.iter().filter_map(gvk_key) {
                custom.kinds.insert(key, name.to_owned());
            }
        }
        custom.definitions = definitions.clone();
    }
    Ok(custom)
}
