//! From files to a chart: what each file is, and the charts inside (`pkg/chart/v2/loader`).

use super::metadata::{API_VERSION_1, Lock, Metadata};
use super::{BufferedFile, Chart, ChartError, File, archive};
use crate::Cause;
use crate::path::extension;
use std::collections::BTreeMap;

/// How deep charts may lie in each other. Helm has no bound.
pub const MAX_DEPTH: usize = 32;

/// What one chart and all archives inside it may unpack to together. Helm bounds each archive only.
const MAX_UNPACKED: usize = 256 << 20;

pub(super) fn archive(packed: &[u8]) -> Result<Chart, ChartError> {
    let mut left = MAX_UNPACKED;
    let files = archive::files(packed, &mut left)?;
    Loader { left, depth: 0 }.chart(files)
}

pub(super) fn files(files: Vec<BufferedFile>) -> Result<Chart, ChartError> {
    Loader { left: MAX_UNPACKED, depth: 0 }.chart(files)
}

struct Loader {
    left: usize,
    depth: usize,
}

fn file(name: &'static str) -> impl Fn(String) -> ChartError {
    move |text| ChartError::File { file: name, source: Cause::new(text) }
}

impl Loader {
    fn chart(&mut self, files: Vec<BufferedFile>) -> Result<Chart, ChartError> {
        let mut chart = Chart::default();
        let mut metadata = None;
        for found in files.iter().filter(|f| f.name == "Chart.yaml") {
            let metadata: &mut Metadata = metadata.get_or_insert_default();
            metadata.read(&found.data).map_err(file("Chart.yaml"))?;
            if metadata.api_version.is_empty() {
                metadata.api_version = API_VERSION_1.into();
            }
            chart.modified = found.modified;
        }
        let mut subcharts: BTreeMap<String, Vec<BufferedFile>> = BTreeMap::new();
        for found in files {
            place(&mut chart, &mut metadata, &mut subcharts, found)?;
        }
        chart.metadata = metadata.ok_or(ChartError::NoMetadata)?;
        chart.metadata.validate().map_err(ChartError::Validation)?;
        for (name, files) in subcharts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let parent = chart.name().to_owned();
            match self.subchart(&name, files, &parent) {
                Ok(subchart) => chart.dependencies.push(subchart),
                Err(deep @ ChartError::TooDeep(_)) => return Err(deep),
                Err(error) => {
                    return Err(ChartError::Subchart { name, parent, source: Box::new(error) });
                }
            }
        }
        Ok(chart)
    }

    fn subchart(
        &mut self,
        name: &str,
        mut files: Vec<BufferedFile>,
        parent: &str,
    ) -> Result<Chart, ChartError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ChartError::TooDeep(MAX_DEPTH));
        }
        let chart = if extension(name) == ".tgz" {
            let packed = &files[0];
            if packed.name != name {
                let found = &packed.name;
                let text = format!(
                    "error unpacking subchart tar in {parent}: expected {name}, got {found}"
                );
                return Err(ChartError::Invalid(text));
            }
            let files = archive::files(&packed.data, &mut self.left)?;
            self.chart(files)
        } else {
            // A file that lies in charts/ and is no chart does not count.
            files.retain_mut(|f| match f.name.split_once('/') {
                Some((_, inside)) => {
                    f.name = inside.to_owned();
                    true
                }
                None => false,
            });
            self.chart(files)
        };
        self.depth -= 1;
        chart
    }
}

/// Puts one file where it belongs.
fn place(
    chart: &mut Chart,
    metadata: &mut Option<Metadata>,
    subcharts: &mut BTreeMap<String, Vec<BufferedFile>>,
    found: BufferedFile,
) -> Result<(), ChartError> {
    let BufferedFile { name, modified, data } = found;
    match name.as_str() {
        "Chart.yaml" => {}
        "Chart.lock" => chart.lock = Some(Lock::read(&data).map_err(file("Chart.lock"))?),
        "values.yaml" => {
            let values = crate::values::read(&data).map_err(|source| ChartError::File {
                file: "values.yaml",
                source: Cause::new(crate::chain(&source)),
            })?;
            chart.values = values;
        }
        "values.schema.json" => {
            chart.schema = Some(data);
            chart.schema_modified = modified;
        }
        "requirements.yaml" => {
            let metadata = metadata.get_or_insert_default();
            metadata.read(&data).map_err(file("requirements.yaml"))?;
            if metadata.api_version == API_VERSION_1 {
                chart.files.push(File { name, data, modified });
            }
        }
        "requirements.lock" => {
            chart.lock = Some(Lock::read(&data).map_err(file("requirements.lock"))?);
            if metadata.get_or_insert_default().api_version == API_VERSION_1 {
                chart.files.push(File { name, data, modified });
            }
        }
        _ if name.starts_with("templates/") => chart.templates.push(File { name, data, modified }),
        _ => match name.strip_prefix("charts/") {
            Some(inside) if extension(&name) != ".prov" => {
                let of = inside.split('/').next().unwrap_or_default().to_owned();
                let inside = inside.to_owned();
                let files = subcharts.entry(of).or_default();
                files.push(BufferedFile { name: inside, modified, data });
            }
            _ => chart.files.push(File { name, data, modified }),
        },
    }
    Ok(())
}
