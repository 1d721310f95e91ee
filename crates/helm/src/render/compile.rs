//! The templates of a chart and its subcharts as one parsed set, kept with the chart and used again.

use super::error::{TemplateError, parse_error};
use super::instance::{Instance, Wanted};
use crate::path::base;
use gotemplate::{Functions, Limits, MissingKey, Options, Set};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Compiled forms of a chart, one for each set of subcharts that was switched on.
#[derive(Default)]
pub(crate) struct Compiled(Mutex<Vec<Arc<Program>>>);

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compiled")
    }
}

/// So many forms are kept; a chart is seldom rendered with many different sets of subcharts.
const KEPT: usize = 4;

/// A chart, its subcharts as chosen, compiled.
pub(super) struct Program {
    /// The paths of the charts, parents before children.
    key: Vec<String>,
    pub(super) set: Set,
    /// In the order of execution: deepest path first, then by name backwards.
    pub(super) templates: Vec<Template>,
    /// Defaults after imports, and the dependencies as templates see them, in the order of `key`.
    imported: Vec<(Option<object::Map>, Option<Vec<Wanted>>)>,
}

/// One file with a template.
pub(super) struct Template {
    /// Its path with those of the charts around it: `parent/charts/child/templates/a.yaml`.
    pub(super) name: String,
    /// Which chart it belongs to.
    pub(super) chart: usize,
    /// The path of that chart's `templates` directory.
    pub(super) base_path: String,
}

/// How templates are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// A missing key is an error.
    pub(super) strict: bool,
    pub(super) limits: Limits,
}

impl Compiled {
    /// The compiled form for these subcharts; `chart` gets its imported values.
    pub(super) fn program(
        &self,
        chart: &mut Instance<'_>,
        reading: Reading,
    ) -> Result<Arc<Program>, super::RenderError> {
        let mut key = Vec::new();
        paths(chart, "", &mut key);
        let found = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().find(|p| p.key == key).map(Arc::clone)
        };
        if let Some(program) = found.filter(|_| !reading.strict) {
            restore(chart, &mut program.imported.iter());
            return Ok(program);
        }
        chart.import().map_err(super::RenderError::Dependencies)?;
        let mut imported = Vec::new();
        remember(chart, &mut imported);
        let templates = collect(chart, &key);
        let set = parse(&templates, reading)?;
        let templates = templates.into_iter().map(|(t, _)| t).collect();
        let program = Arc::new(Program { key, set, templates, imported });
        if !reading.strict {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.remove(0);
            }
            kept.push(Arc::clone(&program));
        }
        Ok(program)
    }
}

fn paths(chart: &Instance<'_>, above: &str, out: &mut Vec<String>) {
    let own = if above.is_empty() {
        chart.name.clone()
    } else {
        format!("{above}/charts/{}", chart.name)
    };
    out.push(own.clone());
    for sub in &chart.dependencies {
        paths(sub, &own, out);
    }
}

fn remember(chart: &Instance<'_>, out: &mut Vec<(Option<object::Map>, Option<Vec<Wanted>>)>) {
    out.push((chart.imported.clone(), chart.wanted.clone()));
    for sub in &chart.dependencies {
        remember(sub, out);
    }
}

fn restore<'a>(
    chart: &mut Instance<'_>,
    from: &mut impl Iterator<Item = &'a (Option<object::Map>, Option<Vec<Wanted>>)>,
) {
    if let Some((imported, wanted)) = from.next() {
        chart.imported.clone_from(imported);
        chart.wanted.clone_from(wanted);
    }
    for sub in &mut chart.dependencies {
        restore(sub, from);
    }
}

/// The templates and their texts, in the order in which they are parsed and executed.
fn collect<'c>(chart: &Instance<'c>, key: &[String]) -> Vec<(Template, &'c [u8])> {
    let mut by_name = HashMap::new();
    let mut index = 0;
    collect_from(chart, key, &mut index, &mut by_name);
    let mut all: Vec<_> = by_name.into_values().collect();
    let depth = |t: &Template| t.name.bytes().filter(|b| *b == b'/').count();
    all.sort_by(|(a, _), (b, _): &(Template, _)| {
        depth(b).cmp(&depth(a)).then_with(|| b.name.cmp(&a.name))
    });
    all
}

fn collect_from<'c>(
    chart: &Instance<'c>,
    key: &[String],
    index: &mut usize,
    out: &mut HashMap<String, (Template, &'c [u8])>,
) {
    let own = *index;
    *index += 1;
    for sub in &chart.dependencies {
        collect_from(sub, key, index, out);
    }
    let Some(path) = key.get(own) else { return };
    let library = chart.chart.metadata.is_library();
    for file in &chart.chart.templates {
        if library && !base(&file.name).starts_with('_') {
            continue;
        }
        let name = crate::path::clean(&format!("{path}/{}", file.name));
        let base_path = format!("{path}/templates");
        let template = Template { name: name.clone(), chart: own, base_path };
        out.insert(name, (template, &file.data));
    }
}

fn parse(templates: &[(Template, &[u8])], reading: Reading) -> Result<Set, TemplateError> {
    static FUNCTIONS: OnceLock<Arc<Functions>> = OnceLock::new();
    let functions = FUNCTIONS.get_or_init(|| Arc::new(Functions::helm()));
    let mut options = Options::new(Arc::clone(functions));
    options.missing_key = if reading.strict { MissingKey::Error } else { MissingKey::Zero };
    options.limits = reading.limits;
    options.name = "gotpl".into();
    let mut set = Set::new(options);
    for (template, text) in templates {
        let text = String::from_utf8_lossy(text);
        set.parse(&template.name, &text).map_err(|e| parse_error(&template.name, &e))?;
    }
    Ok(set)
}
