//! The ways to a repository: HTTP, SSH, this machine.

pub(crate) mod http;
mod known_hosts;
pub(super) mod local;
pub(super) mod ssh;
