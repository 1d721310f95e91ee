//! Parsed templates that call each other by name.

use crate::env::Env;
use crate::error::{Error, ErrorKind};
use crate::fmt::quote;
use crate::function::Functions;
use crate::limits::Limits;
use crate::parse::{Delimiters, Template};
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What an absent map key means (`Option("missingkey=...")`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `default`, also `invalid`: no value; printed as `<no value>`.
    #[default]
    Invalid,
    /// `zero`: the zero value of the map's item type, which for `interface {}` is nil.
    Zero,
    /// `error`: execution stops.
    Error,
}

/// How a set of templates is read and executed.
#[derive(Clone)]
pub struct Options {
    /// The name of the set itself, which only the error for an unknown template tells.
    pub name: String,
    /// What templates may call.
    pub functions: Arc<Functions>,
    /// What begins an action, `{{` when empty.
    pub left: String,
    /// What ends an action, `}}` when empty.
    pub right: String,
    /// What an absent map key means.
    pub missing_key: MissingKey,
    /// Bounds of one execution.
    pub limits: Limits,
}

impl Options {
    /// Go's defaults with these functions.
    pub fn new(functions: Arc<Functions>) -> Self {
        Self {
            name: String::new(),
            functions,
            left: String::new(),
            right: String::new(),
            missing_key: MissingKey::default(),
            limits: Limits::default(),
        }
    }
}

/// Parsed templates of one name space. Cheap to clone (a clone sees what was parsed before, and adds for itself
/// alone), and usable on any thread.
#[derive(Clone)]
pub struct Set {
    shared: Arc<Shared>,
    /// What was there when the set was last cloned for additions.
    base: Arc<HashMap<Arc<str>, Arc<Template>>>,
    /// What came later and goes first; short.
    added: Vec<(Arc<str>, Arc<Template>)>,
}

struct Shared {
    options: Options,
    delimiters: Delimiters,
}

/// So many additions are kept beside the shared map before they are merged into it.
const FEW: usize = 8;

impl Set {
    /// No template yet.
    pub fn new(options: Options) -> Self {
        let delimiters = Delimiters::new(&options.left, &options.right);
        let shared = Arc::new(Shared { options, delimiters });
        Self { shared, base: Arc::default(), added: Vec::new() }
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Parses `text` as the template `name`, and adds it and the templates it defines (`define`, `block`). As in Go,
    /// a template whose text is only blanks and comments does not replace one that has a body.
    ///
    /// # Errors
    /// The first fault of the text, in Go's words: `template: name:line: ...`.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), Error> {
        for template in self.parsed(name, text)? {
            self.add(Arc::new(template));
        }
        Ok(())
    }

    fn parsed(&self, name: &str, text: &str) -> Result<Vec<Template>, Error> {
        crate::parse::parse(name, text, &self.shared.delimiters, &self.options().functions)
    }

    /// Whether a text is nothing but text.
    pub(crate) fn is_plain(&self, text: &str) -> bool {
        !text.contains(self.shared.delimiters.left())
    }

    /// A set with the templates of one more text, and the template of the text itself (which, when it is blank, does
    /// not replace one of that name).
    pub(crate) fn with_text(&self, name: &str, text: &str) -> Result<(Self, Arc<Template>), Error> {
        let mut set = self.clone();
        let mut main = None;
        for template in self.parsed(name, text)? {
            let template = Arc::new(template);
            main.get_or_insert_with(|| Arc::clone(&template));
            set.add(template);
        }
        let main = main.ok_or_else(|| self.no_template(name))?;
        Ok((set, main))
    }

    fn add(&mut self, template: Arc<Template>) {
        if let Some(old) = self.template(&template.name)
            && template.is_empty()
            && !old.is_empty()
        {
            return;
        }
        let name = Arc::clone(&template.name);
        if let Some(map) = Arc::get_mut(&mut self.base)
            && self.added.is_empty()
        {
            map.insert(name, template);
            return;
        }
        match self.added.iter_mut().find(|(n, _)| *n == name) {
            Some(slot) => slot.1 = template,
            None => self.added.push((name, template)),
        }
        if self.added.len() > FEW {
            let added = std::mem::take(&mut self.added);
            Arc::make_mut(&mut self.base).extend(added);
        }
    }

    pub(crate) fn template(&self, name: &str) -> Option<&Arc<Template>> {
        let added = self.added.iter().find(|(n, _)| **n == *name).map(|(_, t)| t);
        added.or_else(|| self.base.get(name))
    }

    /// Whether there is a template of this name.
    pub fn has(&self, name: &str) -> bool {
        self.template(name).is_some()
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> Vec<&str> {
        let added = self.added.iter().map(|(n, _)| &**n);
        let mut names: Vec<&str> = self.base.keys().map(|n| &**n).chain(added).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The canonical re-print of a template's parse tree, text nodes quoted when `quoted`.
    pub fn tree(&self, name: &str, quoted: bool) -> Option<String> {
        self.template(name).map(|t| t.print(quoted))
    }

    /// Runs the template `name` with `data` as dot.
    ///
    /// Text that is not UTF-8 is printed with replacement characters. The stack grows as needed (on the heap), so any
    /// thread will do.
    ///
    /// # Errors
    /// Go's text for what went wrong: `template: name:line:column: executing "name" at <node>: ...`; a limit that was
    /// reached is told in the same form.
    pub fn execute(&self, name: &str, data: &Value, env: &mut dyn Env) -> Result<String, Error> {
        match self.template(name) {
            Some(template) => {
                Ok(crate::exec::execute(self, template, data, env)?.into_string_lossy())
            }
            None => Err(self.no_template(name)),
        }
    }

    pub(crate) fn no_template(&self, name: &str) -> Error {
        let (name, own) = (quote(name), quote(&self.options().name));
        let message = format!("template: no template {name} associated with template {own}");
        Error::new(ErrorKind::NoTemplate, message)
    }
}
