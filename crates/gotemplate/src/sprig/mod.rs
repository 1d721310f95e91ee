//! Sprig's functions.

use crate::function::Functions;

/// Registers `TxtFuncMap`.
pub(crate) fn register(_functions: &mut Functions) {}
