//! `semver` and `semverCompare`, on the crate `semver`.

use super::args::text;
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::value::{GoObject, Int, Kind, Method, Type, Value};
use ::semver::{Constraint, ConstraintError, Version};
use std::any::Any;

const S: Type = Type::String;
const VERSION: Type = Type::named("*semver.Version", Kind::Pointer);
/// What the methods that make another version return.
const VERSION_VALUE: Type = Type::named("semver.Version", Kind::Struct);

/// Registers the functions on versions.
pub(super) fn register(f: &mut Functions) {
    f.add("semver", Signature::new(&[S]), |_, a| {
        let version = Version::parse(&text(a, 0)).map_err(|e| e.to_string())?;
        Ok(Value::object(Held { version, pointer: true }))
    });
    f.add("semverCompare", Signature::new(&[S, S]), |_, a| {
        let constraint = Constraint::parse(&text(a, 0)).map_err(|e| shown(&e))?;
        let version = Version::parse(&text(a, 1)).map_err(|e| e.to_string())?;
        Ok(constraint.matches(&version).into())
    });
}

/// The complaint with Go's escapes for characters that do not print, too.
fn shown(error: &ConstraintError) -> String {
    let mut out = String::new();
    for c in error.to_string().chars() {
        if c.is_ascii() || crate::fmt::is_print(c) {
            out.push(c);
        } else {
            let quoted = crate::fmt::quote(c.encode_utf8(&mut [0; 4]));
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out
}

/// A `*semver.Version`, or a `semver.Version`.
struct Held {
    version: Version,
    pointer: bool,
}

fn version_of(args: &[Value]) -> Result<&Version, FunctionError> {
    let held = args.first().and_then(Value::downcast::<Held>);
    held.map(|h| &h.version).ok_or_else(|| super::args::NIL_POINTER.into())
}

impl GoObject for Held {
    fn go_type(&self) -> Type {
        if self.pointer { VERSION } else { VERSION_VALUE }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let v = &self.version;
        let number = |n: u64| Value::Int(Int::uint64(n));
        vec![
            ("major", number(v.major())),
            ("minor", number(v.minor())),
            ("patch", number(v.patch())),
            ("pre", v.prerelease().into()),
            ("metadata", v.metadata().into()),
            ("original", v.original().into()),
        ]
    }

    fn method(&self, name: &str) -> Option<Method> {
        let signature = match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "Original" | "String"
            | "IncMajor" | "IncMinor" | "IncPatch" => Signature::new(&[]),
            "Compare" | "Equal" | "LessThan" | "GreaterThan" | "LessThanEqual"
            | "GreaterThanEqual" => Signature::new(&[VERSION]),
            "SetPrerelease" | "SetMetadata" => Signature::new(&[S]),
            _ => return None,
        };
        Some(Method { signature })
    }

    fn call(&self, name: &str, _: &mut Call<'_>, args: &[Value]) -> Result<Value, FunctionError> {
        let v = &self.version;
        let number = |n: u64| Value::Int(Int::uint64(n));
        Ok(match name {
            "Major" => number(v.major()),
            "Minor" => number(v.minor()),
            "Patch" => number(v.patch()),
            "Prerelease" => v.prerelease().into(),
            "Metadata" => v.metadata().into(),
            "Original" => v.original().into(),
            "String" => v.to_string().into(),
            "Compare" => Value::int(v.cmp(version_of(args)?) as i64),
            "Equal" => (v == version_of(args)?).into(),
            "LessThan" => (v < version_of(args)?).into(),
            "GreaterThan" => (v > version_of(args)?).into(),
            "LessThanEqual" => (v <= version_of(args)?).into(),
            "GreaterThanEqual" => (v >= version_of(args)?).into(),
            "IncMajor" => next(v, format!("{}.0.0", v.major() + 1))?,
            "IncMinor" => next(v, format!("{}.{}.0", v.major(), v.minor() + 1))?,
            // A prerelease comes before its release.
            "IncPatch" if !v.prerelease().is_empty() => {
                next(v, format!("{}.{}.{}", v.major(), v.minor(), v.patch()))?
            }
            "IncPatch" => next(v, format!("{}.{}.{}", v.major(), v.minor(), v.patch() + 1))?,
            "SetPrerelease" => altered(v, &text(args, 0), v.metadata())?,
            "SetMetadata" => altered(v, v.prerelease(), &text(args, 0))?,
            _ => return Err(format!("no method {name}").into()),
        })
    }

    fn display(&self) -> Option<String> {
        Some(self.version.to_string())
    }

    fn equals(&self, other: &dyn GoObject) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|o| {
            o.pointer == self.pointer
                && o.version == self.version
                && o.version.metadata() == self.version.metadata()
                && o.version.original() == self.version.original()
        })
    }

    fn to_data(&self) -> Option<Value> {
        Some(self.version.to_string().into())
    }
}

/// Another version, spelled with the `v` the first one has.
fn next(from: &Version, text: String) -> Result<Value, FunctionError> {
    let prefix = if from.original().starts_with('v') { "v" } else { "" };
    let version = Version::parse(&format!("{prefix}{text}")).map_err(|e| e.to_string())?;
    Ok(Value::object(Held { version, pointer: false }))
}

fn altered(from: &Version, prerelease: &str, metadata: &str) -> Result<Value, FunctionError> {
    let mut text = format!("{}.{}.{}", from.major(), from.minor(), from.patch());
    for (mark, part) in [('-', prerelease), ('+', metadata)] {
        if !part.is_empty() {
            text.push(mark);
            text.push_str(part);
        }
    }
    next(from, text)
}
