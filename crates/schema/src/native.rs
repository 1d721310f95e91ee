//! Built-in kinds as a real server handles them: decoded into Go structs, defaulted by code, encoded again.
//!
//! - [`decode`]: types, unknown members, quantities and times in their kept form
//! - [`default`]: what Kubernetes' code fills in
//! - [`encode`]: which empty members are written
//! - [`faults`]: what is wrong with the content of the kinds people write every day
//! - [`keep_allocated`]: what an update may leave out
//!
//! [`admit`] is all three in order. Deliberately absent: what a server fills in from its own state (cluster
//! addresses, uids, times), validation ([`crate::names`], [`crate::immutable`]).

mod decode;
mod defaults;
mod encode;
mod faults;
mod keep;

use crate::builtin;
use object::Value;

pub use decode::{DecodeError, decode};
pub use defaults::default;
pub use encode::encode;
pub use faults::faults;
pub use keep::keep_allocated;

/// Makes of what a client sent what a real server would store: [`decode`], [`default`], [`encode`]. Returns the
/// paths of the members that were dropped because no type has them.
///
/// # Errors
/// When a member has another type than Kubernetes'; objects of kinds that are not built in are left alone.
pub fn admit(
    group: &str,
    version: &str,
    kind: &str,
    object: &mut Value,
) -> Result<Vec<String>, DecodeError> {
    let Some(schema) = builtin::schema(group, version, kind) else { return Ok(Vec::new()) };
    let unknown = decode(schema, object)?;
    default(group, version, kind, object);
    encode(schema, object);
    Ok(unknown)
}

#[cfg(test)]
mod tests;
