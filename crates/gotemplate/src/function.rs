//! How functions are registered and called.

use crate::env::Env;
use crate::error::Error;
use crate::limits::Budget;
use crate::parse::Template;
use crate::set::Set;
use crate::value::{Type, Value};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// What a function takes and gives. The engine checks arguments against it before the function runs, with Go's error
/// texts, so a function may rely on their types.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The fixed parameters.
    pub params: &'static [Type],
    /// The type of further arguments, when the function takes any number (`...interface {}`).
    pub variadic: Option<Type>,
    /// Whether the Go function's result type is `interface {}` rather than a concrete one. It shows only in the
    /// texts of a few errors.
    pub returns_any: bool,
}

impl Signature {
    /// A function of exactly these parameters, with a concrete result type.
    pub const fn new(params: &'static [Type]) -> Self {
        Self { params, variadic: None, returns_any: false }
    }

    /// A function that takes `variadic` any number of times after `params`.
    pub const fn variadic(params: &'static [Type], variadic: Type) -> Self {
        Self { params, variadic: Some(variadic), returns_any: false }
    }

    /// The same with the result type `interface {}`.
    #[must_use]
    pub const fn any(self) -> Self {
        Self { returns_any: true, ..self }
    }
}

/// The code of a function. Arguments have been checked against the [`Signature`]: a parameter of type
/// [`Type::String`] is a [`Value::String`] or [`Value::Raw`], [`Type::DICT`] a [`Value::Map`] (perhaps nil),
/// [`Type::Any`] anything.
pub type Run = dyn Fn(&mut Call<'_>, &[Value]) -> Result<Value, FunctionError> + Send + Sync;

/// A registered function.
pub struct Function {
    pub(crate) name: Box<str>,
    pub(crate) signature: Signature,
    pub(crate) builtin: Option<crate::builtin::Builtin>,
    pub(crate) run: Box<Run>,
}

/// The functions templates may call, by name. The built-in ones of `text/template` are always there; a function
/// registered under the same name takes their place.
pub struct Functions {
    list: Vec<Function>,
    by_name: HashMap<Box<str>, usize, BuildHasherDefault<Fnv>>,
}

impl Functions {
    /// The built-in functions of `text/template`.
    pub fn builtin() -> Self {
        let mut functions = Self { list: Vec::new(), by_name: HashMap::default() };
        crate::builtin::register(&mut functions);
        functions
    }

    /// The built-in functions and Sprig's `TxtFuncMap`.
    pub fn sprig() -> Self {
        let mut functions = Self::builtin();
        crate::sprig::register(&mut functions);
        functions
    }

    /// What Helm's templates may call: the built-in functions, Sprig's without `env` and `expandenv`, Helm's own.
    pub fn helm() -> Self {
        let mut functions = Self::sprig();
        crate::helm_functions::register(&mut functions);
        functions
    }

    /// Registers a function: `functions.add("upper", Signature::new(&[Type::String]), upper)`.
    pub fn add<F>(&mut self, name: &str, signature: Signature, run: F)
    where
        F: Fn(&mut Call<'_>, &[Value]) -> Result<Value, FunctionError> + Send + Sync + 'static,
    {
        self.insert(Function { name: name.into(), signature, builtin: None, run: Box::new(run) });
    }

    pub(crate) fn insert(&mut self, function: Function) {
        match self.by_name.get(&function.name) {
            Some(at) => self.list[*at] = function,
            None => {
                self.by_name.insert(function.name.clone(), self.list.len());
                self.list.push(function);
            }
        }
    }

    /// Takes a function away (Helm does so with `env`).
    pub fn remove(&mut self, name: &str) {
        // The place in the list stays: others are known by their index.
        self.by_name.remove(name);
    }

    /// Whether `name` is a function.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(AsRef::as_ref)
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn at(&self, index: usize) -> &Function {
        &self.list[index]
    }
}

/// FNV-1a: names of functions are short, and come from the program, not from templates.
#[derive(Default)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Why a function failed: the Go error's text, and the error underneath when that came from a template.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    message: Box<str>,
    source: Option<Box<Error>>,
    /// Whether a limit was reached.
    pub(crate) limit: bool,
}

impl FunctionError {
    /// An error with this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into().into(), source: None, limit: false }
    }

    /// `fmt.Errorf("message: %w", source)`: `message` must hold the source's text already, as Go's does.
    pub fn wrapping(message: impl Into<String>, source: Error) -> Self {
        Self { message: message.into().into(), source: Some(Box::new(source)), limit: false }
    }

    /// The text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The template error underneath, on its own; this error when there is none.
    pub(crate) fn into_template_error(mut self) -> Result<Box<Error>, Self> {
        self.source.take().ok_or(self)
    }

    /// The template error underneath.
    pub fn template_error(&self) -> Option<&Error> {
        self.source.as_deref()
    }
}

