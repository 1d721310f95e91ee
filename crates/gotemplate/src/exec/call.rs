//! Calls: arguments, their types, functions and methods.

use super::eval::Final;
use super::{Executor, Failure, RED_ZONE, STACK};
use crate::builtin::{Builtin, Reflected};
use crate::function::{Call, FunctionError, Signature};
use crate::parse::{Id, NodeKind, Span};
use crate::value::{GoObject, Int, Kind, Map, Method, Type, Value};
use std::rc::Rc;

impl<'a> Executor<'a> {
    /// `node` is the command, or the identifier itself when it stands as an argument.
    pub(super) fn function(
        &mut self,
        dot: &Reflected,
        index: u32,
        node: Id,
        name: Span,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        let (set, source) = (self.set, self.source);
        let name = source.slice(name);
        let function = set.options().functions.at(index as usize);
        let args = args.get(1..).unwrap_or_default();
        self.count_args(&function.signature, name, args.len(), last.is_some())?;
        if let Some(builtin) = function.builtin {
            return self.builtin(dot, builtin, (node, name, &function.signature), args, last);
        }
        let values = self.arguments(dot, &function.signature, args, last)?;
        let mut call = Call { set, env: &mut *self.env, budget: &mut *self.budget, name };
        let result = (function.run)(&mut call, &values);
        self.give_back(values);
        self.result(node, name, &function.signature, result)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(super) fn method(
        &mut self,
        dot: &Reflected,
        object: &Rc<dyn GoObject>,
        method: &Method,
        name: &str,
        node: Id,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        let args = args.get(1..).unwrap_or_default();
        self.count_args(&method.signature, name, args.len(), last.is_some())?;
        let values = self.arguments(dot, &method.signature, args, last)?;
        let mut call = Call { set: self.set, env: &mut *self.env, budget: &mut *self.budget, name };
        let result = object.call(name, &mut call, &values);
        self.give_back(values);
        self.result(node, name, &method.signature, result)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(super) fn map_method(
        &mut self,
        dot: &Reflected,
        map: &Rc<Map>,
        signature: &Signature,
        name: &str,
        node: Id,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        let args = args.get(1..).unwrap_or_default();
        self.count_args(signature, name, args.len(), last.is_some())?;
        let values = self.arguments(dot, signature, args, last)?;
        let result = crate::helm_functions::values::call(map, name, &values);
        self.give_back(values);
        self.result(node, name, signature, result)
    }

    fn result(
        &mut self,
        node: Id,
        name: &str,
        signature: &Signature,
        result: Result<Value, FunctionError>,
    ) -> Result<Reflected, Failure> {
        match result {
            Ok(value) if self.budget.made(&value) => {
                Ok(Reflected { value, boxed: signature.returns_any })
            }
            Ok(_) => self.limit(&self.budget.memory_exceeded()),
            Err(error) => {
                self.at = node;
                self.caused(&format!("error calling {name}: {error}"), error)
            }
        }
    }

    fn give_back(&mut self, mut values: Vec<Value>) {
        values.clear();
        self.budget.spare.push(values);
    }

    fn count_args(
        &self,
        signature: &Signature,
        name: &str,
        given: usize,
        piped: bool,
    ) -> Result<(), Failure> {
        let (all, fixed) = (given + usize::from(piped), signature.params.len());
        if signature.variadic.is_some() {
            if all < fixed {
                return self.fail(format!(
                    "wrong number of args for {name}: want at least {fixed} got {given}"
                ));
            }
        } else if all != fixed {
            return self.fail(format!("wrong number of args for {name}: want {fixed} got {all}"));
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        dot: &Reflected,
        signature: &Signature,
        args: &[Id],
        last: Final,
    ) -> Result<Vec<Value>, Failure> {
        let mut values = self.budget.spare.pop().unwrap_or_default();
        for (i, arg) in args.iter().enumerate() {
            let target = parameter(signature, i);
            values.push(self.argument(dot, Some(target), *arg)?.value);
        }
        if let Some(last) = last {
            values.push(self.checked(last, Some(parameter(signature, args.len())))?.value);
        }
        Ok(values)
    }

    fn builtin(
        &mut self,
        dot: &Reflected,
        builtin: Builtin,
        (node, name, signature): (Id, &str, &Signature),
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        if matches!(builtin, Builtin::And | Builtin::Or) {
            return self.and_or(dot, builtin == Builtin::Or, args, last);
        }
        let mut values = self.budget.spare_reflected.pop().unwrap_or_default();
        for (i, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, Some(parameter(signature, i)), *arg)?);
        }
        if let Some(last) = last {
            values.push(self.checked(last, Some(parameter(signature, args.len())))?);
        }
        let callee = || match args.first() {
            Some(first) => self.node_text(*first),
            None => values.first().map(|v| string_of(&v.value)).unwrap_or_default(),
        };
        let result = crate::builtin::run(builtin, &values, callee);
        values.clear();
        self.budget.spare_reflected.push(values);
        match result {
            Ok(value) if self.budget.made(&value.value) => Ok(value),
            Ok(_) => self.limit(&self.budget.memory_exceeded()),
            Err(message) => {
                self.at = node;
                let error = FunctionError::new(message);
                self.caused(&format!("error calling {name}: {error}"), error)
            }
        }
    }

    /// Evaluates no further than to the argument that decides.
    fn and_or(
        &mut self,
        dot: &Reflected,
        or: bool,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        let mut value = Reflected::INVALID;
        for arg in args {
            value = self.argument(dot, Some(Type::Reflect), *arg)?;
            if value.value.truth() == or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// The value of an argument for a parameter of type `target`; none for what a field chain begins with.
    pub(super) fn argument(
        &mut self,
        dot: &Reflected,
        target: Option<Type>,
        id: Id,
    ) -> Result<Reflected, Failure> {
        self.at = id;
        let source = self.source;
        let value = match &source.node(id).kind {
            NodeKind::Dot => dot.clone(),
            NodeKind::Nil => {
                let target = target.unwrap_or(Type::Any);
                if target.can_be_nil() {
                    return Ok(zero(target));
                }
                return self.fail(format!("cannot assign nil to {target}"));
            }
            NodeKind::Field(names) => self.fields(dot, dot, id, *names, &[], None)?,
            NodeKind::Variable { name, slot, fields } => {
                self.variable(dot, id, (*name, *slot, *fields), &[], None)?
            }
            NodeKind::Pipe(_) => stacker::maybe_grow(RED_ZONE, STACK, || self.pipeline(dot, id))?,
            NodeKind::Identifier { name, function } => {
                self.function(dot, *function, id, *name, &[], None)?
            }
            NodeKind::Chain { node, fields } => self.chain(dot, id, *node, *fields, &[], None)?,
            literal => return self.constant(target.unwrap_or(Type::Any), id, literal),
        };
        self.checked(value, target)
    }

    /// A constant for a parameter of type `target`.
    fn constant(&mut self, target: Type, id: Id, literal: &NodeKind) -> Result<Reflected, Failure> {
        let number = match literal {
            NodeKind::Number(number) => Some(&**number),
            _ => None,
        };
        let (value, expected) = match target.kind() {
            _ if matches!(target, Type::Any | Type::Reflect) => return self.literal(id, literal),
            Kind::Bool => match literal {
                NodeKind::Bool(b) => (Some(Value::Bool(*b)), "bool"),
                _ => (None, "bool"),
            },
            Kind::String => match literal {
                NodeKind::String { quoted, constant } => {
                    (Some(self.source.constant(*quoted, constant)), "string")
                }
                _ => (None, "string"),
            },
            Kind::Float64 => (number.and_then(|n| n.float).map(Value::Float), "float"),
            Kind::Complex128 => {
                let complex = number.and_then(|n| n.complex);
                (complex.map(|(re, im)| Value::Complex(re, im)), "complex")
            }
            Kind::Int(kind) if kind.is_signed() => {
                let int = number.and_then(|n| n.int);
                (int.map(|i| Value::Int(Int::new(i, kind))), "integer")
            }
            Kind::Int(kind) => {
                let int = number.and_then(|n| n.uint).map(u64::cast_signed);
                (int.map(|i| Value::Int(Int::new(i, kind))), "unsigned integer")
            }
            _ => {
                let node = self.node_text(id);
                return self.fail(format!("can't handle {node} for arg of type {target}"));
            }
        };
        match value {
            Some(value) => Ok(Reflected::of(value)),
            None => self.fail(format!("expected {expected}; found {}", self.node_text(id))),
        }
    }

    /// The value as a parameter of type `target` takes it (Go's `validateType`).
    fn checked(&self, value: Reflected, target: Option<Type>) -> Result<Reflected, Failure> {
        let Some(target) = target else {
            return Ok(value);
        };
        match target {
            Type::Reflect => return Ok(value),
            Type::Any => return Ok(Reflected { value: value.value, boxed: true }),
            _ => {}
        }
        let Some(own) = value.value.go_type() else {
            if value.boxed {
                return self.wrong_type(target, Type::Any);
            }
            if target.can_be_nil() {
                return Ok(zero(target));
            }
            return self.fail(format!("invalid value; expected {target}"));
        };
        if own.assignable_to(target) {
            return Ok(Reflected::of(value.value));
        }
        self.wrong_type(target, own)
    }

    #[cold]
    fn wrong_type<T>(&self, target: Type, own: Type) -> Result<T, Failure> {
        self.fail(format!("wrong type for value; expected {target}; got {own}"))
    }
}

/// The type of the argument at `index`.
fn parameter(signature: &Signature, index: usize) -> Type {
    let fixed = signature.params.get(index).copied();
    fixed.or(signature.variadic).unwrap_or(Type::Any)
}

/// `reflect.Zero` as an argument.
fn zero(target: Type) -> Reflected {
    Reflected { value: target.zero(), boxed: target == Type::Any }
}

/// Go's `reflect.Value.String`.
fn string_of(value: &Value) -> String {
    match value.as_text() {
        Some(text) => text.into_owned(),
        None if value.is_nil() => "<invalid Value>".into(),
        None => format!("<{} Value>", value.type_name()),
    }
}
