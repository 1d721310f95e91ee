//! `index.yaml`, read through for one chart without building the rest.
//!
//! An index as Helm writes it is block YAML, in which a chart's part is told by indentation alone: the lines of one
//! chart are collected while the file streams by, and only those are parsed. An index in JSON streams through a
//! reader that skips all other charts. Only what is written in neither way is read as a whole. Choosing a version
//! follows Flux's `ChartRepository.GetChartVersion`.

mod json;

use object::{Dialect, Value, from_yaml_one};
use semver::{Constraint, Version};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// One version of a chart, as the index has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Name of the chart.
    pub name: String,
    /// Version.
    pub version: String,
    /// Where archives are; the first counts.
    pub urls: Vec<String>,
    /// SHA-256 of the archive in hex.
    pub digest: Option<String>,
    /// When it was packed, RFC 3339.
    pub created: Option<String>,
}

/// Why an index gives no chart.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be read.
    #[error("the index cannot be read")]
    Read(#[from] io::Error),
    /// It is no index.
    #[error("the index is no Helm index: {0}")]
    Malformed(String),
    /// No chart of that name.
    #[error("no chart '{0}' is in the index; check spec.chart")]
    NoChart(String),
    /// No version that fits.
    #[error("no '{chart}' chart with version matching '{range}' found")]
    NoVersion {
        /// The chart.
        chart: String,
        /// What was asked for.
        range: String,
    },
    /// What was asked for is no range of versions.
    #[error("'{range}' is no version and no range of versions")]
    Range {
        /// What was asked for.
        range: String,
        /// Why not.
        #[source]
        source: semver::ConstraintError,
    },
    /// Nowhere to get the archive from.
    #[error("chart '{0}' has no downloadable URLs")]
    NoUrl(String),
}

/// The ways an index is written.
enum Writing {
    Json,
    Block,
    Other,
}

/// Whether a file is an index: it has to say its `apiVersion`.
///
/// # Errors
/// [`IndexError`] when it is none.
pub fn check(path: &Path) -> Result<(), IndexError> {
    let said = match writing(path)? {
        Writing::Json => json::api_version(reader(path)?)?,
        Writing::Block => lines(path)?.any(|l| l.is_ok_and(|l| l.starts_with(b"apiVersion:"))),
        Writing::Other => whole(path)?.get("apiVersion").is_some(),
    };
    if said { Ok(()) } else { Err(IndexError::Malformed("it says no apiVersion".to_owned())) }
}

/// All versions of a chart, in the order of the index.
///
/// # Errors
/// [`IndexError::NoChart`] when there is none; [`IndexError`] when the file cannot be read.
pub fn versions(path: &Path, chart: &str) -> Result<Vec<Entry>, IndexError> {
    let found = match writing(path)? {
        Writing::Json => json::entries(reader(path)?, chart)?,
        Writing::Block => match section(path, chart)? {
            None => None,
            Some(text) => match from_yaml_one(&text, Dialect::Sigs) {
                Ok(value) => value.as_map().and_then(|m| m.values().next().cloned()),
                // Such as an alias to what stands elsewhere.
                Err(_) => of_whole(&whole(path)?, chart),
            },
        },
        Writing::Other => of_whole(&whole(path)?, chart),
    };
    let found = found.ok_or_else(|| IndexError::NoChart(chart.to_owned()))?;
    let entries: Vec<Entry> =
        found.as_list().unwrap_or_default().iter().map(|v| entry(v, chart)).collect();
    if entries.is_empty() {
        return Err(IndexError::NoChart(chart.to_owned()));
    }
    Ok(entries)
}

/// The version that `range` means: the one written exactly so, else the highest that satisfies it; of equal ones the
/// youngest. An empty range and `*` mean the highest that is no prerelease.
///
/// # Errors
/// [`IndexError`] when none fits.
pub fn choose<'a>(entries: &'a [Entry], chart: &str, range: &str) -> Result<&'a Entry, IndexError> {
    if !range.is_empty()
        && let Some(exact) = entries.iter().find(|e| e.version == range)
    {
        return Ok(exact);
    }
    let wanted = if range.is_empty() { "*" } else { range };
    let constraint = Constraint::parse(wanted)
        .map_err(|source| IndexError::Range { range: range.to_owned(), source })?;
    let fitting = entries.iter().filter_map(|e| {
        let version =
            Version::parse_full(e.version.strip_prefix('v').unwrap_or(&e.version)).ok()?;
        constraint.matches(&version).then_some((version, e))
    });
    let best = fitting.reduce(|best, other| {
        let younger = || moment(other.1) > moment(best.1);
        let order = other.0.cmp(&best.0);
        if order.is_gt() || (order.is_eq() && younger()) { other } else { best }
    });
    best.map(|(_, entry)| entry)
        .ok_or_else(|| IndexError::NoVersion { chart: chart.to_owned(), range: wanted.to_owned() })
}

