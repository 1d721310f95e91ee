//! Pipelines, commands, operands, fields.

use super::{Executor, Failure, RED_ZONE, STACK};
use crate::builtin::Reflected;
use crate::fmt::quote;
use crate::helm_functions::values;
use crate::parse::{Declared, Id, Ideal, Many, NodeKind, Number, Slot, Span};
use crate::set::MissingKey;
use crate::value::{Kind, Value};

/// The value that comes down the pipe, if any.
pub(super) type Final = Option<Reflected>;

impl<'a> Executor<'a> {
    /// The value of a pipeline, after it has set its variables.
    pub(super) fn pipeline(&mut self, dot: &Reflected, id: Id) -> Result<Reflected, Failure> {
        self.at = id;
        let source = self.source;
        let NodeKind::Pipe(pipe) = &source.node(id).kind else {
            return Ok(Reflected::INVALID);
        };
        let mut value: Final = None;
        for command in source.links(pipe.commands) {
            let mut result = self.command(dot, *command, value)?;
            // What an interface holds is taken out of it.
            result.boxed = false;
            value = Some(result);
        }
        let value = value.unwrap_or_default();
        for variable in source.declared(pipe.declared) {
            self.set(variable, value.clone())?;
        }
        Ok(value)
    }

    pub(super) fn set(&mut self, variable: &Declared, value: Reflected) -> Result<(), Failure> {
        if variable.slot == Slot::NONE {
            let name = self.source.slice(variable.name);
            return self.fail(format!("undefined variable: {name}"));
        }
        self.budget.variables[self.frame + variable.slot.0 as usize] = Some(value);
        Ok(())
    }

    fn command(&mut self, dot: &Reflected, id: Id, last: Final) -> Result<Reflected, Failure> {
        self.step()?;
        let source = self.source;
        let NodeKind::Command(args) = &source.node(id).kind else {
            return self.fail("unknown node");
        };
        let args = source.links(*args);
        let first = args[0];
        match &source.node(first).kind {
            NodeKind::Field(names) => {
                self.at = first;
                self.fields(dot, dot, first, *names, args, last)
            }
            NodeKind::Chain { node, fields } => self.chain(dot, first, *node, *fields, args, last),
            NodeKind::Identifier { name, function } => {
                self.at = first;
                self.function(dot, *function, id, *name, args, last)
            }
            NodeKind::Pipe(_) => {
                self.not_a_function(args, &last)?;
                self.pipeline(dot, first)
            }
            NodeKind::Variable { name, slot, fields } => {
                self.variable(dot, first, (*name, *slot, *fields), args, last)
            }
            literal => {
                self.at = first;
                self.not_a_function(args, &last)?;
                match literal {
                    NodeKind::Dot => Ok(dot.clone()),
                    NodeKind::Nil => self.fail("nil is not a command"),
                    literal => self.literal(first, literal),
                }
            }
        }
    }

    /// A constant where any type will do.
    pub(super) fn literal(&mut self, id: Id, literal: &NodeKind) -> Result<Reflected, Failure> {
        self.at = id;
        Ok(Reflected::of(match literal {
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Number(number) => self.ideal(number)?,
            NodeKind::String { quoted, constant } => self.source.constant(*quoted, constant),
            _ => {
                let node = self.node_text(id);
                return self.fail(format!("can't evaluate command {}", quote(&node)));
            }
        }))
    }

    /// A number in the type its writing tells.
    fn ideal(&self, number: &Number) -> Result<Value, Failure> {
        Ok(match number.ideal {
            Ideal::Complex(re, im) => Value::Complex(re, im),
            Ideal::Float(f) => Value::Float(f),
            Ideal::Int(i) => Value::int(i),
            Ideal::Overflow => return self.fail(format!("{} overflows int", number.text)),
        })
    }

    fn not_a_function(&self, args: &[Id], last: &Final) -> Result<(), Failure> {
        if args.len() > 1 || last.is_some() {
            let first = self.operand_text(args[0]);
            return self.fail(format!("can't give argument to non-function {first}"));
        }
        Ok(())
    }

    fn operand_text(&self, id: Id) -> String {
        self.node_text(id)
    }

