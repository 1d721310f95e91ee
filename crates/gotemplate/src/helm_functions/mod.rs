//! Helm's own functions, as its engine registers them over Sprig's (Helm 4).
//!
//! Deliberately absent: charts and what belongs to them (`.Files`, `.Capabilities`): crate `helm`.

mod data;
mod json;
mod template;
mod toml;
pub(crate) mod values;
mod yaml;

use crate::function::Functions;

/// Registers them over Sprig's.
pub(crate) fn register(functions: &mut Functions) {
    json::register_helm(functions);
    yaml::register(functions);
    template::register(functions);
    toml::register(functions);
}

/// Sprig's functions on JSON, which Helm replaces in part.
pub(crate) fn register_json(functions: &mut Functions) {
    json::register_sprig(functions);
}
