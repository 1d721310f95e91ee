//! `values.schema.json`: JSON Schema of the drafts 4, 6, 7, 2019-09 and 2020-12, with the texts of
//! `github.com/santhosh-tekuri/jsonschema/v6`, which Helm uses.
//!
//! A library would cost the project more packages than this has files, and would speak in other words than Helm does.
//!
//! Deliberately absent: files and network (a reference that leads out of the schema is an error), checking a schema
//! against its meta-schema, `$dynamicRef` and `$recursiveRef` other than as plain references, content keywords.

mod check;
mod compile;
mod failure;
mod format;
#[cfg(test)]
mod tests;

use crate::render::instance::Instance;
use compile::Schema;
use gotemplate::{Map, Value};
use std::sync::OnceLock;

/// Values are not what schemas want: for each chart its name and what is wrong, as Helm prints it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

/// A chart's schema, compiled when it is first needed.
#[derive(Default)]
pub(crate) struct Checker(OnceLock<Result<Schema, String>>);

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Checker")
    }
}

/// Checks the coalesced values of a chart and of its subcharts.
pub(crate) fn validate(chart: &Instance<'_>, values: &Map) -> Result<(), SchemaError> {
    let mut report = String::new();
    chart_and_below(chart, values, &mut report);
    if report.is_empty() { Ok(()) } else { Err(SchemaError(report)) }
}

fn chart_and_below(chart: &Instance<'_>, values: &Map, report: &mut String) {
    if let Some(text) = &chart.chart.schema
        && let Err(fault) = one(&chart.chart.checker, text, values)
    {
        report.push_str(&chart.name);
        report.push_str(":\n");
        report.push_str(&fault);
    }
    for sub in &chart.dependencies {
        match values.get(&sub.name) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(values)) => chart_and_below(sub, &values, report),
            Some(other) => {
                let found = other.type_name();
                report.push_str(&format!(
                    "{}:\ninvalid type for values: expected object (map), got {found}\n",
                    sub.name
                ));
            }
        }
    }
}

fn one(checker: &Checker, text: &[u8], values: &Map) -> Result<(), String> {
    let schema = checker.0.get_or_init(|| Schema::compile(text)).as_ref().map_err(Clone::clone)?;
    let data =
        Value::Map(std::rc::Rc::new(Map::new(gotemplate::Type::Any, values.entries().clone())));
    let data = data.to_object().map_err(|e| e.to_string())?;
    check::check(schema, &data).map_err(|failure| failure + "\n")
}
