//! The JSONPath that printer columns are written in, as `k8s.io/client-go/util/jsonpath` reads it.
//!
//! Fields (`.a`, `['a']`, escapes `\.`), indices and slices (`[0]`, `[-1]`, `[1:3]`, `[*]`), unions
//! (`[0,2]`), wildcards, recursive descent (`..a`) and filters (`[?(@.type=="Ready")]`). Deliberately
//! absent: `{range}` and text between actions, which a column cannot hold.

use object::Value;
use std::cmp::Ordering;
use thiserror::Error;

/// Filters may hold paths that hold filters; a path is bounded by this depth.
const MAX_DEPTH: usize = 8;
/// Recursive descent and unions multiply; more nodes than this are not a cell.
const MAX_RESULTS: usize = 10_000;

/// A path that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("JSONPath {path:?}: {reason} at byte {at}")]
pub struct PathError {
    path: String,
    reason: &'static str,
    at: usize,
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Wildcard,
    Recursive,
    /// `[from:to:step]`; an absent `to` is the end, `single` says `[n]`.
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: i64,
        single: bool,
    },
    Union(Vec<Path>),
    Filter {
        left: Path,
        test: Option<(Operator, Path)>,
    },
    Literal(Value),
    /// A word that means nothing: read without complaint, and never found.
    Word,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// One that does not exist: read without complaint, and never true.
    Unknown,
}

/// Why a path has no result: the value has another shape than the path expects.
struct Mismatch;

impl Path {
    /// Reads `.spec.replicas`, with or without a leading `$`.
    ///
    /// # Errors
    /// When the text is not a path of the supported subset; the message names the place.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::parse_within(text, 0).map_err(|(reason, at)| PathError {
            path: text.to_owned(),
            reason,
            at,
        })
    }

    fn parse_within(text: &str, depth: usize) -> Result<Self, (&'static str, usize)> {
        if depth > MAX_DEPTH {
            return Err(("filters nest too deep", 0));
        }
        Parser { text, at: 0, depth, steps: Vec::new() }.run()
    }

    /// All values the path reaches in `root`, in order; nothing where a member is missing or has another
    /// shape than the path asks for.
    pub fn find<'v>(&'v self, root: &'v Value) -> Vec<&'v Value> {
        self.walk(vec![root]).unwrap_or_default()
    }

    fn walk<'v>(&'v self, mut found: Vec<&'v Value>) -> Result<Vec<&'v Value>, Mismatch> {
        for step in &self.0 {
            found = step.walk(found)?;
            if found.len() > MAX_RESULTS {
                return Err(Mismatch);
            }
        }
        Ok(found)
    }
}

impl Step {
    fn walk<'v>(&'v self, input: Vec<&'v Value>) -> Result<Vec<&'v Value>, Mismatch> {
        match self {
            Self::Field(name) => Ok(input.into_iter().filter_map(|v| v.get(name)).collect()),
            Self::Wildcard => Ok(input.into_iter().flat_map(children).collect()),
            Self::Recursive => {
                let mut found = Vec::new();
                for value in input {
                    descend(value, &mut found);
                }
                Ok(found)
            }
            Self::Slice { from, to, step, single } => {
                let mut found = Vec::new();
                for value in input {
                    match value {
                        Value::Null => {}
                        Value::List(items) => {
                            let range = slice(items.len(), *from, *to, *single)?;
                            let step = usize::try_from(*step).ok().filter(|s| *s > 0);
                            let step = step.ok_or(Mismatch)?;
                            found.extend(items[range].iter().step_by(step));
                        }
                        _ => return Err(Mismatch),
                    }
                }
                Ok(found)
            }
            Self::Union(paths) => {
                let mut found = Vec::new();
                for path in paths {
                    found.extend(path.walk(input.clone())?);
                }
                Ok(found)
            }
            Self::Filter { left, test } => {
                let mut found = Vec::new();
                for value in input {
                    for item in value.as_list().ok_or(Mismatch)? {
                        if passes(item, left, test.as_ref())? {
                            found.push(item);
                        }
                    }
                }
                Ok(found)
            }
            Self::Literal(value) => Ok(input.into_iter().map(|_| value).collect()),
            Self::Word => Err(Mismatch),
        }
    }
}

