//! Why Git did not give us a revision, classified the way Flux's conditions are.

use std::io;
use std::time::Duration;

/// The reason of the `FetchFailed` condition, as Flux's source-controller writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `AuthenticationFailed`.
    AuthenticationFailed,
    /// `GitOperationFailed`.
    GitOperationFailed,
    /// `URLInvalid`: nothing to retry before the object is edited.
    UrlInvalid,
    /// `StorageOperationFailed`: our own disk.
    StorageOperationFailed,
}

impl Reason {
    /// As it stands in a condition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "AuthenticationFailed",
            Self::GitOperationFailed => "GitOperationFailed",
            Self::UrlInvalid => "URLInvalid",
            Self::StorageOperationFailed => "StorageOperationFailed",
        }
    }
}

/// Why a repository could not be resolved, fetched or read. URLs are shown without user and password.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The URL cannot be used.
    #[error("the URL '{url}' cannot be used: {problem}")]
    Url {
        /// The URL without credentials.
        url: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// The server does not accept the credentials, or they are incomplete or unreadable.
    #[error("cannot authenticate to '{url}': {problem}")]
    Authentication {
        /// The URL without credentials.
        url: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The host key is not the expected one.
    #[error("the host key of '{host}' is refused: {problem}")]
    HostKey {
        /// Host, and port unless 22.
        host: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// No reference or commit as asked for.
    #[error("'{url}' has no {wanted}{hint}")]
    NotFound {
        /// The URL without credentials.
        url: String,
        /// "branch 'x'" and the like.
        wanted: String,
        /// ": what to check", possibly empty.
        hint: String,
    },
    /// The reference itself cannot be understood.
    #[error("the reference is invalid: {0}")]
    Reference(String),
    /// The time was up.
    #[error("'{url}' did not answer within {} s; check that it can be reached from here, or raise spec.timeout", after.as_secs_f32())]
    Timeout {
        /// The URL without credentials.
        url: String,
        /// The limit.
        after: Duration,
    },
    /// The server said no in words.
    #[error("'{url}' refused: {message}")]
    Refused {
        /// The URL without credentials.
        url: String,
        /// The server's words, shortened, control characters removed.
        message: String,
    },
    /// The connection could not be made or broke.
    #[error("'{url}' cannot be reached: {problem}")]
    Network {
        /// The URL without credentials.
        url: String,
        /// What failed.
        problem: String,
        /// The cause below.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What came back is not Git's protocol.
    #[error("'{url}' did not answer as a Git server does: {problem}")]
    Protocol {
        /// The URL without credentials.
        url: String,
        /// What was unexpected.
        problem: String,
    },
    /// Objects that arrived or are stored are broken.
    #[error("objects of '{url}' are damaged: {problem}")]
    Damaged {
        /// The URL without credentials.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// A limit that keeps one repository from taking the machine.
    #[error("'{url}' exceeds a limit: {problem}")]
    TooLarge {
        /// The URL without credentials.
        url: String,
        /// Which limit.
        problem: String,
    },
    /// Our own disk.
    #[error("the object store: cannot {doing}")]
    Storage {
        /// What was tried, with the path.
        doing: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl GitError {
    /// The reason for the condition.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Url { .. } | Self::Reference(_) => Reason::UrlInvalid,
            Self::Authentication { .. } => Reason::AuthenticationFailed,
            Self::Storage { .. } => Reason::StorageOperationFailed,
            _ => Reason::GitOperationFailed,
        }
    }

    /// Whether trying again without a change of the object is pointless.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Url { .. } | Self::Reference(_))
    }

    pub(crate) fn storage(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Storage { doing: doing.into(), source }
    }
}

/// A server's words fit for a message: one line, bounded, no control characters.
pub(crate) fn remote_words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut words: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect();
    if words.len() < text.trim().len() && text.trim().chars().count() > 400 {
        words.push_str("...");
    }
    words
}
