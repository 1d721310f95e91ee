//! The ways to a repository: HTTP, SSH, this machine.

pub(super) mod http;
pub(super) mod local;
