//! The record of a release: what Helm keeps of every revision, in a Secret of its own (`pkg/release/v1`,
//! `pkg/storage/driver`).
//!
//! Records of Helm 3 read as those of Helm 4; what is written reads with both. Deliberately absent: a clock (times are
//! RFC 3339 texts the caller gives), clusters, deciding what to do with a release.

mod history;
mod name;
mod record;
mod secret;
mod status;
#[cfg(test)]
mod tests;

pub use history::{Revision, to_prune};
pub use name::{MAX_NAME, NameError, validate_name};
pub use record::{HookPhase, HookRun, Info, Release, StoredHook, stored_chart};
pub use secret::{
    MAX_RECORD_BYTES, OWNER_SELECTOR, RecordError, SECRET_TYPE, Written, decode, encode,
    from_secret, secret_name, to_secret,
};
pub use status::Status;
