//! Charts: read from an archive or a directory, checked as Helm checks them, parsed once and rendered many times.
//!
//! Deliberately absent: fetching charts and their dependencies, provenance files.

mod archive;
mod directory;
mod ignore;
mod load;
mod metadata;
mod tar;
#[cfg(test)]
mod tests;

pub use archive::{ArchiveError, MAX_CHART_BYTES};
pub use ignore::{IGNORE_FILE, IgnoreError};
pub use load::MAX_DEPTH;
pub use metadata::{API_VERSION_1, Dependency, Lock, Maintainer, Metadata};
pub use tar::TarError;

use crate::Cause;
use crate::render::Compiled;
use crate::schema::Checker;
use object::Map;
use std::sync::Arc;
use tree::{Tree, TreeError, TreePath};

/// A chart with its defaults, templates, files and subcharts. Usable on any thread; what rendering compiles is kept
/// with it, so keep the chart and render it many times.
#[derive(Debug, Default)]
pub struct Chart {
    /// What `Chart.yaml` says.
    pub metadata: Metadata,
    /// What `Chart.lock` says, when there is one.
    pub lock: Option<Lock>,
    /// What lies in `templates/`, by its path from the chart's root.
    pub templates: Vec<File>,
    /// The defaults of `values.yaml`. Numbers are [`object::Value::Float`], as templates see them.
    pub values: Map,
    /// The text of `values.schema.json`.
    pub schema: Option<Arc<[u8]>>,
    /// Everything else, `crds/` included.
    pub files: Vec<File>,
    /// What lies in `charts/`.
    pub dependencies: Vec<Chart>,
    /// When `Chart.yaml` was last changed, in seconds since 1970, where the archive says.
    pub modified: Option<i64>,
    /// When the schema was last changed.
    pub schema_modified: Option<i64>,
    pub(crate) compiled: Compiled,
    pub(crate) checker: Checker,
}

/// A file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path from the chart's root.
    pub name: String,
    /// Its bytes, without a byte order mark.
    pub data: Arc<[u8]>,
    /// When it was last changed, in seconds since 1970, where the archive says.
    pub modified: Option<i64>,
}

/// A file on the way into a chart.
#[derive(Clone, Debug)]
pub(crate) struct BufferedFile {
    pub(crate) name: String,
    pub(crate) modified: Option<i64>,
    pub(crate) data: Arc<[u8]>,
}

/// Why there is no chart. Joined with the sources by `: ` the text is Helm's.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// `.helmignore`.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    /// The directory could not be read.
    #[error("the chart's directory cannot be read")]
    Read(#[source] TreeError),
    /// A symbolic link that leads nowhere or out of the tree.
    #[error("error evaluating symlink {0}: it leads nowhere, or out of the tree the chart is in")]
    Link(String),
    /// `Chart.yaml` is not there.
    #[error("Chart.yaml file is missing")]
    NoMetadata,
    /// A file of the chart cannot be read.
    #[error("cannot load {file}")]
    File {
        /// Which.
        file: &'static str,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// `Chart.yaml` says what it must not.
    #[error("validation: {0}")]
    Validation(String),
    /// Another fault, in Helm's words.
    #[error("{0}")]
    Invalid(String),
    /// A chart inside `charts/`.
    #[error("error unpacking subchart {name} in {parent}")]
    Subchart {
        /// Its file or directory.
        name: String,
        /// The chart it belongs to.
        parent: String,
        /// What is wrong with it.
        #[source]
        source: Box<ChartError>,
    },
    /// Charts or directories inside each other without end.
    #[error("the chart nests deeper than {0} levels")]
    TooDeep(usize),
}

impl Chart {
    /// Reads a packed chart (`.tgz`).
    ///
    /// # Errors
    /// [`ChartError`] in Helm's words; bombs, paths that leave the chart and invalid metadata are refused.
    pub fn from_archive(packed: &[u8]) -> Result<Self, ChartError> {
        load::archive(packed)
    }

    /// Reads the chart in the directory `root` of a tree, heeding its `.helmignore`.
    ///
    /// # Errors
    /// As [`Chart::from_archive`].
    pub fn from_tree(tree: &dyn Tree, root: &TreePath) -> Result<Self, ChartError> {
        load::files(directory::files(tree, root)?)
    }

    /// Reads a chart from its files by their paths from its root.
    ///
    /// # Errors
    /// As [`Chart::from_archive`].
    pub fn from_files(
        files: impl IntoIterator<Item = (String, Arc<[u8]>)>,
    ) -> Result<Self, ChartError> {
        let buffered = |(name, data)| BufferedFile { name, modified: None, data };
        load::files(files.into_iter().map(buffered).collect())
    }

    /// The chart's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Fails for a library, which cannot be installed by itself.
    ///
    /// # Errors
    /// The type as it stands in `Chart.yaml`, in Helm's words.
    pub fn check_installable(&self) -> Result<(), ChartError> {
        match self.metadata.kind.as_str() {
            "" | "application" => Ok(()),
            kind => Err(ChartError::Invalid(format!("{kind} charts are not installable"))),
        }
    }

    /// Fails where charts that `Chart.yaml` wants are not in `charts/`.
    ///
    /// # Errors
    /// Their names, in Helm's words.
    pub fn check_dependencies(&self) -> Result<(), ChartError> {
        let missing = self.missing_dependencies();
        if missing.is_empty() {
            return Ok(());
        }
        let text = "an error occurred while checking for chart dependencies. You may need to run \
                    'helm dependency build' to fetch missing dependencies: found in Chart.yaml, \
                    but missing in charts/ directory";
        Err(ChartError::Invalid(format!("{text}: {}", missing.join(", "))))
    }

    /// The wanted charts that are not in `charts/`.
    pub fn missing_dependencies(&self) -> Vec<&str> {
        let wanted = self.metadata.dependencies.iter().flatten().map(|d| d.name.as_str());
        wanted.filter(|name| !self.dependencies.iter().any(|d| d.name() == *name)).collect()
    }
}
