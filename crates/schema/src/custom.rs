//! The kinds a CustomResourceDefinition brings: one [`CustomVersion`] per entry of `spec.versions`.
//!
//! Deliberately absent: whether names are taken, conditions, storing (`apiserver`); what is wrong with a
//! schema ([`crate::structural`]).

mod checks;
mod definition;

use crate::{
    Branch, Kind, Presence, Property, Scale, Schema, Subresource, Text, Type, builtin, structural,
};
use object::{Gvk, Value};

pub use checks::object_faults;
pub use definition::{definition_faults, definition_update_faults};

/// One version of a custom kind.
#[derive(Clone, Debug)]
pub struct CustomVersion {
    /// What discovery says of it.
    pub kind: Kind,
    /// The structural schema as written, for pruning, defaulting and validation.
    pub schema: Schema,
    /// Whether the API answers for it.
    pub served: bool,
    /// Whether objects are stored in it.
    pub storage: bool,
    /// What the `Warning` header says to users of a deprecated version.
    pub deprecation_warning: Option<String>,
    /// Columns of `kubectl get`, after the name.
    pub printer_columns: Vec<PrinterColumn>,
}

/// One of `additionalPrinterColumns`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrinterColumn {
    /// Heading.
    pub name: String,
    /// OpenAPI type: `string`, `integer`, `number`, `boolean`, `date`.
    pub type_: Text,
    /// OpenAPI format; may be empty.
    pub format: Text,
    /// For people; may be empty.
    pub description: String,
    /// 0 is shown always, more only with `-o wide`.
    pub priority: i64,
    /// Where the value stands, such as `.status.phase`.
    pub json_path: String,
}

/// The versions of a definition, in its order. Parts that are missing read as empty: a definition is
/// validated before it is used.
pub fn versions(crd: &Value) -> Vec<CustomVersion> {
    let versions = crd.at(["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    versions.iter().map(|version| custom_version(crd, version)).collect()
}

fn custom_version(crd: &Value, version: &Value) -> CustomVersion {
    let kind = kind(crd, version);
    let flag = |key| version.get(key).and_then(Value::as_bool).unwrap_or_default();
    let json = version.at(["schema", "openAPIV3Schema"]);
    let deprecation_warning = flag("deprecated").then(|| {
        version.get("deprecationWarning").and_then(Value::as_str).map_or_else(
            || format!("{} {} is deprecated", kind.api_version(), kind.kind),
            str::to_owned,
        )
    });
    CustomVersion {
        schema: json.map_or(
            Schema { type_: Type::Object, preserve_unknown_fields: true, ..Schema::ANY },
            structural::parse,
        ),
        served: flag("served"),
        storage: flag("storage"),
        deprecation_warning,
        printer_columns: list(version, "additionalPrinterColumns").iter().map(column).collect(),
        kind,
    }
}

fn column(json: &Value) -> PrinterColumn {
    PrinterColumn {
        name: text(json, "name").into(),
        type_: text(json, "type").into(),
        format: text(json, "format").into(),
        description: text(json, "description").into(),
        priority: json.get("priority").and_then(Value::as_int).unwrap_or_default(),
        json_path: text(json, "jsonPath").into(),
    }
}

fn kind(crd: &Value, version: &Value) -> Kind {
    const VERBS: [&str; 8] =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let empty = Value::Null;
    let spec = crd.get("spec").unwrap_or(&empty);
    let names = spec.get("names").unwrap_or(&empty);
    let or = |key: &str, other: String| match text(names, key) {
        "" => other,
        given => given.to_owned(),
    };
    let name = text(names, "kind");
    let mut kind = Kind {
        group: text(spec, "group").into(),
        version: text(version, "name").into(),
        kind: name.into(),
        list_kind: or("listKind", format!("{name}List")).into(),
        plural: text(names, "plural").into(),
        singular: or("singular", name.to_lowercase()).into(),
        short_names: texts(names, "shortNames"),
        categories: texts(names, "categories"),
        namespaced: text(spec, "scope") == "Namespaced",
        verbs: VERBS.map(Text::const_new).to_vec(),
        ..Kind::default()
    };
    kind.selectable_fields = list(version, "selectableFields")
        .iter()
        .map(|f| text(f, "jsonPath").trim_start_matches('.').into())
        .collect();
    let update = || ["get", "patch", "update"].map(Text::const_new).to_vec();
    if let Some(scale) = version.at(["subresources", "scale"]) {
        let path = |key| Text::from(text(scale, key).trim_start_matches('.'));
        kind.scale = Some(Scale {
            spec_replicas: path("specReplicasPath"),
            status_replicas: path("statusReplicasPath"),
            label_selector: Some(path("labelSelectorPath")).filter(|p| !p.is_empty()),
        });
        kind.subresources.push(Subresource {
            name: "scale".into(),
            speaks: Gvk::new("autoscaling", "v1", "Scale"),
            verbs: update(),
        });
    }
    if version.at(["subresources", "status"]).is_some_and(|s| !s.is_null()) {
        kind.subresources.push(Subresource {
            name: "status".into(),
            speaks: kind.gvk(),
            verbs: update(),
        });
    }
    kind
}

/// The schema as clients and merging see it: `apiVersion`, `kind` and a full `metadata` at the root and in
/// every embedded resource, which the written schema leaves to the server.
pub fn with_object_meta(schema: &Schema) -> Schema {
    let mut whole = schema.clone();
    complete(&mut whole, true);
    whole
}

fn complete(schema: &mut Schema, object: bool) {
    for property in &mut schema.properties {
        complete_branch(&mut property.schema);
    }
    if let Some(items) = &mut schema.items {
        complete_branch(items);
    }
    if let crate::Additional::Of(of) = &mut schema.additional {
        complete_branch(of);
    }
    if object || schema.embedded_resource {
        let string = || Branch::from(Schema { type_: Type::String, ..Schema::ANY });
        let metadata = builtin::branch("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        for (name, branch) in [
            ("apiVersion", string()),
            ("kind", string()),
            ("metadata", metadata.unwrap_or_else(|| Schema::ANY.into())),
        ] {
            let property =
                Property { name: name.into(), presence: Presence::Given, schema: branch };
            match schema.properties.binary_search_by(|p| p.name.as_str().cmp(name)) {
                Ok(at) => schema.properties[at] = property,
                Err(at) => schema.properties.insert(at, property),
            }
        }
    }
}

fn complete_branch(branch: &mut Branch) {
    if let Branch::Own(own) = branch
        && has_embedded(own)
    {
        complete(std::sync::Arc::make_mut(own), false);
    }
}

fn has_embedded(schema: &Schema) -> bool {
    let below = |branch: &Branch| matches!(branch, Branch::Own(own) if has_embedded(own));
    schema.embedded_resource
        || schema.properties.iter().any(|p| below(&p.schema))
        || schema.items.as_ref().is_some_and(below)
        || matches!(&schema.additional, crate::Additional::Of(of) if below(of))
}

fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts(json: &Value, key: &str) -> Vec<Text> {
    list(json, key).iter().filter_map(Value::as_str).map(Text::from).collect()
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_list).unwrap_or_default()
}

#[cfg(test)]
mod tests;
