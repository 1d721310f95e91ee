//! `cargo xtask builtin-facts`: the table of the built-in kinds (`crates/schema/facts`), out of
//! Kubernetes' own OpenAPI and discovery documents.
//!
//! The documents come with the Go module `k8s.io/kubernetes`; the Go command fetches it. What they say is
//! reduced to what decides something: no descriptions, no paths, stable versions only, equal types once.

mod go_types;

use crate::test::root;
use go_types::{Field, GoTypes};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release whose facts are committed.
const KUBERNETES: &str = "v1.35.0";

const REF: &str = "#/components/schemas/";

/// Definitions that belong to no kind of ours and that clients still look for.
const ALSO: &[&str] = &[
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup",
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList",
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList",
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
    "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
    "io.k8s.apimachinery.pkg.version.Info",
];

/// Field selectors besides name and namespace. No document says them: they are registered in code,
/// `AddFieldLabelConversionFunc` in `pkg/apis/*/v1/conversion.go`.
const SELECTABLE: &[(&str, &str)] = &[
    (
        " v1 Pod",
        "spec.hostNetwork,spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,\
         status.nominatedNodeName,status.phase,status.podIP,status.podIPs",
    ),
    (" v1 Node", "spec.unschedulable"),
    (" v1 ReplicationController", "status.replicas"),
    (
        " v1 Event",
        "involvedObject.apiVersion,involvedObject.fieldPath,involvedObject.kind,involvedObject.name,\
         involvedObject.namespace,involvedObject.resourceVersion,involvedObject.uid,reason,\
         reportingComponent,source,type",
    ),
    (" v1 Namespace", "status.phase"),
    (" v1 Secret", "type"),
    (" v1 Service", "spec.clusterIP,spec.type"),
    ("apps v1 ReplicaSet", "status.replicas"),
    ("batch v1 Job", "status.successful"),
    ("certificates.k8s.io v1 CertificateSigningRequest", "spec.signerName"),
];

/// The modules whose Go structs the definitions are made of.
const MODULES: &[&str] = &["api", "apimachinery", "apiextensions-apiserver", "kube-aggregator"];

/// Writes the table.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some(unknown) = arguments.first() {
        return Err(format!("builtin-facts takes no argument, and '{unknown}' was given"));
    }
    let source = download("kubernetes", KUBERNETES)?;
    let mut modules = HashMap::new();
    for module in MODULES {
        // `v1.35.0` of Kubernetes is `v0.35.0` of its modules.
        let version = KUBERNETES.replacen("v1.", "v0.", 1);
        modules.insert((*module).to_owned(), download(module, &version)?);
    }
    let definitions = definitions(&source.join("api/openapi-spec/v3"))?;
    let kinds = kinds(&source.join("api/discovery/aggregated_v2.json"), &definitions)?;
    let mut table = Table::new(&definitions, &kinds, GoTypes::new(modules))?;
    table.fill()?;
    let folder = root().join("crates/schema/facts");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    write(&folder.join("types.txt"), &table.text())?;
    write(&folder.join("kinds.txt"), &kinds_text(&kinds, &table)?)
}

/// The folder of a Go module; the Go command fetches it when it is not there yet.
fn download(module: &str, version: &str) -> Result<PathBuf, String> {
    let module = format!("k8s.io/{module}@{version}");
    let output = Command::new("go")
        .args(["mod", "download", "-json", &module])
        .current_dir(std::env::temp_dir())
        .output()
        .map_err(|e| format!("go mod download: {e}; install Go"))?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .map_err(|e| format!("go mod download {module}: {e}"))?;
    answer["Dir"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| format!("go mod download {module}: {}", answer["Error"]))
}

