//! Trees as text again, in one canonical form; error messages name nodes so.

use super::tree::{Branch, Id, Many, NodeKind, Source};
use crate::fmt::quote;

/// The text of a node. Text nodes are quoted when `quoted`.
pub(crate) fn print(source: &Source, id: Id, quoted: bool) -> String {
    let mut out = String::new();
    Printer { source, quoted, out: &mut out }.node(id);
    out
}

struct Printer<'a> {
    source: &'a Source,
    quoted: bool,
    out: &'a mut String,
}

impl Printer<'_> {
    fn node(&mut self, id: Id) {
        stacker::maybe_grow(crate::exec::RED_ZONE, crate::exec::STACK, || self.node_here(id));
    }

    fn node_here(&mut self, id: Id) {
        match &self.source.node(id).kind {
            NodeKind::List(nodes) => {
                self.source.links(*nodes).iter().for_each(|n| self.node(*n));
            }
            NodeKind::Text(span) if self.quoted => {
                self.out.push_str(&quote(self.source.slice(*span)));
            }
            NodeKind::Text(span) => self.out.push_str(self.source.slice(*span)),
            NodeKind::Action(pipe) => {
                self.out.push_str("{{");
                self.node(*pipe);
                self.out.push_str("}}");
            }
            NodeKind::Pipe(pipe) => {
                for (i, variable) in self.source.declared(pipe.declared).iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.out.push_str(self.source.slice(variable.name));
                }
                if !pipe.declared.is_empty() {
                    self.out.push_str(if pipe.assigns { " = " } else { " := " });
                }
                for (i, command) in self.source.links(pipe.commands).iter().enumerate() {
                    self.out.push_str(if i > 0 { " | " } else { "" });
                    self.node(*command);
                }
            }
            NodeKind::Command(args) => {
                for (i, arg) in self.source.links(*args).iter().enumerate() {
                    self.out.push_str(if i > 0 { " " } else { "" });
                    self.operand(*arg);
                }
            }
            NodeKind::Field(names) => self.fields(*names),
            NodeKind::Variable { name, fields, .. } => {
                self.out.push_str(self.source.slice(*name));
                self.fields(*fields);
            }
            NodeKind::Chain { node, fields } => {
                self.operand(*node);
                self.fields(*fields);
            }
            NodeKind::Identifier { name, .. } => self.out.push_str(self.source.slice(*name)),
            NodeKind::Dot => self.out.push('.'),
            NodeKind::Nil => self.out.push_str("nil"),
            NodeKind::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            NodeKind::Number(number) => self.out.push_str(&number.text),
            NodeKind::String { quoted, .. } => self.out.push_str(self.source.slice(*quoted)),
            NodeKind::If(branch) => self.branch("if", branch),
            NodeKind::With(branch) => self.branch("with", branch),
            NodeKind::Range(branch) => self.branch("range", branch),
            NodeKind::Template { name, pipe } => {
                self.out.push_str("{{template ");
                self.out.push_str(&quote(self.source.template_name(*name)));
                if let Some(pipe) = pipe {
                    self.out.push(' ');
                    self.node(*pipe);
                }
                self.out.push_str("}}");
            }
            NodeKind::Break => self.out.push_str("{{break}}"),
            NodeKind::Continue => self.out.push_str("{{continue}}"),
        }
    }

    fn operand(&mut self, id: Id) {
        let pipe = matches!(self.source.node(id).kind, NodeKind::Pipe(_));
        self.out.push_str(if pipe { "(" } else { "" });
        self.node(id);
        self.out.push_str(if pipe { ")" } else { "" });
    }

    fn fields(&mut self, names: Many) {
        for name in self.source.fields(names) {
            self.out.push('.');
            self.out.push_str(self.source.slice(*name));
        }
    }

    fn branch(&mut self, keyword: &str, branch: &Branch) {
        self.out.push_str("{{");
        self.out.push_str(keyword);
        self.out.push(' ');
        self.node(branch.pipe);
        self.out.push_str("}}");
        self.node(branch.list);
        if let Some(otherwise) = branch.otherwise {
            self.out.push_str("{{else}}");
            self.node(otherwise);
        }
        self.out.push_str("{{end}}");
    }
}
