//! What Helm makes of the errors of templates (`engine.reformatExecErrorMsg`, `cleanupParseError`).

use gotemplate::{Error, ErrorKind};

/// A template cannot be read or executed. The text is Helm's; it may have several lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TemplateError {
    text: String,
    /// The file whose rendering failed.
    pub template: String,
}

/// What `required` and `fail` put around their message.
const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

pub(super) fn parse_error(template: &str, error: &Error) -> TemplateError {
    let message = error.message();
    let tokens: Vec<&str> = message.split(": ").collect();
    let text = match tokens.as_slice() {
        [_, location, .., last] => format!("parse error at ({location}): {last}"),
        [_, last] => format!("parse error at ({last}): {last}"),
        _ => format!("parse error in ({template}): {message}"),
    };
    TemplateError { text, template: template.to_owned() }
}

pub(super) fn exec_error(template: &str, error: &Error) -> TemplateError {
    TemplateError { text: reformat(error), template: template.to_owned() }
}

fn reformat(error: &Error) -> String {
    let message = error.message();
    if error.kind() == ErrorKind::NoTemplate {
        return message.to_owned();
    }
    let mut tokens = message.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next())
    else {
        return message.to_owned();
    };
    if let Some(start) = rest.find(START)
        && let Some(end) = rest.rfind(END)
        && let Some(text) = rest.get(start + START.len()..end)
    {
        return format!("execution error at ({location}): {text}");
    }
    let mut traces: Vec<Trace> = Vec::new();
    for link in chain(error) {
        match Trace::parse(link) {
            Some(trace) if traces.last() != Some(&trace) => traces.push(trace),
            Some(_) => {}
            None => return message.to_owned(),
        }
    }
    let text: String = traces.iter().map(Trace::print).collect();
    text.trim().to_owned()
}

/// The texts of the errors inside each other, outermost first.
fn chain(error: &Error) -> Vec<&str> {
    let mut links = vec![error.message()];
    let mut inner = error.function_error();
    while let Some(function) = inner {
        links.push(function.message());
        inner = match function.template_error() {
            Some(template) => {
                links.push(template.message());
                template.function_error()
            }
            None => None,
        };
    }
    links
}

/// One place of a chain of templates.
#[derive(PartialEq)]
struct Trace<'a> {
    location: &'a str,
    executing: Option<(&'a str, &'a str)>,
    message: &'a str,
}

impl<'a> Trace<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { location: "", executing: None, message: text });
        }
        Self::executing(rest).or_else(|| Self::simple(rest))
    }

    /// `NAME:LINE:COLUMN: executing "FUNCTION" at <NODE>: MESSAGE`.
    fn executing(rest: &'a str) -> Option<Self> {
        let (location, after) = rest.split_once(": executing ")?;
        let (function, after) = after.strip_prefix('"')?.split_once('"')?;
        let (node, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self { location, executing: Some((function, node)), message: first(message) })
    }

    fn simple(rest: &'a str) -> Option<Self> {
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Self { location, executing: None, message: first(message) })
    }

    fn print(&self) -> String {
        let mut out = String::new();
        if !self.location.is_empty() {
            out += &format!("{}\n  ", self.location);
        }
        if let Some((function, node)) = self.executing {
            out += &format!("executing \"{function}\" at <{node}>:\n    ");
        }
        if !self.message.is_empty() {
            out += &format!("{}\n", self.message);
        }
        out
    }
}

/// A message without the next template's, which follows it.
fn first(message: &str) -> &str {
    message.split(" template:").next().unwrap_or(message)
}
