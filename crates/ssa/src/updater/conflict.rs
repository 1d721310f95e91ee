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
        write_conflicts(f, self, |name| format!("{name:?}"))
    }
}

/// One conflict on a line of its own; several as a list for each manager.
pub(crate) fn write_conflicts(
    f: &mut impl fmt::Write,
    conflicts: &Conflicts,
    print: impl Fn(&str) -> String,
) -> fmt::Result {
    if let [one] = conflicts.0.as_slice() {
        return write!(f, "conflict with {}: {}", print(&one.manager), one.path);
    }
    let mut last = None;
    for (i, conflict) in conflicts.0.iter().enumerate() {
        if last != Some(&conflict.manager) {
            let newline = if i > 0 { "\n" } else { "" };
            write!(f, "{newline}conflicts with {}:", print(&conflict.manager))?;
            last = Some(&conflict.manager);
        }
        write!(f, "\n- {}", conflict.path)?;
    }
    Ok(())
}
