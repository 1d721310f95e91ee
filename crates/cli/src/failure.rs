//! How a command fails: what happened, why, and what to do about it.

use std::fmt;

/// Exit codes are an interface; they are listed in `docs/commands.md` and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Something went wrong.
    Failed = 1,
    /// The command line itself is wrong (clap uses the same).
    Usage = 2,
    /// `plan` found changes. Not an error.
    Changes = 10,
    /// A wait ended without the wanted state.
    NotReady = 11,
}

/// A failure with its causes and a hint.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// What happened.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { code: Code::Failed, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// Why: the error and the chain of its sources.
    pub(crate) fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Another exit code than 1.
    pub(crate) fn code(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.code as u8
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            writeln!(f, "  because: {}", cause.replace('\n', "\n    "))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "  try: {hint}")?;
        }
        Ok(())
    }
}

impl From<cluster::ApiError> for Failure {
    fn from(error: cluster::ApiError) -> Self {
        let failure = Self::new("the Kubernetes API refused").because(&error);
        match &error {
            cluster::ApiError::Connection(_) => failure.hint(
                "is the server running? `windlass up` starts one; --kubeconfig names another",
            ),
            cluster::ApiError::UnknownKind(_) => {
                failure.hint("`windlass install | kubectl apply -f -` brings the kinds")
            }
            _ => failure,
        }
    }
}
