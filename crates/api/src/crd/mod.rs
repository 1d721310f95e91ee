//! The custom resource definitions, as values.

use object::Value;

/// One definition per kind of this crate.
pub fn crds() -> Vec<Value> {
    Vec::new()
}