fn moment(entry: &Entry) -> Option<jiff::Timestamp> {
    entry.created.as_deref()?.parse().ok()
}

fn entry(value: &Value, chart: &str) -> Entry {
    let text = |key: &str| match value.get(key) {
        Some(Value::String(text)) => Some(text.to_string()),
        // A version such as 1.0 without quotes is a number to YAML.
        Some(other @ (Value::Int(_) | Value::Float(_))) => {
            Some(String::from_utf8_lossy(&object::to_json(other)).into_owned())
        }
        _ => None,
    };
    let urls = value.get("urls").and_then(Value::as_list).unwrap_or_default();
    Entry {
        name: text("name").unwrap_or_else(|| chart.to_owned()),
        version: text("version").unwrap_or_default(),
        urls: urls.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        digest: text("digest").filter(|d| !d.is_empty()),
        created: text("created"),
    }
}

fn reader(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(1 << 16, File::open(path)?))
}

fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>>> {
    Ok(reader(path)?.split(b'\n'))
}

/// How the file is written. Block means that `entries:` stands alone at the margin.
fn writing(path: &Path) -> Result<Writing, IndexError> {
    let mut first = None;
    for line in lines(path)? {
        let line = line?;
        let text = line.trim_ascii();
        if first.is_none() && !text.is_empty() {
            first = text.first().copied();
            if first == Some(b'{') {
                return Ok(Writing::Json);
            }
        }
        if line.starts_with(b"entries:") {
            return Ok(if text == b"entries:" { Writing::Block } else { Writing::Other });
        }
    }
    Ok(Writing::Other)
}

fn whole(path: &Path) -> Result<Value, IndexError> {
    let mut text = String::new();
    reader(path)?.read_to_string(&mut text)?;
    from_yaml_one(&text, Dialect::Sigs).map_err(|e| IndexError::Malformed(e.to_string()))
}

fn of_whole(index: &Value, chart: &str) -> Option<Value> {
    index.at(["entries", chart]).cloned()
}

/// The lines of one chart.
fn section(path: &Path, chart: &str) -> Result<Option<String>, IndexError> {
    let mut inside = false;
    let mut margin = None;
    let mut taken: Option<Vec<u8>> = None;
    for line in lines(path)? {
        let line = line?;
        if !inside {
            inside = line.trim_ascii_end() == b"entries:";
            continue;
        }
        let indent = line.iter().take_while(|b| **b == b' ').count();
        let text = line.trim_ascii();
        if text.is_empty() || (text[0] == b'#' && taken.is_none()) {
            continue;
        }
        let margin = *margin.get_or_insert(indent);
        if indent < margin || (indent == 0 && margin > 0) {
            break;
        }
        let is_key = indent == margin && !text.starts_with(b"- ") && text != b"-";
        if is_key {
            if taken.is_some() {
                break;
            }
            if key(text) == Some(chart.as_bytes()) {
                taken = Some(Vec::new());
            }
        }
        if let Some(taken) = &mut taken {
            taken.extend_from_slice(&line);
            taken.push(b'\n');
        }
    }
    let Some(taken) = taken else { return Ok(None) };
    String::from_utf8(taken)
        .map(Some)
        .map_err(|_| IndexError::Malformed(format!("the part of '{chart}' is not UTF-8")))
}

/// The key that a line such as `"name": ...` begins.
fn key(line: &[u8]) -> Option<&[u8]> {
    for quote in [b'"', b'\''] {
        if line.first() == Some(&quote) {
            let end = line[1..].iter().position(|b| *b == quote)?;
            return line[end + 2..].trim_ascii_start().starts_with(b":").then_some(&line[1..=end]);
        }
    }
    let end = line
        .windows(2)
        .position(|w| w == b": ")
        .or_else(|| line.ends_with(b":").then(|| line.len() - 1))?;
    Some(&line[..end])
}

#[cfg(test)]
mod tests;
