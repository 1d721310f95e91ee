//! Execution: Go's `text/template/exec.go`, over trees whose functions and variables are already resolved.
//!
//! `at` is what Go's state calls its node: the one error messages name. It moves at the same moments as Go's, since
//! users see it.

mod call;
mod eval;
mod range;

#[cfg(test)]
mod tests;

use crate::builtin::Reflected;
use crate::env::Env;
use crate::error::{Error, ErrorKind};
use crate::fmt::{Output, quote, write_value};
use crate::function::FunctionError;
use crate::limits::Budget;
use crate::parse::{Branch, Id, Many, NodeKind, Source, Template};
use crate::set::Set;
use crate::value::Value;

/// Room the stack must have before one more level; and what is added when it has not.
pub(crate) const RED_ZONE: usize = 128 << 10;
pub(crate) const STACK: usize = 2 << 20;

/// An error text beyond is not made longer by the templates around it.
const LONGEST_ERROR: usize = 64 << 10;

/// Errors travel boxed: results stay small.
type Failure = Box<Error>;

/// How a node ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// One running template, and what it calls with `{{template}}`.
struct Executor<'a> {
    set: &'a Set,
    template: &'a Template,
    source: &'a Source,
    env: &'a mut dyn Env,
    budget: &'a mut Budget,
    out: Output,
    /// Where the slots of the running template begin among all variables.
    frame: usize,
    at: Id,
}

/// Runs a template of the set from the beginning.
pub(crate) fn execute(
    set: &Set,
    template: &Template,
    data: &Value,
    env: &mut dyn Env,
) -> Result<Output, Error> {
    let mut budget = Budget::new(set.options().limits);
    run(set, template, data, env, &mut budget)
}