fn passes(item: &Value, left: &Path, test: Option<&(Operator, Path)>) -> Result<bool, Mismatch> {
    let Some((operator, right)) = test else {
        return Ok(left.walk(vec![item]).is_ok_and(|found| !found.is_empty()));
    };
    let one = |found: Vec<&Value>| match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        _ => Err(Mismatch),
    };
    let (Some(left), Some(right)) = (one(left.walk(vec![item])?)?, one(right.walk(vec![item])?)?)
    else {
        return Ok(false);
    };
    let order = match (&left, &right) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).ok_or(Mismatch)?,
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => return Err(Mismatch),
    };
    Ok(match operator {
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Less => order == Ordering::Less,
        Operator::LessEqual => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterEqual => order != Ordering::Less,
        Operator::Unknown => return Err(Mismatch),
    })
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        Value::Map(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// `value` and everything under it that has members or items itself.
fn descend<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        let under = children(value);
        if !under.is_empty() && found.len() <= MAX_RESULTS {
            found.push(value);
            pending.extend(under.into_iter().rev());
        }
    }
}

fn slice(
    len: usize,
    from: Option<i64>,
    to: Option<i64>,
    single: bool,
) -> Result<std::ops::Range<usize>, Mismatch> {
    let len = i64::try_from(len).map_err(|_| Mismatch)?;
    let absolute = |n: i64| if n < 0 { n + len } else { n };
    let from = absolute(from.unwrap_or(0));
    let to = if single { from + 1 } else { to.map_or(len, absolute) };
    if from == to {
        return Ok(0..0);
    }
    if from < 0 || from >= len || to > len || to < from {
        return Err(Mismatch);
    }
    let index = |n: i64| usize::try_from(n).map_err(|_| Mismatch);
    Ok(index(from)?..index(to)?)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    steps: Vec<Step>,
}

impl<'t> Parser<'t> {
    fn run(mut self) -> Result<Path, (&'static str, usize)> {
        while let Some(c) = self.text[self.at..].chars().next() {
            let rest = &self.text[self.at..];
            match c {
                ' ' | '\t' | '$' | '@' => self.at += 1,
                _ if rest.starts_with("..") => self.recursive()?,
                '.' => {
                    self.at += 1;
                    self.field();
                }
                _ if rest.starts_with("[?(") => self.filter()?,
                '[' => self.brackets()?,
                '"' | '\'' => self.quoted(c)?,
                _ if c.is_alphanumeric() || c == '+' || c == '-' => self.word()?,
                _ => return Err(("unexpected character", self.at)),
            }
        }
        Ok(Path(self.steps))
    }

    fn recursive(&mut self) -> Result<(), (&'static str, usize)> {
        if self.steps.last() == Some(&Step::Recursive) {
            return Err(("two recursive descents in a row", self.at));
        }
        self.at += 2;
        self.steps.push(Step::Recursive);
        if self.text[self.at..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            self.field();
        }
        Ok(())
    }

    /// A name up to the next unescaped terminator.
    fn field(&mut self) {
        let rest = &self.text[self.at..];
        let mut name = String::new();
        let mut escaped = false;
        let mut end = rest.len();
        for (i, c) in rest.char_indices() {
            match c {
                _ if escaped => {
                    name.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                ' ' | '\t' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' => {
                    end = i;
                    break;
                }
                _ => name.push(c),
            }
        }
        self.at += end;
        self.steps.push(if name == "*" { Step::Wildcard } else { Step::Field(name) });
    }

