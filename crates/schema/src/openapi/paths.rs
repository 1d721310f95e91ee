//! The operations of a kind: clients look here for what a server can do with it, such as whether `PATCH`
//! understands `fieldValidation`.

use super::{Described, Dialect, name_of};
use crate::{Kind, builtin};
use object::{Gvk, Map, Value, map};

/// Every path of the kind with its operations.
pub(super) fn of(described: &Described<'_>, dialect: Dialect) -> Vec<(String, Value)> {
    let kind = described.kind;
    let writer = Writer {
        custom: described.custom.is_some(),
        dialect,
        name: name_of(described).into_owned(),
    };
    let root = if kind.group.is_empty() {
        format!("/api/{}", kind.version)
    } else {
        format!("/apis/{}/{}", kind.group, kind.version)
    };
    let everywhere = format!("{root}/{}", kind.plural);
    let collection = if kind.namespaced {
        format!("{root}/namespaces/{{namespace}}/{}", kind.plural)
    } else {
        everywhere.clone()
    };
    let has = |verb: &str| kind.verbs.iter().any(|v| v == verb);
    let gvk = kind.gvk();
    let mut found = Vec::new();
    let mut add = |path: String, verbs: &[(&str, &str, &str)], gvk: &Gvk, name: &str| {
        let mut operations = Map::new();
        for (method, verb, action) in verbs {
            if has(verb) {
                operations.insert(*method, writer.operation(method, action, gvk, name));
            }
        }
        if !operations.is_empty() {
            if dialect == Dialect::V2 || path.contains('{') {
                operations.insert("parameters", writer.path_parameters(&path));
            }
            found.push((path, operations.into()));
        }
    };
    let list = [("get", "list", "list")];
    let whole = [
        ("get", "list", "list"),
        ("post", "create", "post"),
        ("delete", "deletecollection", "deletecollection"),
    ];
    let item = [
        ("get", "get", "get"),
        ("put", "update", "put"),
        ("patch", "patch", "patch"),
        ("delete", "delete", "delete"),
    ];
    if kind.namespaced {
        add(everywhere, &list, &gvk, &writer.name);
    }
    add(collection.clone(), &whole, &gvk, &writer.name);
    add(format!("{collection}/{{name}}"), &item, &gvk, &writer.name);
    found.extend(subresources(kind, &collection, &writer));
    found
}

fn subresources(kind: &Kind, collection: &str, writer: &Writer) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for sub in &kind.subresources {
        let path = format!("{collection}/{{name}}/{}", sub.name);
        let speaks = &sub.speaks;
        let name = if *speaks == kind.gvk() {
            writer.name.clone()
        } else {
            let schema = builtin::schema(&speaks.group, &speaks.version, &speaks.kind);
            schema.and_then(|s| s.name.as_deref()).unwrap_or_default().to_owned()
        };
        let mut operations = Map::new();
        for verb in &sub.verbs {
            let method = match verb.as_str() {
                "create" => "post",
                "update" => "put",
                other => other,
            };
            operations.insert(method, writer.operation(method, method, speaks, &name));
        }
        operations.insert("parameters", writer.path_parameters(&path));
        found.push((path, operations.into()));
    }
    found
}

struct Writer {
    custom: bool,
    dialect: Dialect,
    name: String,
}

impl Writer {
    fn operation(&self, method: &str, action: &str, gvk: &Gvk, name: &str) -> Value {
        let mut out = map! {
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": map! {
                "group": gvk.group.as_str(), "kind": gvk.kind.as_str(), "version": gvk.version.as_str(),
            },
        };
        // Proxies and the like speak no kind, and have no body that could be described.
        let writes = ["post", "put", "patch"].contains(&method) && !name.is_empty();
        let mut parameters = Vec::new();
        if writes || method == "delete" {
            parameters.push(self.query("dryRun", "string"));
        }
        if writes {
            parameters.push(self.query("fieldManager", "string"));
            parameters.push(self.query("fieldValidation", "string"));
        }
        if method == "patch" {
            parameters.push(self.query("force", "boolean"));
        }
        let body = if method == "patch" {
            self.dialect.reference("io.k8s.apimachinery.pkg.apis.meta.v1.Patch")
        } else {
            self.dialect.reference(name)
        };
        let answer = match (action, name) {
            (_, "") => map! {"type": "string"}.into(),
            ("list", _) => self.dialect.reference(&format!("{name}List")),
            ("delete" | "deletecollection", _) => {
                self.dialect.reference("io.k8s.apimachinery.pkg.apis.meta.v1.Status")
            }
            _ => self.dialect.reference(name),
        };
        let types = self.types(method);
        if self.dialect == Dialect::V2 {
            if writes {
                parameters.push(
                    map! {"in": "body", "name": "body", "required": true, "schema": body}.into(),
                );
            }
            out.insert("consumes", types.iter().map(|t| Value::from(*t)).collect::<Vec<_>>());
            out.insert("produces", vec![Value::from("application/json")]);
            let ok = map! {"description": "OK", "schema": answer};
            out.insert("responses", map! {"200": ok});
        } else {
            if writes {
                let content: Map = types
                    .iter()
                    .map(|t| (*t, Value::from(map! {"schema": body.clone()})))
                    .collect();
                out.insert("requestBody", map! {"content": content, "required": true});
            }
            let content = map! {"application/json": map! {"schema": answer}};
            out.insert("responses", map! {"200": map! {"content": content, "description": "OK"}});
        }
        if !parameters.is_empty() {
            out.insert("parameters", parameters);
        }
        out.into()
    }

    /// The media types of a request's body. Custom resources have no strategic merge patch, and clients look
    /// here to know.
    fn types(&self, method: &str) -> &'static [&'static str] {
        match (method, self.custom) {
            ("patch", false) => &[
                "application/apply-patch+yaml",
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
            ],
            ("patch", true) => &[
                "application/apply-patch+yaml",
                "application/json-patch+json",
                "application/merge-patch+json",
            ],
            _ => &["application/json", "application/yaml"],
        }
    }

    fn query(&self, name: &str, type_: &str) -> Value {
        self.parameter("query", name, type_, false)
    }

    fn parameter(&self, place: &str, name: &str, type_: &str, required: bool) -> Value {
        let mut out = map! {"in": place, "name": name};
        if required {
            out.insert("required", true);
        }
        let mut of = map! {"type": type_, "uniqueItems": true};
        if self.dialect == Dialect::V2 {
            for (key, value) in of {
                out.insert(key, value);
            }
        } else {
            of.remove("description");
            out.insert("schema", of);
        }
        out.into()
    }

    fn path_parameters(&self, path: &str) -> Vec<Value> {
        ["name", "namespace"]
            .iter()
            .filter(|name| path.contains(&format!("{{{name}}}")))
            .map(|name| self.parameter("path", name, "string", true))
            .collect()
    }
}
