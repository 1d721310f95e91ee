//! Errors of parsing and executing, with Go's texts.

use crate::function::FunctionError;

/// What went wrong, in the words of Go's `text/template`.
///
/// The text is complete as Go's is: that of an execution error ends with the text of the function's error underneath.
/// `source` gives that one on its own, so that an embedder can walk the chain of nested templates.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: Box<str>,
    source: Option<Box<FunctionError>>,
}

/// Where an error arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The template's text is none.
    Parse,
    /// While executing, at a node (Go's `template.ExecError`).
    Exec,
    /// There is no template of this name, or it is empty.
    NoTemplate,
    /// A limit of [`crate::Limits`] was reached.
    Limit,
    /// The options make no sense.
    Options,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into().into(), source: None }
    }

    pub(crate) fn caused(message: String, source: FunctionError) -> Self {
        let below = source.template_error().is_some_and(|e| e.kind == ErrorKind::Limit);
        let kind = if source.limit || below { ErrorKind::Limit } else { ErrorKind::Exec };
        Self { kind, message: message.into(), source: Some(Box::new(source)) }
    }

    /// Where it arose.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error of the function that failed, when one did.
    pub fn function_error(&self) -> Option<&FunctionError> {
        self.source.as_deref()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}
