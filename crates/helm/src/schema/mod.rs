//! `values.schema.json`.

use crate::render::instance::Instance;
use gotemplate::Map;

/// Values are not what a schema wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

pub(crate) fn validate(_chart: &Instance<'_>, _values: &Map) -> Result<(), SchemaError> {
    Ok(())
}
