//! Execution.
use crate::env::Env;
use crate::error::{Error, ErrorKind};
use crate::limits::Budget;
use crate::set::Set;
use crate::value::Value;

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