/// Runs a template inside a running one.
pub(crate) fn nested(
    set: &Set,
    template: &Template,
    data: &Value,
    env: &mut dyn Env,
    budget: &mut Budget,
) -> Result<Output, Error> {
    let limit = budget.limits().depth;
    if budget.depth >= limit {
        let message =
            format!("template: {}: exceeded maximum template depth ({limit})", template.name);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    budget.depth += 1;
    let result = stacker::maybe_grow(RED_ZONE, STACK, || run(set, template, data, env, budget));
    budget.depth -= 1;
    result
}

fn run(
    set: &Set,
    template: &Template,
    data: &Value,
    env: &mut dyn Env,
    budget: &mut Budget,
) -> Result<Output, Error> {
    let frame = budget.variables.len();
    let dot = Reflected::of(data.clone());
    budget.variables.resize(frame + template.slots as usize, None);
    budget.variables[frame] = Some(dot.clone());
    let mut executor = Executor {
        set,
        template,
        source: &template.source,
        env,
        budget,
        out: Output::default(),
        frame,
        at: template.root,
    };
    let result = executor.walk(&dot, template.root);
    executor.budget.variables.truncate(frame);
    match result {
        Ok(_) => Ok(executor.out),
        Err(error) => Err(*error),
    }
}

impl<'a> Executor<'a> {
    /// An error at the current node.
    #[cold]
    fn fail<T>(&self, message: impl AsRef<str>) -> Result<T, Failure> {
        Err(Box::new(Error::new(ErrorKind::Exec, self.placed(message.as_ref()))))
    }

    #[cold]
    fn limit<T>(&self, message: &str) -> Result<T, Failure> {
        Err(Box::new(Error::new(ErrorKind::Limit, self.placed(message))))
    }

    #[cold]
    fn caused<T>(&self, message: &str, source: FunctionError) -> Result<T, Failure> {
        // Every level of nested templates repeats the text of those below.
        if message.len() > LONGEST_ERROR {
            return match source.into_template_error() {
                Ok(inner) => Err(inner),
                Err(source) => Err(Box::new(Error::caused(self.placed(message), source))),
            };
        }
        Err(Box::new(Error::caused(self.placed(message), source)))
    }

    fn placed(&self, message: &str) -> String {
        let location = self.source.location(self.at);
        let (name, node) = (quote(&self.template.name), self.node_text(self.at));
        format!("template: {location}: executing {name} at <{node}>: {message}")
    }

    fn node_text(&self, id: Id) -> String {
        crate::parse::print(self.source, id, false)
    }

    /// Counts one unit of work.
    fn step(&mut self) -> Result<(), Failure> {
        if self.budget.spend(1) {
            return Ok(());
        }
        self.limit(&self.budget.work_exceeded())
    }

    fn walk(&mut self, dot: &Reflected, id: Id) -> Result<Flow, Failure> {
        self.at = id;
        self.step()?;
        let source = self.source;
        match &source.node(id).kind {
            NodeKind::Text(span) => self.write(source.slice(*span))?,
            NodeKind::Action(pipe) => {
                let value = self.pipeline(dot, *pipe)?;
                if !self.declares(*pipe) {
                    self.at = id;
                    self.print(&value.value)?;
                }
            }
            NodeKind::List(nodes) => return self.list(dot, *nodes),
            NodeKind::If(branch) => return self.branch(dot, branch, false),
            NodeKind::With(branch) => return self.branch(dot, branch, true),
            NodeKind::Range(branch) => {
                self.range(dot, branch)?;
            }
            NodeKind::Template { name, pipe } => {
                self.call_template(dot, source.template_name(*name), *pipe)?;
            }
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
            _ => return self.fail(format!("unknown node: {}", self.node_text(id))),
        }
        Ok(Flow::Next)
    }

    fn list(&mut self, dot: &Reflected, nodes: Many) -> Result<Flow, Failure> {
        let source = self.source;
        stacker::maybe_grow(RED_ZONE, STACK, || {
            for node in source.links(nodes) {
                let flow = self.walk(dot, *node)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
            }
            Ok(Flow::Next)
        })
    }

    fn declares(&self, pipe: Id) -> bool {
        matches!(&self.source.node(pipe).kind, NodeKind::Pipe(p) if !p.declared.is_empty())
    }

    fn branch(&mut self, dot: &Reflected, branch: &Branch, with: bool) -> Result<Flow, Failure> {
        let value = self.pipeline(dot, branch.pipe)?;
        if value.value.truth() {
            let dot = if with { &value } else { dot };
            return self.walk(dot, branch.list);
        }
        branch.otherwise.map_or(Ok(Flow::Next), |list| self.walk(dot, list))
    }

    fn call_template(
        &mut self,
        dot: &Reflected,
        name: &str,
        pipe: Option<Id>,
    ) -> Result<(), Failure> {
        let set = self.set;
        let Some(template) = set.template(name) else {
            return self.fail(format!("template {} not defined", quote(name)));
        };
        let limit = self.budget.limits().depth;
        if self.budget.depth >= limit {
            return self.limit(&format!("exceeded maximum template depth ({limit})"));
        }
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Reflected::INVALID,
        };
        let outer = (self.template, self.source, self.frame, self.at);
        self.template = template;
        self.source = &template.source;
        self.frame = self.budget.variables.len();
        self.budget.variables.resize(self.frame + template.slots as usize, None);
        self.budget.variables[self.frame] = Some(dot.clone());
        self.budget.depth += 1;
        let result = self.walk(&dot, template.root);
        self.budget.depth -= 1;
        self.budget.variables.truncate(self.frame);
        (self.template, self.source, self.frame, self.at) = outer;
        result.map(|_| ())
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.out.push_str(text);
        self.written(text.len())
    }

    fn written(&mut self, bytes: usize) -> Result<(), Failure> {
        match self.budget.write(bytes) {
            Ok(()) => Ok(()),
            Err(message) => self.limit(&message),
        }
    }

    fn print(&mut self, value: &Value) -> Result<(), Failure> {
        if value.is_nil() {
            return self.write("<no value>");
        }
        let before = self.out.len();
        write_value(&mut self.out, value);
        self.written(self.out.len() - before)
    }
}
