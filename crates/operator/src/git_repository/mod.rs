//! `GitRepository`: a reference of a repository, resolved, fetched and held ready for those that use it.
//!
//! `work` takes a source from the queue, looks and writes down what it found; `verdict` says what a finding means.

mod access;
mod files;
mod verdict;
mod work;

pub use access::{AccessError, git_source};
pub use files::{FilesError, visible};
pub(crate) use work::{SourceMemory, work};
