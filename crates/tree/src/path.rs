//! Paths that cannot leave the tree.

#[cfg(test)]
mod tests;

use std::fmt;

/// A path inside a tree: normalised segments joined by `/`, never absolute, never with `.` or `..`.
/// The root is the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(Box<str>);

/// Why a text is no path inside the tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `..` led above the root.
    #[error("path '{0}' leads outside the repository")]
    Outside(String),
    /// The path begins with `/`.
    #[error("path '{0}' is absolute; write it relative to the file that names it")]
    Absolute(String),
    /// NUL or a line break.
    #[error("path {0:?} holds a character no file name may have")]
    Character(String),
    /// A file where a directory is, or the reverse.
    #[error("path '{0}' names both a file and a directory")]
    Occupied(String),
}

impl TreePath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self::default()
    }

    /// `text` read from this directory: `.` and empty segments vanish, `..` goes up.
    ///
    /// # Errors
    /// [`PathError`] when the result is outside the tree or `text` is absolute.
    pub fn join(&self, text: &str) -> Result<Self, PathError> {
        if text.starts_with('/') {
            return Err(PathError::Absolute(text.to_owned()));
        }
        if text.contains(['\0', '\n', '\r']) {
            return Err(PathError::Character(text.to_owned()));
        }
        let mut segments: Vec<&str> = self.segments().collect();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop().ok_or_else(|| PathError::Outside(text.to_owned()))?;
                }
                name => segments.push(name),
            }
        }
        Ok(Self(segments.join("/").into()))
    }

    /// `text` read from the root; a leading `/` or `./` counts as the root (as `spec.path` is written).
    ///
    /// # Errors
    /// [`PathError`] when the result is outside the tree.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::root().join(text.trim_start_matches('/'))
    }

    /// The segments from the root down.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|s| !s.is_empty())
    }

    /// The path as text, empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The directory that holds this, `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or("", |(dir, _)| dir).into()))
    }

    /// The last segment, empty at the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// Whether this is `directory` or stands below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&*directory.0)
                .is_some_and(|r| r.is_empty() || r.starts_with('/'))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}