impl From<Error> for FunctionError {
    /// A template's error handed on as it is (`include` does so).
    fn from(error: Error) -> Self {
        Self { message: error.to_string().into(), source: Some(Box::new(error)), limit: false }
    }
}

impl From<&str> for FunctionError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for FunctionError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

/// What a running function may use beside its arguments.
pub struct Call<'a> {
    pub(crate) set: &'a Set,
    pub(crate) env: &'a mut dyn Env,
    pub(crate) budget: &'a mut Budget,
    pub(crate) name: &'a str,
}

impl<'a> Call<'a> {
    /// The name under which the function was called.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The templates of the running execution.
    pub const fn set(&self) -> &'a Set {
        self.set
    }

    /// The outside: clock, randomness, cluster.
    pub fn env(&mut self) -> &mut dyn Env {
        self.env
    }

    /// Runs the template `name` of `set` within this execution's limits (`include`, `tpl`), and gives its output as
    /// a string value.
    ///
    /// # Errors
    /// As [`Set::execute`].
    pub fn execute(&mut self, set: &Set, name: &str, data: &Value) -> Result<Value, Error> {
        match set.template(name) {
            Some(template) => self.run(set, &Arc::clone(template), data),
            None => Err(set.no_template(name)),
        }
    }

    /// Parses `text` as the template `name` beside those of the running execution, and runs it (`tpl`): what it
    /// defines is seen by what it calls, and by nobody else.
    ///
    /// # Errors
    /// As [`Set::parse`] ([`crate::ErrorKind::Parse`]) and [`Set::execute`].
    pub fn execute_text(&mut self, name: &str, text: &str, data: &Value) -> Result<Value, Error> {
        if self.set.is_plain(text) {
            return Ok(text.into());
        }
        let (set, template) = self.set.with_text(name, text)?;
        self.run(&set, &template, data)
    }

    fn run(&mut self, set: &Set, template: &Template, data: &Value) -> Result<Value, Error> {
        let output = crate::exec::nested(set, template, data, self.env, self.budget)?;
        Ok(output.into_value())
    }

    /// Counts `units` of work (items made, bytes written) against the limits. Functions whose work is not
    /// proportional to their arguments (`until`, `repeat`, `seq`) call it *before* they do it.
    ///
    /// # Errors
    /// When the limit is reached; hand it on.
    pub fn charge(&mut self, units: u64) -> Result<(), FunctionError> {
        if self.budget.spend(units) {
            return Ok(());
        }
        Err(FunctionError { limit: true, ..FunctionError::new(self.budget.work_exceeded()) })
    }

    /// How many executions of the name are running inside each other, for functions with a limit of their own
    /// (`include`). [`Call::enter`] counts one more until [`Call::leave`].
    pub fn enter(&mut self, name: &str) -> u32 {
        self.budget.enter(name)
    }

    /// The end of what [`Call::enter`] began.
    pub fn leave(&mut self, name: &str) {
        self.budget.leave(name);
    }
}
