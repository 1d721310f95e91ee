//! The custom resource definitions, as values: what the API server checks, fills in, drops and shows.
//!
//! They accept, refuse, fill in and drop what Flux 2.9's own do; the sentences that `kubectl explain`
//! shows are ours. Deliberately absent: installing them.

mod git_repository;
mod helm_release;
mod helm_source;
mod kustomization;
mod oci_repository;
mod schema;
mod shared;

use crate::meta::Typed;
use object::{Map, Value, map};
use schema::{Schema, object as structure, optional, string};

/// The Flux release whose API this is; `flux check` shows it as the distribution.
const FLUX_VERSION: &str = "v2.9.4";

/// One definition per kind of this crate.
pub fn crds() -> Vec<Value> {
    [
        git_repository::definition(),
        kustomization::definition(),
        helm_source::repository(),
        helm_source::chart(),
        oci_repository::definition(),
        helm_release::definition(),
    ]
    .into_iter()
    .map(Definition::finish)
    .collect()
}

/// A column of `kubectl get`.
struct Column {
    name: &'static str,
    path: &'static str,
    kind: &'static str,
}

impl Column {
    const fn text(name: &'static str, path: &'static str) -> Self {
        Self { name, path, kind: "string" }
    }

    const fn age() -> Self {
        Self { name: "Age", path: ".metadata.creationTimestamp", kind: "date" }
    }
}

const READY: Column = Column::text("Ready", r#".status.conditions[?(@.type=="Ready")].status"#);
const STATUS: Column = Column::text("Status", r#".status.conditions[?(@.type=="Ready")].message"#);

/// What tells one definition from another.
struct Definition {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    categories: &'static [&'static str],
    /// The controller of Flux that has the kind.
    component: &'static str,
    columns: Vec<Column>,
    doc: &'static str,
    spec: Schema,
    status: Schema,
}

impl Definition {
    fn of<T: Typed>() -> Self {
        Self {
            group: T::GROUP,
            version: T::VERSION,
            kind: T::KIND,
            plural: T::PLURAL,
            short: &[],
            categories: &[],
            component: "",
            columns: Vec::new(),
            doc: "",
            spec: structure(Vec::new(), ""),
            status: structure(Vec::new(), ""),
        }
    }

    fn finish(self) -> Value {
        let metadata = map! {
            "name": format!("{}.{}", self.plural, self.group),
            "labels": map! {
                "app.kubernetes.io/component": self.component,
                "app.kubernetes.io/instance": "flux-system",
                "app.kubernetes.io/part-of": "flux",
                "app.kubernetes.io/version": FLUX_VERSION,
            },
            // The expressions in it look like variables.
            "annotations": map! { "kustomize.toolkit.fluxcd.io/substitute": "disabled" },
        };
        let names = map! {
            "kind": self.kind,
            "listKind": format!("{}List", self.kind),
            "plural": self.plural,
            "singular": self.kind.to_lowercase(),
            "shortNames": texts(self.short),
            "categories": texts(self.categories),
        };
        let version = map! {
            "name": self.version,
            "served": true,
            "storage": true,
            "subresources": map! { "status": Map::new() },
            "additionalPrinterColumns": self.columns.iter().map(column).collect::<Vec<_>>(),
            "schema": map! { "openAPIV3Schema": root(self.doc, self.spec, self.status) },
        };
        map! {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": metadata,
            "spec": map! {
                "group": self.group,
                "names": names,
                "scope": "Namespaced",
                "versions": vec![Value::from(version)],
            },
        }
        .into()
    }
}

fn texts(list: &[&str]) -> Vec<Value> {
    list.iter().map(|t| Value::from(*t)).collect()
}

fn column(column: &Column) -> Value {
    map! {"name": column.name, "jsonPath": column.path, "type": column.kind}.into()
}

fn root(doc: &str, spec: Schema, status: Schema) -> Map {
    let members = vec![
        optional("apiVersion", string("Group and version of the resource.")),
        optional("kind", string("Kind of the resource.")),
        optional("metadata", schema::anything()),
        optional("spec", spec),
        optional("status", status),
    ];
    structure(members, doc).finish()
}

#[cfg(test)]
mod tests;
