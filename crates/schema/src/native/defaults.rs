//! tmp
use object::Value;
/// tmp
pub fn default(_group: &str, _version: &str, _kind: &str, _object: &mut Value) {}
