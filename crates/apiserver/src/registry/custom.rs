//! CustomResourceDefinitions as resources that are served.

use super::{CustomSource, SchemaRef, Served, Snapshot};
use crate::convert::Conversion;
use crate::store::ResourceId;
use crate::table::Printer;
use compact_str::CompactString;
use object::{Gvk, Manifest, Value};
use schema::custom::{versions, with_object_meta};
use schema::rules::Rules;
use std::sync::Arc;

/// The versions that a CustomResourceDefinition serves, converted by a webhook where there is one.
pub fn served_versions(crd: &Value, conversion: Option<Arc<Conversion>>) -> Vec<Arc<Served>> {
    let text = |path: &[&str]| {
        let value = path.iter().try_fold(crd, |v, key| v.get(key));
        value.and_then(Value::as_str).unwrap_or_default()
    };
    let source = Arc::new(CustomSource {
        name: crd.name().to_owned(),
        uid: crd.meta("uid").unwrap_or_default().to_owned(),
        fingerprint: crate::discovery::openapi::hash(&object::to_json(
            crd.get("spec").unwrap_or(&Value::Null),
        )),
        conversion,
    });
    let group = text(&["spec", "group"]);
    let versions = versions(crd);
    let storage = versions.iter().find(|v| v.storage).map(|v| v.kind.gvk());
    let storage = storage.unwrap_or_else(|| Gvk::new(group, "", text(&["spec", "names", "kind"])));
    let columns = list(crd.at(["spec", "versions"]));
    versions
        .into_iter()
        .zip(columns)
        .filter(|(version, _)| version.served)
        .map(|(version, json)| {
            Arc::new(Served {
                id: ResourceId::new(group, text(&["spec", "names", "plural"])),
                whole: SchemaRef::Custom(Arc::new(with_object_meta(&version.schema))),
                rules: Some(Rules::compile(&version.schema)).filter(|r| !r.is_empty()),
                schema: SchemaRef::Custom(Arc::new(version.schema)),
                kind: version.kind,
                storage: storage.clone(),
                printer: Printer::custom(json.get("additionalPrinterColumns")),
                custom: Some(source.clone()),
                deprecation: version.deprecation_warning,
            })
        })
        .collect()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<CompactString> {
    list(value).iter().filter_map(|v| v.as_str().map(CompactString::new)).collect()
}

/// Whether the names of a definition are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamesCheck {
    /// They are.
    Accepted,
    /// They are taken: reason and message of the condition.
    Taken {
        /// Such as `PluralConflict`.
        reason: &'static str,
        /// Such as `"pods" is already in use`.
        message: String,
    },
}

/// Looks for another resource of the group that has one of the names.
pub fn check_names(crd: &Value, snapshot: &Snapshot) -> NamesCheck {
    let group = crd.at(["spec", "group"]).and_then(Value::as_str).unwrap_or_default();
    let names = crd.at(["spec", "names"]);
    let text = |key: &str| names.and_then(|n| n.get(key)).and_then(Value::as_str).unwrap_or("");
    let others: Vec<&Arc<Served>> = snapshot
        .group(group)
        .unwrap_or_default()
        .iter()
        .flat_map(|v| &v.resources)
        .filter(|s| s.custom.as_ref().is_none_or(|c| c.name != crd.name()))
        .collect();
    let taken = |reason, name: &str| NamesCheck::Taken {
        reason,
        message: format!("{name:?} is already in use"),
    };
    let is_name = |s: &Arc<Served>, name: &str| {
        s.kind.plural == name
            || s.kind.singular == name
            || s.kind.short_names.iter().any(|n| n == name)
    };
    for (key, reason) in [("plural", "PluralConflict"), ("singular", "SingularConflict")] {
        let name = text(key);
        if !name.is_empty() && others.iter().any(|s| is_name(s, name)) {
            return taken(reason, name);
        }
    }
    for name in texts(names.and_then(|n| n.get("shortNames"))) {
        if others.iter().any(|s| is_name(s, &name)) {
            return taken("ShortNamesConflict", &name);
        }
    }
    for (key, reason) in [("kind", "KindConflict"), ("listKind", "ListKindConflict")] {
        let name = text(key);
        let same = |s: &&Arc<Served>| s.kind.kind == name || s.kind.list_kind == name;
        if !name.is_empty() && others.iter().any(same) {
            return taken(reason, name);
        }
    }
    NamesCheck::Accepted
}