fn write(path: &Path, body: &str) -> Result<(), String> {
    let text = format!(
        "# Kubernetes {KUBERNETES}. Generated: `cargo xtask builtin-facts`. The form is told in crates/schema/src/builtin.rs.\n{body}"
    );
    eprintln!("{}: {} bytes, {} lines", path.display(), text.len(), text.lines().count());
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn json(path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

/// Every definition of every document, by name.
fn definitions(folder: &Path) -> Result<BTreeMap<String, Value>, String> {
    let mut found = BTreeMap::new();
    let listing = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = listing.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let mut document = json(&path)?;
        if let Value::Object(schemas) = document["components"]["schemas"].take() {
            found.extend(schemas);
        }
    }
    Ok(found)
}

/// A kind as discovery has it.
struct KindFacts {
    group: String,
    version: String,
    kind: String,
    resource: Value,
    definition: String,
    list: Option<String>,
}

/// The kinds of the stable versions, sorted.
fn kinds(path: &Path, definitions: &BTreeMap<String, Value>) -> Result<Vec<KindFacts>, String> {
    let by_gvk = by_gvk(definitions);
    let mut found = Vec::new();
    for group in list(&json(path)?["items"]).iter().chain(&core_as_group(path)?) {
        let name = text(&group["metadata"]["name"]);
        for version in list(&group["versions"]) {
            let version_name = text(&version["version"]);
            if version_name.contains("alpha") || version_name.contains("beta") {
                continue;
            }
            for resource in list(&version["resources"]) {
                let kind = text(&resource["responseKind"]["kind"]);
                let gvk = |kind: &str| format!("{name} {version_name} {kind}");
                let definition = by_gvk
                    .get(&gvk(kind))
                    .ok_or_else(|| format!("no definition of {}", gvk(kind)))?;
                found.push(KindFacts {
                    group: name.to_owned(),
                    version: version_name.to_owned(),
                    kind: kind.to_owned(),
                    resource: resource.clone(),
                    definition: definition.clone(),
                    list: by_gvk.get(&gvk(&format!("{kind}List"))).cloned(),
                });
            }
        }
    }
    found.sort_by(|a, b| (&a.group, &a.version, &a.kind).cmp(&(&b.group, &b.version, &b.kind)));
    Ok(found)
}

/// The core group's discovery is a document of the older form beside the aggregated one: it is put into
/// the newer form.
fn core_as_group(aggregated: &Path) -> Result<Vec<Value>, String> {
    let document = json(&aggregated.with_file_name("api__v1.json"))?;
    let mut resources: BTreeMap<String, Value> = BTreeMap::new();
    let form = |r: &Value| {
        serde_json::json!({
            "resource": r["name"], "singularResource": r["singularName"], "verbs": r["verbs"],
            "shortNames": r["shortNames"], "categories": r["categories"],
            "scope": if r["namespaced"] == true { "Namespaced" } else { "Cluster" },
            "responseKind": {"group": r["group"], "version": r["version"], "kind": r["kind"]},
            "subresources": [],
        })
    };
    for r in list(&document["resources"]) {
        match text(&r["name"]).split_once('/') {
            None => {
                resources.insert(text(&r["name"]).to_owned(), form(r));
            }
            Some((parent, sub)) => {
                let mut sub_form = form(r);
                sub_form["subresource"] = sub.into();
                if let Some(Value::Array(subs)) =
                    resources.get_mut(parent).and_then(|p| p.get_mut("subresources"))
                {
                    subs.push(sub_form);
                }
            }
        }
    }
    let resources: Vec<Value> = resources.into_values().collect();
    Ok(vec![serde_json::json!({
        "metadata": {"name": ""}, "versions": [{"version": "v1", "resources": resources}],
    })])
}

/// Definition names by `group version kind`, of definitions that are exactly one kind.
fn by_gvk(definitions: &BTreeMap<String, Value>) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for (name, definition) in definitions {
        let gvks = list(&definition["x-kubernetes-group-version-kind"]);
        if let [gvk] = gvks {
            let [group, version, kind] = ["group", "version", "kind"].map(|k| text(&gvk[k]));
            found.insert(format!("{group} {version} {kind}"), name.clone());
        }
    }
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn joined(value: &Value) -> String {
    let mut names: Vec<&str> = list(value).iter().map(text).collect();
    names.sort_unstable();
    names.join(",")
}

fn kinds_text(kinds: &[KindFacts], table: &Table<'_>) -> Result<String, String> {
    let mut out = String::new();
    for kind in kinds {
        let r = &kind.resource;
        let group = if kind.group.is_empty() { "core" } else { &kind.group };
        let own = format!("{group}/{}/{}", kind.version, kind.kind);
        let _ = write!(
            out,
            "{own} {} {} type:{} verbs:{}",
            text(&r["resource"]),
            text(&r["singularResource"]),
            table.number(&kind.definition)?,
            joined(&r["verbs"]),
        );
        if r["scope"] == "Namespaced" {
            out.push_str(" namespaced");
        }
        if let Some(name) = &kind.list {
            let _ = write!(out, " list:{}", table.number(name)?);
        }
        for (word, key) in [("short", "shortNames"), ("categories", "categories")] {
            if !list(&r[key]).is_empty() {
                // Their order is kept: clients show the first short name.
                let names: Vec<&str> = list(&r[key]).iter().map(text).collect();
                let _ = write!(out, " {word}:{}", names.join(","));
            }
        }
        let selectable = format!("{} {} {}", kind.group, kind.version, kind.kind);
        if let Some((_, fields)) = SELECTABLE.iter().find(|(k, _)| *k == selectable) {
            let _ = write!(out, " selectable:{fields}");
        }
        for sub in list(&r["subresources"]) {
            let speaks = &sub["responseKind"];
            let kind_name = text(&speaks["kind"]);
            let speaks = match (text(&speaks["group"]), text(&speaks["version"])) {
                ("", "") => format!("{group}/{}/{kind_name}", kind.version),
                ("", version) => format!("core/{version}/{kind_name}"),
                (group, version) => format!("{group}/{version}/{kind_name}"),
            };
            let _ = write!(
                out,
                " sub:{}={speaks}={}",
                text(&sub["subresource"]),
                joined(&sub["verbs"])
            );
        }
        out.push('\n');
    }
    Ok(out)
}

/// The types: definitions first (by name), then the nameless ones, each once.
struct Table<'a> {
    definitions: &'a BTreeMap<String, Value>,
    names: Vec<String>,
    lines: Vec<String>,
    nameless: HashMap<String, usize>,
    go: GoTypes,
}

