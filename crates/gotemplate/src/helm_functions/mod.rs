//! Helm's own functions.

use crate::function::Functions;

/// Registers them over Sprig's.
pub(crate) fn register(_functions: &mut Functions) {}
