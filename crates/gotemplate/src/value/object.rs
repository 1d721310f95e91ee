//! Values with fields and methods.

use super::{Kind, Type, Value};
use crate::function::{Call, FunctionError, Signature};
use std::any::Any;

/// A method found on an object: how it may be called.
pub struct Method {
    /// Parameters, checked by the engine before [`GoObject::call`] is reached.
    pub signature: Signature,
}

/// A struct, a pointer to one, or a named type with methods: `.Files`, `.Capabilities`, `time.Time`, `*semver.Version`.
pub trait GoObject {
    /// The Go type with its package, such as `time.Time` (kind [`Kind::Struct`]) or `*semver.Version`
    /// (kind [`Kind::Pointer`]).
    fn go_type(&self) -> Type;

    /// For [`Value::downcast`]: `self`.
    fn as_any(&self) -> &dyn Any;

    /// The exported field `name`.
    fn field(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// The fields in the order of their declaration, for `%v` and `%+v`.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// The method `name`, when there is one.
    fn method(&self, name: &str) -> Option<Method> {
        let _ = name;
        None
    }

    /// Calls the method `name` with arguments that fit its signature.
    ///
    /// # Errors
    /// What the Go method would return as its error.
    fn call(
        &self,
        name: &str,
        call: &mut Call<'_>,
        args: &[Value],
    ) -> Result<Value, FunctionError> {
        let _ = (call, args);
        Err(FunctionError::new(format!("no method {name}")))
    }

    /// What `String()` or `Error()` returns, for types that have one of them; `%v` and `{{.}}` print it.
    fn display(&self) -> Option<String> {
        None
    }

    /// The entries of a map-like type (`engine.files`) in key order: ranging over it, `len` and `index` use them.
    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        None
    }

    /// The integer an integer-like type (`time.Duration`, `time.Month`) is.
    fn int(&self) -> Option<super::Int> {
        None
    }

    /// Go's `==` with another value of the same type.
    fn equals(&self, other: &dyn GoObject) -> bool {
        let _ = other;
        false
    }

    /// Whether this is a nil pointer.
    fn is_nil(&self) -> bool {
        false
    }

    /// Go's truth. Structs are always true.
    fn truth(&self) -> bool {
        if let Some(int) = self.int() {
            return int.wide() != 0;
        }
        match self.go_type().kind() {
            Kind::Map | Kind::Slice => self.entries().is_some_and(|e| !e.is_empty()),
            _ => !self.is_nil(),
        }
    }

    /// The value as JSON and YAML write it; `None` stands for `null`.
    fn to_data(&self) -> Option<Value> {
        None
    }
}
