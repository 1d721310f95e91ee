//! Where a value does not have its type.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// Where, as `.spec.containers[name="web"].image`; empty at the root.
    pub path: String,
    /// What, in the words of structured-merge-diff.
    pub message: String,
}

/// All faults of a value; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeErrors(pub Vec<TypeError>);

impl TypeErrors {
    pub(crate) fn of(message: impl Into<String>) -> Self {
        Self(vec![TypeError { path: String::new(), message: message.into() }])
    }
}

impl fmt::Display for TypeErrors {
    /// One fault on a line of its own, several as a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |e: &TypeError| match e.path.as_str() {
            "" => e.message.clone(),
            path => format!("{path}: {}", e.message),
        };
        match self.0.as_slice() {
            [one] => f.write_str(&line(one)),
            many => {
                f.write_str("errors:")?;
                many.iter().try_for_each(|e| write!(f, "\n  {}", line(e)))
            }
        }
    }
}

impl std::error::Error for TypeErrors {}

/// Gathers the faults of several steps; the first does not end the walk.
#[derive(Default)]
pub(crate) struct Faults(Vec<TypeError>);

impl Faults {
    pub(crate) fn add(&mut self, message: impl Into<String>) {
        self.0.push(TypeError { path: String::new(), message: message.into() });
    }

    /// Takes the faults of a step below `at`, whose text is only made when there are some.
    pub(crate) fn take<T: Default>(
        &mut self,
        result: Result<T, TypeErrors>,
        at: impl FnOnce() -> String,
    ) -> T {
        match result {
            Ok(value) => value,
            Err(errors) => {
                let prefix = at();
                self.0.extend(errors.0.into_iter().map(|mut e| {
                    e.path.insert_str(0, &prefix);
                    e
                }));
                T::default()
            }
        }
    }

    /// How many there are: a mark for the next two.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Says where the faults since a mark are; the text is only made when there are some.
    pub(crate) fn place_since(&mut self, mark: usize, at: impl FnOnce() -> String) {
        if self.0.len() > mark {
            let prefix = at();
            self.0[mark..].iter_mut().for_each(|e| e.path.insert_str(0, &prefix));
        }
    }

    /// Drops the faults since a mark.
    pub(crate) fn forget_since(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    pub(crate) fn or<T>(self, value: T) -> Result<T, TypeErrors> {
        if self.0.is_empty() { Ok(value) } else { Err(TypeErrors(self.0)) }
    }
}
