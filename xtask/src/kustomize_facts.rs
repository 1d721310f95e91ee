//! `cargo xtask kustomize-facts`: the tables of crate `kustomize` (`crates/kustomize/facts`), out of the
//! modules of the kustomize release it follows.
//!
//! `merge.txt` says which lists of which kinds merge by which keys, `scope.txt` which kinds have no
//! namespace (both out of the OpenAPI document inside kyaml, a protocol buffer that is read field by field
//! here), `fields.txt` where names, labels, images and so on stand (out of the transformer configuration
//! inside the api module). What decides nothing is left out.

use crate::test::root;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release whose facts are committed (kustomize v5.8.1).
const RELEASE: &str = "v0.21.1";

/// Groups of field specs, each in the file that declares it.
const GROUPS: &[(&str, &str)] = &[
    ("namePrefix", "nameprefix.go"),
    ("nameSuffix", "namesuffix.go"),
    ("namespace", "namespace.go"),
    ("commonLabels", "commonlabels.go"),
    ("templateLabels", "metadatalabels.go"),
    ("commonAnnotations", "commonannotations.go"),
    ("varReference", "varreference.go"),
    ("images", "images.go"),
    ("replicas", "replicas.go"),
    ("nameReference", "namereference.go"),
];

/// Kinds of kustomize's own OpenAPI document, which is JSON beside the Kubernetes one: the two generators of
/// a `Kustomization` merge by name.
const OWN_MERGES: &str = "\
def kustomize
configMapGenerator name -
secretGenerator name -
kind kustomize.config.k8s.io/v1beta1 Kustomization kustomize
";

/// Writes the tables. `--modules DIR` names the folder with `api@VERSION` and `kyaml@VERSION` instead of the
/// Go module cache.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (api, kyaml) = match arguments {
        [] => (download("api")?, download("kyaml")?),
        [flag, folder] if flag == "--modules" => {
            let folder = PathBuf::from(folder);
            (folder.join(format!("api@{RELEASE}")), folder.join(format!("kyaml@{RELEASE}")))
        }
        _ => return Err("kustomize-facts takes nothing, or --modules DIR".to_owned()),
    };
    let folder = root().join("crates/kustomize/facts");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let path = kyaml.join("openapi/kubernetesapi/v1_21_2/swagger.pb");
    let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let document = Document::read(&bytes).ok_or("swagger.pb does not read as OpenAPI")?;
    write(&folder.join("merge.txt"), &document.merges())?;
    write(&folder.join("scope.txt"), &document.scopes())?;
    write(&folder.join("fields.txt"), &fields(&api.join("internal/konfig/builtinpluginconsts"))?)
}

