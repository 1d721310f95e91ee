//! Helm charts: chart, values and capabilities to manifests, hooks and notes, and the record of a release.
//!
//! The reference is Helm 4.3. [`Chart`] reads charts, [`values`] what users say, [`mod@render`] brings the two together,
//! [`manifest`] sorts what comes out, [`release`] reads and writes what Helm stores of it.
//!
//! Deliberately absent: fetching charts, clusters, deciding what happens to a release, provenance files.

pub mod chart;
mod decode;
mod gotext;
pub mod manifest;
mod path;
pub mod release;
pub mod render;
mod schema;
pub mod values;

pub use chart::{Chart, ChartError};
pub use manifest::{Hook, HookEvent, Manifest};
pub use path::BadPattern;
pub use render::{
    Capabilities, KubeVersion, ReleaseFacts, RenderError, RenderOptions, Rendered, render,
};
pub use schema::SchemaError;
pub use values::coalesce::TypeMismatch;

/// The innermost cause of an error, in the words of the program Helm would have it from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// An error with its causes, joined by `: ` as Go does.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        out += ": ";
        out += &cause.to_string();
        next = cause.source();
    }
    out
}
