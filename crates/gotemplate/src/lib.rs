//! Go's `text/template` (Go 1.26) with the Sprig functions: a function from templates and data to text.
//!
//! ```
//! use std::sync::Arc;
//! use windlass_gotemplate::{Functions, NoEnv, Options, Set, Value};
//!
//! let mut set = Set::new(Options::new(Arc::new(Functions::builtin())));
//! set.parse("greeting", "Hello, {{.}}!").unwrap();
//! assert_eq!(set.execute("greeting", &Value::from("sailor"), &mut NoEnv).unwrap(), "Hello, sailor!");
//! ```
//!
//! - [`Value`]: Go values, from and to [`object::Value`];
//! - [`Functions`], [`Signature`], [`Call`]: what templates may call;
//! - [`Set`]: parsed templates, executed many times, on any thread;
//! - [`Env`]: what a render may ask from the outside.
//!
//! Deliberately absent: charts (crate `helm`), `html/template`, any clock, file, network or randomness.

mod builtin;
mod env;
mod error;
mod exec;
pub mod fmt;
mod function;
mod helm_functions;
mod limits;
mod parse;
mod set;
mod sprig;
pub mod value;

pub use env::{Env, NoEnv};
pub use error::{Error, ErrorKind};
pub use function::{Call, Function, FunctionError, Functions, Run, Signature};
pub use limits::Limits;
pub use set::{MissingKey, Options, Set};
pub use value::{
    Entries, GoObject, Int, IntKind, Kind, List, Map, Method, Numbers, Text, Type, Unrepresentable,
    Value, contained,
};
