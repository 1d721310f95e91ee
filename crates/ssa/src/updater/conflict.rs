//! Who is in the way of an apply.

use crate::path::FieldPath;
use crate::set::FieldSet;
use std::fmt;

/// A field that an apply would change and somebody else owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The other manager.
    pub manager: String,
    /// The field.
    pub path: FieldPath,
}

/// All conflicts of an apply, by manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    pub(super) fn add(&mut self, manager: &str, fields: &FieldSet) {
        let paths = fields.paths().into_iter();
        self.0.extend(paths.map(|path| Conflict { manager: manager.to_owned(), path }));
    }
}

impl fmt::Display for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<(String, String)> =
            self.0.iter().map(|c| (format!("{:?}", c.manager), c.path.to_string())).collect();
        write_conflicts(f, lines.iter().map(|(m, p)| (m.as_str(), p.as_str())))
    }
}

/// Pairs of manager and field, by manager: one on a line of its own, several as a list for each manager.
pub(crate) fn write_conflicts<'a>(
    f: &mut impl fmt::Write,
    conflicts: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) -> fmt::Result {
    let single = conflicts.len() == 1;
    let mut last = None;
    for (i, (manager, path)) in conflicts.enumerate() {
        if single {
            return write!(f, "conflict with {manager}: {path}");
        }
        if last != Some(manager) {
            let newline = if i > 0 { "\n" } else { "" };
            write!(f, "{newline}conflicts with {manager}:")?;
            last = Some(manager);
        }
        write!(f, "\n- {path}")?;
    }
    Ok(())
}
