//! What templates see: `.Chart`, `.Files`, `.Release`, `.Values` and the rest (`engine.recAllTpls`).

use super::ReleaseFacts;
use super::files::Files;
use super::instance::{Instance, Wanted};
use crate::chart::{Chart, Maintainer, Metadata};
use gotemplate::{Entries, Map, Numbers, Type, Value};
use std::rc::Rc;

/// The Go type of values and of what is handed to templates.
const VALUES: &str = "common.Values";

/// One chart's root objects, in the order of [`Instance`]s: parents before children.
pub(super) struct Contexts(pub(super) Vec<Rc<Map>>);

impl Contexts {
    /// The root objects of a chart and all below it, `values` being the coalesced ones of the first.
    pub(super) fn new(
        root: &Instance<'_>,
        values: Value,
        release: Value,
        capabilities: Value,
    ) -> Self {
        let shared = [("Release", release), ("Capabilities", capabilities)];
        let mut all = Vec::new();
        add(root, values, true, &shared, &mut all);
        Self(all)
    }
}

fn add(
    chart: &Instance<'_>,
    values: Value,
    is_root: bool,
    shared: &[(&str, Value); 2],
    all: &mut Vec<Rc<Map>>,
) -> Value {
    let table = match &values {
        Value::Map(map) => Some(Rc::clone(map)),
        _ => None,
    };
    let subcharts = Rc::new(Map::new(Type::Any, Entries::new()));
    let mut entries: Entries = shared.iter().map(|(name, value)| (*name, value.clone())).collect();
    entries.insert("Chart", describe(chart, is_root));
    entries.insert("Files", Files::object(&chart.chart.files));
    entries.insert("Values", values);
    entries.insert("Subcharts", Value::Map(Rc::clone(&subcharts)));
    let context = Rc::new(Map::named(VALUES, entries));
    all.push(Rc::clone(&context));
    for sub in &chart.dependencies {
        let below = match table.as_ref().and_then(|t| t.get(&sub.name)) {
            Some(map @ Value::Map(_)) => map,
            _ => named(Entries::new()),
        };
        let sub_context = add(sub, below, false, shared, all);
        subcharts.insert(sub.name.as_str(), sub_context);
    }
    Value::Map(context)
}

/// A map of the Go type Helm gives to values.
pub(super) fn named(entries: Entries) -> Value {
    Value::Map(Rc::new(Map::named(VALUES, entries)))
}

impl ReleaseFacts {
    pub(super) fn object(&self) -> Value {
        let entries: [(&str, Value); 6] = [
            ("Name", self.name.as_str().into()),
            ("Namespace", self.namespace.as_str().into()),
            ("IsUpgrade", self.is_upgrade.into()),
            ("IsInstall", (!self.is_upgrade).into()),
            ("Revision", Value::int(self.revision)),
            ("Service", "Helm".into()),
        ];
        Value::map(entries.into_iter().collect())
    }
}

/// `.Chart`: a map with the names of the fields of Helm's struct.
fn describe(instance: &Instance<'_>, is_root: bool) -> Value {
    let Chart { metadata, .. } = instance.chart;
    let Metadata { sources, keywords, maintainers, annotations, .. } = metadata;
    let annotations = match annotations {
        None => Map::nil(Type::String),
        Some(all) => {
            let entries = all.iter().map(|(k, v)| (k.as_str(), Value::from(v.as_str())));
            Map::new(Type::String, entries.collect())
        }
    };
    let texts = |all: &[String]| Value::list(all.iter().map(|s| s.as_str().into()).collect());
    let wanted = instance.wanted.iter().flatten().map(Wanted::object).collect();
    let entries: [(&str, Value); 18] = [
        ("APIVersion", metadata.api_version.as_str().into()),
        ("Annotations", annotations.into()),
        ("AppVersion", metadata.app_version.as_str().into()),
        ("Condition", metadata.condition.as_str().into()),
        ("Dependencies", Value::list(wanted)),
        ("Deprecated", metadata.deprecated.into()),
        ("Description", metadata.description.as_str().into()),
        ("Home", metadata.home.as_str().into()),
        ("Icon", metadata.icon.as_str().into()),
        ("IsRoot", is_root.into()),
        ("Keywords", texts(keywords)),
        ("KubeVersion", metadata.kube_version.as_str().into()),
        ("Maintainers", Value::list(maintainers.iter().map(Maintainer::object).collect())),
        ("Name", instance.name.as_str().into()),
        ("Sources", texts(sources)),
        ("Tags", metadata.tags.as_str().into()),
        ("Type", metadata.kind.as_str().into()),
        ("Version", metadata.version.as_str().into()),
    ];
    Value::map(entries.into_iter().collect())
}

impl Maintainer {
    fn object(&self) -> Value {
        let entries: [(&str, Value); 3] = [
            ("Email", self.email.as_str().into()),
            ("Name", self.name.as_str().into()),
            ("URL", self.url.as_str().into()),
        ];
        Value::map(entries.into_iter().collect())
    }
}

impl Wanted {
    fn object(&self) -> Value {
        let d = &self.dependency;
        let imports: Vec<Value> = match &self.imports {
            None => {
                let import = |v| Value::from_object(v, Numbers::Float64);
                d.import_values.iter().map(import).collect()
            }
            Some(all) => {
                let import = |(child, parent): &(String, String)| -> Value {
                    let entries: [(&str, Value); 2] =
                        [("child", child.as_str().into()), ("parent", parent.as_str().into())];
                    Map::new(Type::String, entries.into_iter().collect()).into()
                };
                all.iter().map(import).collect()
            }
        };
        let entries: [(&str, Value); 8] = [
            ("Alias", d.alias.as_str().into()),
            ("Condition", d.condition.as_str().into()),
            ("Enabled", d.enabled.into()),
            ("ImportValues", Value::list(imports)),
            ("Name", d.name.as_str().into()),
            ("Repository", d.repository.as_str().into()),
            ("Tags", Value::list(d.tags.iter().map(|t| t.as_str().into()).collect())),
            ("Version", d.version.as_str().into()),
        ];
        Value::map(entries.into_iter().collect())
    }
}
