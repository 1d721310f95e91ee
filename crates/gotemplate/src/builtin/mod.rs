//! The functions every template has. They see values as Go's `reflect` does ([`Reflected`]), unlike registered ones.

mod compare;
mod escape;
mod sequence;

use crate::fmt::{Output, sprint, sprintf_bytes, sprintln};
use crate::function::{Function, FunctionError, Functions, Signature};
use crate::value::{Type, Value};

/// A `reflect.Value`: a value, and whether it was found behind an `interface {}`.
///
/// `nil` behind an interface is a nil interface; `nil` that is not is Go's zero `reflect.Value`, "no value".
#[derive(Clone, Default)]
pub(crate) struct Reflected {
    pub(crate) value: Value,
    pub(crate) boxed: bool,
}

impl Reflected {
    /// Go's zero `reflect.Value`.
    pub(crate) const INVALID: Self = Self { value: Value::Nil, boxed: false };

    /// A value of its own type.
    pub(crate) const fn of(value: Value) -> Self {
        Self { value, boxed: false }
    }

    /// A value whose static type is `item`: what indexing a slice or map gives.
    pub(crate) fn item(value: Value, item: Type) -> Self {
        Self { value, boxed: item == Type::Any }
    }

    /// The static type, as far as it is known.
    pub(crate) fn type_name(&self) -> String {
        if self.boxed { Type::Any.to_string() } else { self.value.type_name() }
    }
}

/// Which built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Or,
    Not,
    Call,
    Html,
    Js,
    UrlQuery,
    Index,
    Slice,
    Len,
    Print,
    Printf,
    Println,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

pub(crate) fn register(functions: &mut Functions) {
    const VALUES: Signature = Signature::variadic(&[Type::Reflect], Type::Reflect);
    const ANY: Signature = Signature::variadic(&[], Type::Any);
    const ONE: Signature = Signature::new(&[Type::Reflect]);
    const TWO: Signature = Signature::new(&[Type::Reflect, Type::Reflect]);
    let table = [
        ("and", Builtin::And, VALUES),
        ("or", Builtin::Or, VALUES),
        ("not", Builtin::Not, ONE),
        ("call", Builtin::Call, VALUES),
        ("html", Builtin::Html, ANY),
        ("js", Builtin::Js, ANY),
        ("urlquery", Builtin::UrlQuery, ANY),
        ("index", Builtin::Index, VALUES),
        ("slice", Builtin::Slice, VALUES),
        ("len", Builtin::Len, ONE),
        ("print", Builtin::Print, ANY),
        ("printf", Builtin::Printf, Signature::variadic(&[Type::String], Type::Any)),
        ("println", Builtin::Println, ANY),
        ("eq", Builtin::Eq, VALUES),
        ("ne", Builtin::Ne, TWO),
        ("lt", Builtin::Lt, TWO),
        ("le", Builtin::Le, TWO),
        ("gt", Builtin::Gt, TWO),
        ("ge", Builtin::Ge, TWO),
    ];
    for (name, builtin, signature) in table {
        // Never called: the engine runs built-in functions by their kind.
        let run =
            Box::new(|_: &mut crate::Call<'_>, _: &[Value]| Err(FunctionError::new("built in")));
        functions.insert(Function { name: name.into(), signature, builtin: Some(builtin), run });
    }
}

/// Runs a function. `callee` is the text of the first argument, which `call` names in its error.
pub(crate) fn run(
    builtin: Builtin,
    args: &[Reflected],
    callee: impl FnOnce() -> String,
) -> Result<Reflected, String> {
    let truth = |b: bool| Ok(Reflected::of(Value::Bool(b)));
    let text = |out: Output| Ok(Reflected::of(out.into_value()));
    match builtin {
        // Both stop at the first argument that decides; the engine evaluates no further than that.
        Builtin::And | Builtin::Or => Ok(args.last().cloned().unwrap_or_default()),
        Builtin::Not => truth(!args[0].value.truth()),
        Builtin::Call => match &args[0] {
            f if f.value.is_nil() => Err("call of nil".into()),
            f => Err(format!("non-function {} of type {}", callee(), f.value.type_name())),
        },
        Builtin::Html => text(escape::html(args)),
        Builtin::Js => text(escape::js(args)),
        Builtin::UrlQuery => text(escape::url_query(args)),
        Builtin::Index => sequence::index(args),
        Builtin::Slice => sequence::slice(args),
        Builtin::Len => sequence::length(&args[0]).map(|n| Reflected::of(Value::int(n))),
        Builtin::Print => text(sprint(&values(args))),
        Builtin::Println => text(sprintln(&values(args))),
        Builtin::Printf => {
            let format = args[0].value.as_bytes().unwrap_or_default();
            text(sprintf_bytes(format, &values(&args[1..])))
        }
        Builtin::Eq => truth(compare::equal(&args[0], &args[1..])?),
        Builtin::Ne => truth(!compare::equal(&args[0], &args[1..])?),
        Builtin::Lt => truth(compare::less(&args[0], &args[1])?),
        Builtin::Le => truth(compare::less_or_equal(&args[0], &args[1])?),
        Builtin::Gt => truth(!compare::less_or_equal(&args[0], &args[1])?),
        Builtin::Ge => truth(!compare::less(&args[0], &args[1])?),
    }
}

fn values(args: &[Reflected]) -> Vec<Value> {
    args.iter().map(|a| a.value.clone()).collect()
}
