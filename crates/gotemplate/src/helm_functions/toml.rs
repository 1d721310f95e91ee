//! TOML in and out, as BurntSushi/toml 1.6 does it.

mod lines;
mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::function::{Functions, Signature};
use crate::sprig::args::text;
use crate::value::{Entries, Type, Value};

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    let to = Signature::new(&[Type::Any]);
    f.add("toToml", to, |_, a| {
        // Go looks at the type first, and finds none.
        if a[0].is_nil() {
            return Err(write::NO_TYPE.into());
        }
        Ok(write::document(&a[0]).unwrap_or_else(Value::from))
    });
    f.add("mustToToml", to, |_, a| Ok(write::document(&a[0])?));
    f.add("fromToml", Signature::new(&[Type::String]), |_, a| {
        Ok(read::document(&text(a, 0))
            .unwrap_or_else(|error| Value::map(Entries::from_iter([("Error", error)]))))
    });
}

/// Names Go's library gives the zones of dates and times without one.
const LOCAL_DATETIME: &str = "datetime-local";
const LOCAL_DATE: &str = "date-local";
const LOCAL_TIME: &str = "time-local";
