//! The kinds of `catalog.yaml`.

use object::{Dialect, from_yaml, to_json};
use serde_json::Value;

/// One kind, with objects of its own for one case.
pub(crate) struct Entry {
    pub(crate) resource: String,
    pub(crate) object: Value,
    pub(crate) changes: Vec<Value>,
    pub(crate) invalid: Vec<Value>,
    /// Where objects of the kind are made.
    pub(crate) collection: String,
    /// Whether strategic merge patches are for it.
    pub(crate) builtin: bool,
}

impl Entry {
    /// Where the object is.
    pub(crate) fn path(&self) -> String {
        let name = self.object["metadata"]["name"].as_str().unwrap();
        format!("{}/{name}", self.collection)
    }
}

/// Kinds that live in no namespace.
const CLUSTER: &[&str] = &[
    "namespaces",
    "nodes",
    "persistentvolumes",
    "ingressclasses",
    "clusterroles",
    "clusterrolebindings",
    "storageclasses",
    "csidrivers",
    "csinodes",
    "volumeattachments",
    "priorityclasses",
    "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "runtimeclasses",
    "flowschemas",
    "prioritylevelconfigurations",
    "apiservices",
    "certificatesigningrequests",
    "ipaddresses",
    "servicecidrs",
    "deviceclasses",
];

/// Every kind; `number` tells the objects of one case from those of others.
pub(crate) fn entries(number: usize) -> Vec<Entry> {
    let text = include_str!("catalog.yaml").replace("{n}", &number.to_string());
    let documents = from_yaml(&text, Dialect::Sigs).unwrap();
    let values =
        documents.iter().map(|d| serde_json::from_slice::<Value>(&to_json(&d.value)).unwrap());
    values.map(entry).collect()
}

fn entry(document: Value) -> Entry {
    let resource = document["resource"].as_str().unwrap().to_owned();
    let list = |key: &str| document[key].as_array().cloned().unwrap_or_default();
    let version = document["object"]["apiVersion"].as_str().unwrap();
    let namespace = if CLUSTER.contains(&resource.as_str()) { "" } else { "/namespaces/default" };
    let root = if version.contains('/') { "/apis" } else { "/api" };
    Entry {
        collection: format!("{root}/{version}{namespace}/{resource}"),
        object: document["object"].clone(),
        changes: list("changes"),
        invalid: list("invalid"),
        builtin: true,
        resource,
    }
}