    pub(super) fn variable(
        &mut self,
        dot: &Reflected,
        id: Id,
        (name, slot, fields): (Span, Slot, Many),
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        self.at = id;
        let at = self.frame.saturating_add(slot.0 as usize);
        let Some(value) = self.budget.variables.get(at).cloned().flatten() else {
            let name = self.source.slice(name);
            return self.fail(format!("undefined variable: {name}"));
        };
        if fields.is_empty() {
            self.not_a_function(args, &last)?;
            return Ok(value);
        }
        self.fields(dot, &value, id, fields, args, last)
    }

    pub(super) fn chain(
        &mut self,
        dot: &Reflected,
        id: Id,
        node: Id,
        fields: Many,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        self.at = id;
        if matches!(self.source.node(node).kind, NodeKind::Nil) {
            let text = self.node_text(id);
            return self.fail(format!("indirection through explicit nil in {text}"));
        }
        let value = stacker::maybe_grow(RED_ZONE, STACK, || self.argument(dot, None, node))?;
        self.fields(dot, &value, id, fields, args, last)
    }

    /// Field after field; only the last gets the arguments.
    pub(super) fn fields(
        &mut self,
        dot: &Reflected,
        receiver: &Reflected,
        node: Id,
        names: Many,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        let source = self.source;
        let Some((name, path)) = source.fields(names).split_last() else {
            return Ok(receiver.clone());
        };
        let name = source.slice(*name);
        let Some((first, path)) = path.split_first() else {
            return self.field(dot, receiver, name, node, args, last);
        };
        let mut receiver = self.field(dot, receiver, source.slice(*first), node, &[], None)?;
        for name in path {
            receiver = self.field(dot, &receiver, source.slice(*name), node, &[], None)?;
        }
        self.field(dot, &receiver, name, node, args, last)
    }

    fn field(
        &mut self,
        dot: &Reflected,
        receiver: &Reflected,
        name: &str,
        node: Id,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        match &receiver.value {
            Value::Map(map) => {
                if let Some(own) = map.own_name()
                    && let Some(signature) = values::method(own, name)
                {
                    return self.map_method(dot, map, &signature, name, node, args, last);
                }
                if args.len() > 1 || last.is_some() {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                match map.get(name) {
                    Some(value) => Ok(Reflected::item(value, map.item_type())),
                    None => self.missing(name, map.item_type()),
                }
            }
            Value::Nil if receiver.boxed => {
                self.fail(format!("nil pointer evaluating interface {{}}.{name}"))
            }
            Value::Nil => {
                if self.set.options().missing_key == MissingKey::Error {
                    return self.fail(format!("nil data; no entry for key {}", quote(name)));
                }
                Ok(Reflected::INVALID)
            }
            Value::Object(_) => self.object_field(dot, receiver, name, node, args, last),
            _ => self.no_field(name, receiver),
        }
    }

    fn missing(&self, name: &str, item: crate::value::Type) -> Result<Reflected, Failure> {
        match self.set.options().missing_key {
            MissingKey::Invalid => Ok(Reflected::INVALID),
            MissingKey::Zero => Ok(Reflected::item(item.zero(), item)),
            MissingKey::Error => self.fail(format!("map has no entry for key {}", quote(name))),
        }
    }

    fn no_field<T>(&self, name: &str, receiver: &Reflected) -> Result<T, Failure> {
        self.fail(format!("can't evaluate field {name} in type {}", receiver.type_name()))
    }

    fn object_field(
        &mut self,
        dot: &Reflected,
        receiver: &Reflected,
        name: &str,
        node: Id,
        args: &[Id],
        last: Final,
    ) -> Result<Reflected, Failure> {
        let Value::Object(object) = &receiver.value else {
            return self.no_field(name, receiver);
        };
        if let Some(method) = object.method(name) {
            return self.method(dot, object, &method, name, node, args, last);
        }
        let has_args = args.len() > 1 || last.is_some();
        if object.go_type().kind() == Kind::Map {
            if has_args {
                return self.fail(format!("{name} is not a method but has arguments"));
            }
            let entries = object.entries().unwrap_or_default();
            let found = entries.into_iter().find(|(k, _)| k.as_text().as_deref() == Some(name));
            return match found {
                Some((_, value)) => Ok(Reflected::of(value)),
                None => self.missing(name, crate::value::Type::BYTES),
            };
        }
        if let Some(value) = object.field(name) {
            if has_args {
                return self
                    .fail(format!("{name} has arguments but cannot be invoked as function"));
            }
            return Ok(Reflected::of(value));
        }
        if object.is_nil() {
            return self.fail(format!("nil pointer evaluating {}.{name}", object.go_type()));
        }
        self.no_field(name, receiver)
    }
}