fn write(path: &Path, body: &str) -> Result<(), String> {
    let text = format!(
        "# kustomize modules {RELEASE}. Generated: `cargo xtask kustomize-facts`, which tells the form.\n{body}"
    );
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn download(module: &str) -> Result<PathBuf, String> {
    let output = Command::new("go")
        .args(["mod", "download", "-json", &format!("sigs.k8s.io/kustomize/{module}@{RELEASE}")])
        .current_dir(std::env::temp_dir())
        .output()
        .map_err(|e| format!("go mod download: {e}; install Go, or give --modules DIR"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.trim().strip_prefix("\"Dir\": \"")?.strip_suffix("\","))
        .map(PathBuf::from)
        .ok_or_else(|| format!("go mod download: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The fields of one protocol buffer message: number and payload (empty for numbers, which decide nothing).
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let length = match tag & 7 {
            0 => {
                self.varint()?;
                0
            }
            1 => 8,
            5 => 4,
            2 => usize::try_from(self.varint()?).ok()?,
            _ => return None,
        };
        let (payload, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((tag >> 3, payload))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Name and value of a named entry.
fn named(bytes: &[u8]) -> Option<(String, &[u8])> {
    let name = Fields(bytes).find(|(n, _)| *n == 1)?.1;
    let value = Fields(bytes).find(|(n, _)| *n == 2).map_or(&[][..], |(_, v)| v);
    Some((text(name), value))
}

/// The YAML of a vendor extension, by its name.
fn extension(fields: &[u8], number: u64, wanted: &str) -> Option<String> {
    Fields(fields).filter(|(n, _)| *n == number).find_map(|(_, entry)| {
        let (name, any) = named(entry)?;
        (name == wanted).then_some(())?;
        Fields(any).find(|(n, _)| *n == 2).map(|(_, yaml)| text(yaml))
    })
}

/// What a property is.
#[derive(Clone)]
enum Shape {
    /// Nothing that merges.
    Opaque,
    Reference(String),
    Object(BTreeMap<String, Shape>),
    /// Any key.
    Values(Box<Shape>),
    /// Any item; the keys when the items merge, empty for items that are compared as text.
    Items(Option<Vec<String>>, Box<Shape>),
}

fn shape(schema: &[u8]) -> Shape {
    let field = |wanted: u64| Fields(schema).find(|(n, _)| *n == wanted).map(|(_, v)| v);
    if let Some(reference) = field(1) {
        return Shape::Reference(text(reference).trim_start_matches("#/definitions/").to_owned());
    }
    let strategy = extension(schema, 31, "x-kubernetes-patch-strategy").unwrap_or_default();
    let items = field(23).and_then(|items| Fields(items).find(|(n, _)| *n == 1));
    if let Some((_, items)) = items {
        let merges = strategy.trim().split(',').any(|s| s == "merge");
        let keys = extension(schema, 31, "x-kubernetes-list-map-keys")
            .or_else(|| extension(schema, 31, "x-kubernetes-patch-merge-key"))
            .unwrap_or_default();
        let keys = keys.lines().map(|l| l.trim_start_matches("- ").to_owned()).collect::<Vec<_>>();
        return Shape::Items(merges.then_some(keys), Box::new(shape(items)));
    }
    if let Some(properties) = field(25) {
        let properties = Fields(properties).filter_map(|(_, p)| named(p));
        return Shape::Object(properties.map(|(name, p)| (name, shape(p))).collect());
    }
    match field(21).and_then(|additional| Fields(additional).find(|(n, _)| *n == 1)) {
        Some((_, values)) => Shape::Values(Box::new(shape(values))),
        None => Shape::Opaque,
    }
}

/// `apiVersion kind` of every group-version-kind in an extension's YAML: a list of maps or one map, the keys
/// in any order.
fn kinds(yaml: &str) -> Vec<String> {
    let mut items: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
    for line in yaml.lines() {
        if line.starts_with("- ") {
            items.push(BTreeMap::new());
        }
        let entry = line.trim_start_matches(['-', ' ']).split_once(": ");
        if let (Some((key, value)), Some(item)) = (entry, items.last_mut()) {
            item.insert(key, value.trim_matches('"'));
        }
    }
    items.retain(|item| item.contains_key("kind"));
    let get =
        |item: &BTreeMap<&str, &str>, key| item.get(key).copied().unwrap_or_default().to_owned();
    let gvk = |item| match get(item, "group") {
        group if group.is_empty() => format!("{} {}", get(item, "version"), get(item, "kind")),
        group => format!("{group}/{} {}", get(item, "version"), get(item, "kind")),
    };
    items.iter().map(gvk).collect()
}

#[derive(Default)]
struct Document {
    definitions: BTreeMap<String, Shape>,
    /// `apiVersion kind` to definition.
    kinds: BTreeMap<String, String>,
    /// `apiVersion kind` to whether it has a namespace.
    namespaced: BTreeMap<String, bool>,
}

impl Document {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut document = Self::default();
        for (number, payload) in Fields(bytes) {
            match number {
                8 => document.read_paths(payload),
                9 => {
                    for (_, definition) in Fields(payload) {
                        let (name, schema) = named(definition)?;
                        let gvks = extension(schema, 31, "x-kubernetes-group-version-kind");
                        for kind in kinds(&gvks.unwrap_or_default()) {
                            document.kinds.insert(kind, name.clone());
                        }
                        document.definitions.insert(name, shape(schema));
                    }
                }
                _ => {}
            }
        }
        (!document.definitions.is_empty()).then_some(document)
    }

    fn read_paths(&mut self, paths: &[u8]) {
        for (path, item) in Fields(paths).filter_map(|(_, p)| named(p)) {
            let Some((_, get)) = Fields(item).find(|(n, _)| *n == 2) else { continue };
            let gvk = extension(get, 13, "x-kubernetes-group-version-kind").unwrap_or_default();
            for kind in kinds(&gvk) {
                let inside = path.contains("namespaces/{namespace}");
                *self.namespaced.entry(kind).or_default() |= inside;
            }
        }
    }

    /// Whether something below merges; `seen` are the definitions on the way.
    fn matters(&self, shape: &Shape, seen: &mut BTreeSet<String>) -> bool {
        match shape {
            Shape::Opaque => false,
            Shape::Items(Some(_), _) => true,
            Shape::Items(None, inner) | Shape::Values(inner) => self.matters(inner, seen),
            Shape::Object(properties) => properties.values().any(|p| self.matters(p, seen)),
            Shape::Reference(name) => {
                seen.insert(name.clone())
                    && self.definitions.get(name).is_some_and(|d| self.matters(d, seen))
            }
        }
    }

    /// The shape as one word: `-` nothing inside, `name` a definition, `[x]` items, `{x}` values,
    /// `<keys>x` items that merge.
    fn word(&self, shape: &Shape, wanted: &mut Vec<String>) -> String {
        if !self.matters(shape, &mut BTreeSet::new()) {
            return "-".to_owned();
        }
        match shape {
            Shape::Reference(name) => {
                wanted.push(name.clone());
                short(name)
            }
            Shape::Values(inner) => format!("{{{}}}", self.word(inner, wanted)),
            Shape::Items(None, inner) => format!("[{}]", self.word(inner, wanted)),
            Shape::Items(Some(keys), inner) => {
                format!("<{}>{}", keys.join(","), self.word(inner, wanted))
            }
            // Kubernetes names every type; one without a name has nothing that merges.
            Shape::Object(_) | Shape::Opaque => "-".to_owned(),
        }
    }

    fn merges(&self) -> String {
        let mut wanted = Vec::new();
        let mut kinds = String::new();
        for (kind, name) in &self.kinds {
            let word = self.word(&Shape::Reference(name.clone()), &mut wanted);
            let _ = writeln!(kinds, "kind {kind} {word}");
        }
        let mut definitions = String::new();
        let mut done = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            let Some(Shape::Object(properties)) = self.definitions.get(&name) else { continue };
            if !done.insert(name.clone()) {
                continue;
            }
            let _ = writeln!(definitions, "def {}", short(&name));
            for (property, shape) in properties {
                let word = self.word(shape, &mut wanted);
                if word == "-" {
                    continue;
                }
                // `<keys>item` is written as two words, which is quicker to read.
                match word.strip_prefix('<').and_then(|w| w.split_once('>')) {
                    Some(("", item)) => _ = writeln!(definitions, "{property} = {item}"),
                    Some((keys, item)) => _ = writeln!(definitions, "{property} {keys} {item}"),
                    None => _ = writeln!(definitions, "{property} {word}"),
                }
            }
        }
        format!("{definitions}{kinds}{OWN_MERGES}")
    }

    fn scopes(&self) -> String {
        let mut out = String::new();
        for (kind, namespaced) in &self.namespaced {
            let _ = writeln!(out, "{} {kind}", if *namespaced { "n" } else { "c" });
        }
        out
    }
}

/// `io.k8s.api.core.v1.PodSpec` to `core.v1.PodSpec`: unique, and the table stays small.
fn short(name: &str) -> String {
    let name = name.trim_start_matches("io.k8s.");
    let name = name.strip_prefix("api.").unwrap_or(name);
    name.replace("kube-aggregator.pkg.apis.", "").replace("apiextensions-apiserver.pkg.apis.", "")
}

/// One line per field spec: `group path kind group version create`, `.` for what is not said; before the
/// specs of a name reference a line `refer kind group version`.
fn fields(folder: &Path) -> Result<String, String> {
    let mut out = String::new();
    for (group, file) in GROUPS {
        let path = folder.join(file);
        let source =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let yaml: String = source.split('`').skip(1).step_by(2).collect::<Vec<_>>().join("\n");
        specs(group, &yaml, &mut out);
        if *group == "commonLabels" {
            let path = folder.join("metadatalabels.go");
            let source =
                std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            specs(group, source.split('`').nth(1).unwrap_or_default(), &mut out);
        }
    }
    Ok(out)
}

/// The items of the list in `yaml`, which is flat but for `fieldSpecs` inside a name reference.
fn specs(group: &str, yaml: &str, out: &mut String) {
    let mut item: BTreeMap<&str, &str> = BTreeMap::new();
    let flush = |item: &mut BTreeMap<&str, &str>, out: &mut String| {
        let get = |key: &str| item.get(key).copied().unwrap_or(".");
        let (kind, api, version) = (get("kind"), get("group"), get("version"));
        if item.contains_key("path") {
            let create = if get("create") == "true" { "create" } else { "." };
            let _ = writeln!(out, "{group} {} {kind} {api} {version} {create}", get("path"));
        } else if !item.is_empty() {
            let _ = writeln!(out, "refer {kind} {api} {version}");
        }
        item.clear();
    };
    for line in yaml.lines() {
        let trimmed = line.trim();
        let Some((key, value)) = trimmed.trim_start_matches("- ").split_once(':') else { continue };
        if trimmed.starts_with("- ") || key == "fieldSpecs" {
            flush(&mut item, out);
        }
        if !value.trim().is_empty() {
            item.insert(key, value.trim());
        }
    }
    flush(&mut item, out);
}
