//! Execution.
use crate::env::Env;
use crate::error::{Error, ErrorKind};
use crate::limits::Budget;
use crate::set::Set;
use crate::value::Value;

/// Room the stack must have before one more level; and what is added when it has not.
pub(crate) const RED_ZONE: usize = 128 << 10;
pub(crate) const STACK: usize = 2 << 20;

pub(crate) fn execute(_: &Set, _: &str, _: &Value, _: &mut dyn Env) -> Result<String, Error> {
    Err(Error::new(ErrorKind::Exec, "not there yet"))
}

pub(crate) fn nested(
    _: &Set,
    _: &str,
    _: &Value,
    _: &mut dyn Env,
    _: &mut Budget,
) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::Exec, "not there yet"))
}