impl<'a> Table<'a> {
    /// With every definition that the kinds reach.
    fn new(
        definitions: &'a BTreeMap<String, Value>,
        kinds: &[KindFacts],
        go: GoTypes,
    ) -> Result<Self, String> {
        let by_gvk = by_gvk(definitions);
        let mut waiting: Vec<String> = ALSO.iter().map(|&n| n.to_owned()).collect();
        for kind in kinds {
            waiting.push(kind.definition.clone());
            waiting.extend(kind.list.clone());
            for sub in list(&kind.resource["subresources"]) {
                let speaks = &sub["responseKind"];
                let [group, version, name] = ["group", "version", "kind"].map(|k| text(&speaks[k]));
                waiting.extend(by_gvk.get(&format!("{group} {version} {name}")).cloned());
            }
        }
        let mut reached = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if reached.contains(&name) {
                continue;
            }
            let definition =
                definitions.get(&name).ok_or_else(|| format!("no definition {name}"))?;
            references(definition, &mut waiting);
            reached.insert(name);
        }
        let names: Vec<String> = reached.into_iter().collect();
        Ok(Self {
            definitions,
            lines: vec![String::new(); names.len()],
            names,
            nameless: HashMap::new(),
            go,
        })
    }

    fn number(&self, name: &str) -> Result<usize, String> {
        self.names
            .binary_search_by(|n| n.as_str().cmp(name))
            .map_err(|_| format!("definition {name} is not reached"))
    }

    fn fill(&mut self) -> Result<(), String> {
        for number in 0..self.names.len() {
            let name = self.names[number].clone();
            let definition = &self.definitions[&name];
            let fields = self.go.fields(&name)?;
            let line = self.line(definition, &fields).map_err(|e| format!("{name}: {e}"))?;
            self.lines[number] = format!("{line} name:{name}");
        }
        Ok(())
    }

    /// The number of the node for a schema inside another.
    fn node(&mut self, schema: &Value) -> Result<usize, String> {
        let reference = match list(&schema["allOf"]) {
            [one] => text(&one["$ref"]),
            _ => text(&schema["$ref"]),
        };
        let line = match reference.strip_prefix(REF) {
            None => self.line(schema, &HashMap::new())?,
            Some(name) => {
                let number = self.number(name)?;
                let said = said(schema)?;
                if said.is_empty() {
                    return Ok(number);
                }
                format!("={number}{said}")
            }
        };
        if let Some(number) = self.nameless.get(&line) {
            return Ok(*number);
        }
        self.lines.push(line.clone());
        self.nameless.insert(line, self.lines.len() - 1);
        Ok(self.lines.len() - 1)
    }

    fn line(&mut self, schema: &Value, fields: &HashMap<String, Field>) -> Result<String, String> {
        let letter = match (text(&schema["type"]), text(&schema["format"])) {
            (_, "int-or-string") => "x",
            ("", _) if schema.get("oneOf").is_some() => "x",
            ("object", _) => "o",
            ("array", _) => "a",
            ("string", _) => "s",
            ("integer", _) => "i",
            ("number", _) => "n",
            ("boolean", _) => "b",
            ("", _) => "-",
            (other, _) => return Err(format!("type {other} is not known")),
        };
        let mut line = format!("{letter}{}", said(schema)?);
        // The only `oneOf` without a format is that of a quantity: text or number.
        if letter == "x" && schema.get("format").is_none() {
            line.push_str(" format:quantity");
        }
        if schema.get("items").is_some() {
            let _ = write!(line, " items:{}", self.node(&schema["items"])?);
        }
        match &schema["additionalProperties"] {
            Value::Null | Value::Bool(_) => {}
            of => {
                let _ = write!(line, " of:{}", self.node(of)?);
            }
        }
        if !list(&schema["required"]).is_empty() {
            let _ = write!(line, " required:{}", joined(&schema["required"]));
        }
        let empty = Map::new();
        for (name, property) in schema["properties"].as_object().unwrap_or(&empty) {
            let sign = match fields.get(name) {
                Some(field) => self.sign(field, property),
                None if fields.is_empty() => '=',
                None => return Err(format!("no Go field {name}")),
            };
            let _ = write!(line, " .{name}{sign}{}", self.node(property)?);
        }
        Ok(line)
    }

    /// When Go writes the member: `=` unless null, `~` unless empty, `!` always, `?` always, null when absent.
    fn sign(&self, field: &Field, schema: &Value) -> char {
        let go_type = field.go_type.as_str();
        let reference = list(&schema["allOf"])
            .first()
            .map_or_else(|| text(&schema["$ref"]), |one| text(&one["$ref"]));
        let definition = reference.strip_prefix(REF).and_then(|n| self.definitions.get(n));
        let of = definition.unwrap_or(schema);
        let container = go_type.starts_with("[]")
            || go_type.starts_with("map[")
            || text(&of["type"]) == "array"
            || of.get("additionalProperties").is_some();
        match (field.omit_empty, field.omit_zero) {
            _ if go_type.starts_with('*') => {
                if field.omit_empty {
                    '='
                } else {
                    '?'
                }
            }
            (omit, _) if container => {
                if omit {
                    '~'
                } else {
                    '?'
                }
            }
            (_, true) => '~',
            (true, _) if definition.is_none() => '~',
            // Structs, and types that write themselves: `omitempty` does not move them.
            _ if ["Time", "RawExtension", "FieldsV1", "JSON"]
                .iter()
                .any(|t| go_type.ends_with(t) && definition.is_some()) =>
            {
                '?'
            }
            _ => '!',
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(|r| text(r).strip_prefix(REF)) {
                found.push(name.to_owned());
            }
            members.values().for_each(|m| references(m, found));
        }
        Value::Array(items) => items.iter().for_each(|i| references(i, found)),
        _ => {}
    }
}

