//! A chart as it takes part in one render: dependencies chosen by conditions and tags, renamed by aliases, values
//! imported (`helm.sh/helm/v4/pkg/chart/v2/util/dependencies.go`).

use super::RenderError;
use crate::chart::{Chart, Dependency};
use crate::values::coalesce::{
    Nulls, TypeMismatch, coalesce, copy_table, deep_copy, path_value, table, tables,
};
use gotemplate::{Entries, Map, Numbers, Type, Value};
use std::rc::Rc;

/// A chart in a render.
pub(crate) struct Instance<'c> {
    pub(crate) chart: &'c Chart,
    /// Its name, or the alias it was given.
    pub(crate) name: String,
    /// What `.Chart.Dependencies` says, after conditions, tags and aliases.
    pub(crate) wanted: Option<Vec<Wanted>>,
    /// The defaults, where imported values changed them.
    pub(crate) imported: Option<object::Map>,
    pub(crate) dependencies: Vec<Instance<'c>>,
}

/// A dependency as templates see it.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) dependency: Dependency,
    /// What `import-values` became; `None` while it is as written.
    pub(crate) imports: Option<Vec<(String, String)>>,
}

impl<'c> Instance<'c> {
    /// The chart with everything that lies in it.
    pub(crate) fn whole(chart: &'c Chart) -> Self {
        let wanted = |d: &Dependency| Wanted { dependency: d.clone(), imports: None };
        Self {
            chart,
            name: chart.metadata.name.clone(),
            wanted: chart.metadata.dependencies.as_ref().map(|d| d.iter().map(wanted).collect()),
            imported: None,
            dependencies: chart.dependencies.iter().map(Self::whole).collect(),
        }
    }

    /// Chooses dependencies by the user's values and imports values, without the compiled form.
    pub(crate) fn prepare(&mut self, values: &object::Map) -> Result<(), RenderError> {
        let user = Rc::new(Map::new(Type::Any, Entries::from_object(values, Numbers::Int64)));
        self.choose(&user, "").map_err(RenderError::Dependencies)?;
        self.import().map_err(RenderError::Dependencies)
    }

    /// A copy of the defaults for one use.
    pub(crate) fn default_values(&self) -> Entries {
        let map = self.imported.as_ref().unwrap_or(&self.chart.values);
        Entries::from_object(map, Numbers::Int64)
    }

    /// Chooses among the dependencies (`processDependencyEnabled`). `path` leads to this chart's values.
    pub(crate) fn choose(&mut self, values: &Rc<Map>, path: &str) -> Result<(), TypeMismatch> {
        let Some(wanted) = &mut self.wanted else { return Ok(()) };
        self.dependencies = pair(std::mem::take(&mut self.dependencies), wanted);
        for wanted in wanted.iter_mut() {
            let dependency = &mut wanted.dependency;
            if !dependency.alias.is_empty() {
                dependency.name = dependency.alias.clone();
            }
            dependency.enabled = true;
        }
        let coalesced = copy_table(values);
        coalesce(self, &coalesced, Nulls::Remove)?;
        let Some(wanted) = &mut self.wanted else { return Ok(()) };
        by_tags(wanted, &coalesced);
        by_conditions(wanted, &coalesced, path);
        let off =
            |name: &str| wanted.iter().any(|w| !w.dependency.enabled && w.dependency.name == name);
        self.dependencies.retain(|d| !off(&d.name));
        let kept: Vec<_> = wanted.iter().filter(|w| !off(&w.dependency.name)).cloned().collect();
        for dependency in &mut self.dependencies {
            let below = format!("{path}{}.", dependency.name);
            dependency.choose(&coalesced, &below)?;
        }
        // An empty list is no list: Helm builds the new one by appending to nil.
        self.wanted = Some(kept).filter(|k| !k.is_empty());
        Ok(())
    }

    /// Imports values of subcharts into their parents, from the leaves up (`processDependencyImportValues`).
    pub(crate) fn import(&mut self) -> Result<(), TypeMismatch> {
        for dependency in &mut self.dependencies {
            dependency.import()?;
        }
        let Some(mut wanted) = self.wanted.take() else { return Ok(()) };
        let result = self.import_from(&mut wanted);
        self.wanted = Some(wanted);
        result
    }

