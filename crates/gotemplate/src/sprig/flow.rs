//! `fail`, and the odd ones.

use super::args::text;
use crate::function::{Functions, Signature};
use crate::value::Type;

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    f.add("fail", Signature::new(&[Type::String]), |_, a| Err(text(a, 0).as_ref().into()));
    f.add("hello", Signature::new(&[]), |_, _| Ok("Hello!".into()));
    f.add("getHostByName", Signature::new(&[Type::String]), |c, a| {
        let address = c.env().resolve_host(&text(a, 0));
        // Sprig picks one of no addresses.
        address.map(Into::into).ok_or_else(|| "invalid argument to Intn".into())
    });
}
