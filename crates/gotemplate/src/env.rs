//! What a render may ask from the outside world. The crate itself knows no clock, no randomness, no cluster.

use crate::function::FunctionError;
use crate::value::Value;
use std::any::Any;

/// The outside of a render. Every method has a default that gives nothing, so that a render without one is a
/// function of template and data alone.
pub trait Env {
    /// The current time: seconds and nanoseconds since 1970 (UTC).
    fn now(&mut self) -> (i64, u32) {
        (0, 0)
    }

    /// Fills `buffer` with random bytes.
    ///
    /// # Errors
    /// Where there is no randomness, which is the default.
    fn random(&mut self, buffer: &mut [u8]) -> Result<(), FunctionError> {
        let _ = buffer;
        Err(FunctionError::new("no source of randomness is given to this render"))
    }

    /// Helm's `lookup`: the object, the list when `name` is empty, or an empty map when there is none or no cluster.
    ///
    /// # Errors
    /// When the cluster refuses.
    fn lookup(
        &mut self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, FunctionError> {
        let _ = (api_version, kind, namespace, name);
        Ok(Value::map(crate::value::Entries::new()))
    }

    /// The addresses of a host name (`getHostByName`); none by default, as Helm without `--enable-dns`.
    fn resolve_host(&mut self, host: &str) -> Option<String> {
        let _ = host;
        None
    }

    /// Helm's lint mode: `required` and `fail` do not fail.
    fn lint(&self) -> bool {
        false
    }

    /// A place for what functions need from their own embedder beyond the above.
    fn extension(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

/// No outside at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEnv;

impl Env for NoEnv {}
