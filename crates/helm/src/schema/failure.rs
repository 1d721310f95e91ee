//! What is wrong with a value, as a tree, and its text.

use crate::gotext::{general, quoted};
use object::Value;

/// A value that does not fit, with the reasons below it.
#[derive(Debug)]
pub(super) struct Failure {
    /// JSON pointer to the value.
    pub(super) at: String,
    pub(super) kind: Kind,
    pub(super) causes: Vec<Failure>,
}

/// What a failure is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Several at one place.
    Group,
    /// Behind a reference; not shown when there is one cause only.
    Reference,
    /// In words.
    Text(String),
}

impl Failure {
    /// The text of everything below the root.
    pub(super) fn report(self) -> String {
        let causes = match self.kind {
            Kind::Group => self.causes,
            _ => vec![self],
        };
        let mut out = String::new();
        causes.iter().for_each(|c| c.print(1, &mut out));
        out.trim_start_matches('\n').to_owned()
    }

    fn print(&self, indent: usize, out: &mut String) {
        let hidden = matches!(self.kind, Kind::Reference) && self.causes.len() == 1;
        if !hidden {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", indent - 1));
            let text = match &self.kind {
                Kind::Text(text) => text,
                Kind::Group | Kind::Reference => "validation failed",
            };
            out.push_str(&format!("- at {}: {text}", single_quoted(&self.at)));
        }
        let below = if hidden { indent } else { indent + 1 };
        self.causes.iter().for_each(|c| c.print(below, out));
    }
}

/// A text in single quotes, with Go's escapes.
pub(super) fn single_quoted(text: &str) -> String {
    let quoted = quoted(text);
    let inner = &quoted[1..quoted.len() - 1];
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

/// Names in single quotes, with commas between.
pub(super) fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|n| single_quoted(n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A scalar as messages show it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(s) => single_quoted(s),
        Value::Null => "<nil>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => general(*f),
        Value::List(_) | Value::Map(_) => "value".into(),
    }
}

/// A number with commas between thousands, as messages show bounds.
pub(super) fn grouped(number: f64) -> String {
    let plain = format!("{}", number.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::new();
    if number < 0.0 {
        out.push('-');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A count with commas between thousands.
pub(super) fn count(number: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for printing")]
    grouped(number as f64)
}