    fn brackets(&mut self) -> Result<(), (&'static str, usize)> {
        let start = self.at;
        let end = self.text[start..].find(']').ok_or(("unclosed [", start))? + start;
        let inner = &self.text[start + 1..end];
        self.at = end + 1;
        let part = |text: &str| match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
            // A name in quotes is read like one behind a dot: dots in it need a backslash too.
            Some(name) => Path::parse_within(&format!(".{name}"), self.depth + 1),
            None => Ok(Path(vec![slice_step(text).ok_or(("not an index or name", start))?])),
        };
        if inner.contains(',') {
            let parts = inner.split(',').map(|text| part(text.trim()));
            self.steps.push(Step::Union(parts.collect::<Result<_, _>>()?));
        } else {
            self.steps.extend(part(inner)?.0);
        }
        Ok(())
    }

    fn filter(&mut self) -> Result<(), (&'static str, usize)> {
        let start = self.at + 3;
        let mut quote: Option<char> = None;
        let mut previous = ' ';
        let mut end = None;
        for (i, c) in self.text[start..].char_indices() {
            match quote {
                Some(q) if c == q && previous != '\\' => quote = None,
                Some(_) => {}
                None if c == '"' || c == '\'' => quote = Some(c),
                None if c == ')' => {
                    end = Some(start + i);
                    break;
                }
                None => {}
            }
            previous = c;
        }
        let end = end.ok_or(("unclosed filter", self.at))?;
        if !self.text[end..].starts_with(")]") {
            return Err(("a filter ends with )]", end));
        }
        self.at = end + 2;
        let inner = &self.text[start..end];
        let is_operator = |c: char| "!<>=".contains(c);
        let path = |text: &str| Path::parse_within(text.trim(), self.depth + 1);
        let step = match inner.find(is_operator) {
            None => Step::Filter { left: path(inner)?, test: None },
            Some(from) => {
                let after = &inner[from..];
                let to = after.find(|c| !is_operator(c)).unwrap_or(after.len());
                let operator = match &after[..to] {
                    "==" => Operator::Equal,
                    "!=" => Operator::NotEqual,
                    "<" => Operator::Less,
                    "<=" => Operator::LessEqual,
                    ">" => Operator::Greater,
                    ">=" => Operator::GreaterEqual,
                    _ => Operator::Unknown,
                };
                Step::Filter {
                    left: path(&inner[..from])?,
                    test: Some((operator, path(&after[to..])?)),
                }
            }
        };
        self.steps.push(step);
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), (&'static str, usize)> {
        let start = self.at;
        let mut text = String::new();
        let mut escaped = false;
        for (i, c) in self.text[start + 1..].char_indices() {
            match c {
                _ if escaped => {
                    text.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        other => other,
                    });
                    escaped = false;
                }
                '\\' => escaped = true,
                _ if c == quote => {
                    self.at = start + 1 + i + c.len_utf8();
                    self.steps.push(Step::Literal(text.into()));
                    return Ok(());
                }
                _ => text.push(c),
            }
        }
        Err(("unclosed quote", start))
    }

    fn word(&mut self) -> Result<(), (&'static str, usize)> {
        let rest = &self.text[self.at..];
        let number = rest.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| !(c.is_alphanumeric() || *c == '_' || number && *c == '.'))
            .map_or(rest.len(), |(i, _)| i);
        let step = match &rest[..end] {
            "true" => Step::Literal(Value::Bool(true)),
            "false" => Step::Literal(Value::Bool(false)),
            word => match (word.parse::<i64>(), word.parse::<f64>()) {
                (Ok(i), _) => Step::Literal(Value::Int(i)),
                (_, Ok(f)) if number => Step::Literal(Value::Float(f)),
                _ if number => return Err(("not a number", self.at)),
                _ => Step::Word,
            },
        };
        self.at += end;
        self.steps.push(step);
        Ok(())
    }
}

/// An index or slice without its brackets: `*`, `3`, `1:4`, `0:10:2`; nothing is the first item.
fn slice_step(inner: &str) -> Option<Step> {
    if inner == "*" {
        return Some(Step::Slice { from: None, to: None, step: 1, single: false });
    }
    let mut parts = inner.splitn(3, ':');
    let number = |text: Option<&str>| match text {
        None | Some("") => Some(None),
        Some(text) => text.parse::<i64>().ok().map(Some),
    };
    let single = !inner.contains(':');
    let from = number(parts.next())?;
    let to = number(parts.next())?;
    let step = number(parts.next())?.unwrap_or(1);
    Some(Step::Slice { from, to, step, single })
}
