//! Why a build failed: where, which object, what, and what to do.

use crate::External;
use std::fmt;
use tree::{TreeError, TreePath};

/// What sort of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A text is no YAML or JSON, or a field has a value of the wrong type.
    Syntax,
    /// A file or directory that is named does not exist.
    Missing,
    /// Something is asked for that is refused: exec functions, files outside the root.
    Refused,
    /// Two objects have one identity.
    Conflict,
    /// A patch, replacement or other transformer does not fit the objects.
    Transform,
    /// A bound on size, depth or work is passed.
    Limit,
    /// Something outside of the tree is named that is not at hand: [`BuildError::external`] says what.
    External,
    /// The storage behind the tree failed; the same build may work later.
    Storage,
}

/// Why a build failed. `Display` says file and line, the object, what is wrong and what to do.
#[derive(Debug)]
pub struct BuildError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    fault: Fault,
    file: Option<TreePath>,
    line: Option<usize>,
    object: Option<String>,
    message: String,
    through: Vec<TreePath>,
    source: Option<TreeError>,
    external: Option<External>,
}

impl BuildError {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            fault,
            file: None,
            line: None,
            object: None,
            message: message.into(),
            through: Vec::new(),
            source: None,
            external: None,
        }))
    }

    pub(crate) fn external_wanted(path: &str, external: External) -> Self {
        let message = match &external {
            External::Chart(_) => format!(
                "the chart '{path}' is not rendered here; use a HelmRelease, or render the chart into \
                 the repository"
            ),
            _ => format!(
                "'{path}' is remote, and remote files and bases are not fetched here; allow them, \
                 make it a source of its own, or copy it into the repository"
            ),
        };
        let mut out = Self::new(Fault::External, message);
        out.0.external = Some(external);
        out
    }

    pub(crate) fn transform(message: impl Into<String>) -> Self {
        Self::new(Fault::Transform, message)
    }

    pub(crate) fn tree(error: TreeError) -> Self {
        let (fault, message) = match &error {
            TreeError::NotFound(path) => {
                (Fault::Missing, format!("{path}: no such file or directory"))
            }
            TreeError::Storage { path, .. } => (Fault::Storage, format!("{path}: cannot be read")),
            other => (Fault::Missing, other.to_string()),
        };
        let mut out = Self::new(fault, message);
        out.0.source = Some(error);
        out
    }

    /// Names the file, unless one is named already.
    pub(crate) fn in_file(mut self, file: &TreePath) -> Self {
        self.0.file.get_or_insert_with(|| file.clone());
        self
    }

    /// Names file and line, unless a file is named already.
    pub(crate) fn at(mut self, file: &TreePath, line: usize) -> Self {
        if self.0.file.is_none() {
            self.0.file = Some(file.clone());
            self.0.line = (line > 0).then_some(line);
        }
        self
    }

    /// Names the object, unless one is named already.
    pub(crate) fn on(mut self, object: impl fmt::Display) -> Self {
        self.0.object.get_or_insert_with(|| object.to_string());
        self
    }

    /// Adds the kustomization that led here.
    pub(crate) fn through(mut self, kustomization: &TreePath) -> Self {
        if self.0.file.as_ref() != Some(kustomization)
            && self.0.through.last() != Some(kustomization)
        {
            self.0.through.push(kustomization.clone());
        }
        self
    }

    /// What would have to be fetched for the build to go on. Mounted in the tree and noted in
    /// [`crate::BuildOptions::externals`], it is used the next time.
    pub fn external(&self) -> Option<&External> {
        self.0.external.as_ref()
    }

    /// What sort of thing is wrong.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// The file at fault, when one is.
    pub fn file(&self) -> Option<&TreePath> {
        self.0.file.as_ref()
    }

    /// The line in [`BuildError::file`], counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.0.line
    }

    /// The object at fault, as `group/version Kind namespace/name`.
    pub fn object(&self) -> Option<&str> {
        self.0.object.as_deref()
    }
}

impl fmt::Display for BuildError {
    /// `apps/a/deploy.yaml:12: apps/v1 Deployment web: what is wrong; what to do (through overlay/kustomization.yaml)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{file}")?;
            if let Some(line) = self.0.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(object) = &self.0.object {
            write!(f, "{object}: ")?;
        }
        f.write_str(&self.0.message)?;
        // Innermost first; of a long way the middle is left out.
        let through = &self.0.through;
        for (i, file) in through.iter().enumerate() {
            match i {
                0 => write!(f, " (through {file}")?,
                _ if i < 3 || i + 1 == through.len() => write!(f, ", {file}")?,
                3 => f.write_str(", ...")?,
                _ => {}
            }
        }
        if !through.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| e as _)
    }
}