    fn import_from(&mut self, wanted: &mut [Wanted]) -> Result<(), TypeMismatch> {
        let all = Rc::new(Map::new(Type::Any, Entries::new()));
        coalesce(self, &all, Nulls::Keep)?;
        let imported = Rc::new(Map::new(Type::Any, Entries::new()));
        for wanted in wanted {
            let mut imports = Vec::new();
            for import in &wanted.dependency.import_values {
                let (child, parent) = match import {
                    object::Value::String(name) => (format!("exports.{name}"), ".".to_owned()),
                    object::Value::Map(map) => {
                        (printed(map.get("child")), printed(map.get("parent")))
                    }
                    _ => continue,
                };
                let from = format!("{}.{child}", wanted.dependency.name);
                if let Some(found) = table(&all, &from) {
                    tables(&imported, &place(&parent, found), Nulls::Keep);
                }
                imports.push((child, parent));
            }
            wanted.imports = Some(imports);
        }
        let merged = match deep_copy(&Value::Map(all)) {
            Value::Map(map) => map,
            _ => return Ok(()),
        };
        tables(&merged, &imported, Nulls::Keep);
        let merged = Value::Map(merged).to_object();
        self.imported = merged.ok().and_then(|mut v| v.as_map_mut().map(std::mem::take));
        Ok(())
    }
}

/// `%v` of a member of an import.
fn printed(value: Option<&object::Value>) -> String {
    match value {
        Some(object::Value::String(s)) => s.to_string(),
        other => {
            let value = other.map_or(Value::Nil, |v| Value::from_object(v, Numbers::Float64));
            gotemplate::fmt::sprintf("%v", &[value]).to_string_lossy().into_owned()
        }
    }
}

/// The table below the names of `path`, `.` for itself.
fn place(path: &str, data: Rc<Map>) -> Rc<Map> {
    if path == "." {
        return data;
    }
    path.split('.').rev().fold(data, |inner, name| {
        let mut entries = Entries::new();
        entries.insert(name, Value::Map(inner));
        Rc::new(Map::new(Type::Any, entries))
    })
}

/// Brings the charts that lie there into the order of what is wanted, once per alias; those nobody asked for come first.
fn pair<'c>(present: Vec<Instance<'c>>, wanted: &[Wanted]) -> Vec<Instance<'c>> {
    let fits = |wanted: &Wanted, chart: &Instance<'_>| {
        wanted.dependency.name == chart.name
            && in_range(&wanted.dependency.version, &chart.chart.metadata.version)
    };
    let unasked = present.iter().filter(|p| !wanted.iter().any(|w| fits(w, p)));
    let mut out: Vec<Instance<'c>> = unasked.map(Instance::again).collect();
    for wanted in wanted {
        if let Some(found) = present.iter().find(|p| fits(wanted, p)) {
            let mut found = found.again();
            if !wanted.dependency.alias.is_empty() {
                found.name = wanted.dependency.alias.clone();
            }
            out.push(found);
        }
    }
    out
}

impl Instance<'_> {
    fn again(&self) -> Self {
        Self {
            chart: self.chart,
            name: self.name.clone(),
            wanted: self.wanted.clone(),
            imported: self.imported.clone(),
            dependencies: self.dependencies.iter().map(Self::again).collect(),
        }
    }
}

/// `IsCompatibleRange`: false also when one of the two cannot be read.
pub(crate) fn in_range(constraint: &str, version: &str) -> bool {
    match (semver::Constraint::parse(constraint), semver::Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.matches(&version),
        _ => false,
    }
}

fn by_tags(wanted: &mut [Wanted], values: &Rc<Map>) {
    let Some(tags) = table(values, "tags") else { return };
    for wanted in wanted {
        let said = |is: bool| {
            let mut tags_of = wanted.dependency.tags.iter();
            tags_of.any(|t| matches!(tags.get(t), Some(Value::Bool(b)) if b == is))
        };
        wanted.dependency.enabled = said(true) || !said(false);
    }
}

fn by_conditions(wanted: &mut [Wanted], values: &Rc<Map>, path: &str) {
    for wanted in wanted {
        let condition = wanted.dependency.condition.trim();
        let said = condition.split(',').filter(|c| !c.is_empty()).find_map(|c| {
            match path_value(values, &format!("{path}{c}")) {
                Some(Value::Bool(b)) => Some(b),
                _ => None,
            }
        });
        if let Some(said) = said {
            wanted.dependency.enabled = said;
        }
    }
}
