//! The place in a value while it is walked: text that grows and shrinks, copied only for an error.

use std::fmt::Write as _;

/// A path such as `spec.ports[0]`, made on the way down.
#[derive(Default)]
pub(crate) struct Path(String);

impl Path {
    /// Starting below `base`.
    pub(crate) fn below(base: &str) -> Self {
        Self(base.to_owned())
    }

    /// Runs `walk` below the member `name`.
    pub(crate) fn member<T>(&mut self, name: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        if length > 0 {
            self.0.push('.');
        }
        self.0.push_str(name);
        let outcome = walk(self);
        self.0.truncate(length);
        outcome
    }

    /// Runs `walk` below the key `name` of a map: `labels[a.b]`.
    pub(crate) fn key<T>(&mut self, name: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        let _ = write!(self.0, "[{name}]");
        let outcome = walk(self);
        self.0.truncate(length);
        outcome
    }

    /// Runs `walk` below item `index`.
    pub(crate) fn item<T>(&mut self, index: usize, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        let _ = write!(self.0, "[{index}]");
        let outcome = walk(self);
        self.0.truncate(length);
        outcome
    }

    /// As text; empty at the root.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The path of the member `name` here.
    pub(crate) fn with(&self, name: &str) -> String {
        if self.0.is_empty() { name.to_owned() } else { format!("{}.{name}", self.0) }
    }
}