/// What a schema says besides its type and parts, each with a blank before it.
fn said(schema: &Value) -> Result<String, String> {
    let mut out = String::new();
    for (word, key) in [
        ("format", "format"),
        ("list", "x-kubernetes-list-type"),
        ("keys", "x-kubernetes-list-map-keys"),
        ("map", "x-kubernetes-map-type"),
        ("patch", "x-kubernetes-patch-strategy"),
        ("key", "x-kubernetes-patch-merge-key"),
        ("enum", "enum"),
    ] {
        match &schema[key] {
            Value::Null => {}
            // The order of map keys is the order in which field paths name them.
            Value::Array(names) => {
                let names: Vec<&str> = names.iter().map(text).collect();
                let _ = write!(out, " {word}:{}", names.join(","));
            }
            one => {
                let _ = write!(out, " {word}:{}", text(one));
            }
        }
    }
    match &schema["default"] {
        // `{}` says only that a Go struct is not a pointer.
        Value::Null => {}
        Value::Object(members) if members.is_empty() => {}
        default => {
            let _ = write!(out, " default:{default}");
        }
    }
    if out.split(' ').skip(1).any(|word| !word.contains(':')) {
        return Err(format!("{out:?}: a blank inside a value has no form in the table"));
    }
    Ok(out)
}
