//! Which objects a rule of the spec is for: anchored regular expressions on what identifies an object, and
//! label selectors on its labels and annotations (`jsondiff.Selector` of fluxcd/pkg/ssa).

use api::Selector;
use object::{Gvk, Manifest, Map, Value};
use regex::{Regex, RegexBuilder};

/// Why a selector cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectorError {
    /// A malformed regular expression.
    #[error("{member} is no regular expression: {why}")]
    Expression { member: &'static str, why: String },
    /// A malformed label selector.
    #[error("{member} is no label selector at {at:?}: write it like app=web,tier in (a,b),!legacy")]
    Labels { member: &'static str, at: String },
}

/// A selector that is ready to use.
pub(crate) struct Chooser {
    expressions: Vec<(Member, Regex)>,
    labels: Requirements,
    annotations: Requirements,
}

#[derive(Clone, Copy)]
enum Member {
    Group,
    Version,
    Kind,
    Name,
    Namespace,
}

/// Largest compiled expression, in bytes: names are short, and a rule comes from a user.
const LARGEST: usize = 1 << 20;

impl Chooser {
    pub(crate) fn new(selector: &Selector) -> Result<Self, SelectorError> {
        let mut expressions = Vec::new();
        for (member, name, text) in [
            (Member::Group, "group", &selector.group),
            (Member::Version, "version", &selector.version),
            (Member::Kind, "kind", &selector.kind),
            (Member::Name, "name", &selector.name),
            (Member::Namespace, "namespace", &selector.namespace),
        ] {
            let Some(text) = text.as_deref().filter(|t| !t.is_empty()) else { continue };
            let compiled = RegexBuilder::new(&format!("^(?:{text})$"))
                .size_limit(LARGEST)
                .build()
                .map_err(|e| SelectorError::Expression { member: name, why: e.to_string() })?;
            expressions.push((member, compiled));
        }
        let requirements = |member, text: &Option<String>| {
            Requirements::parse(text.as_deref().unwrap_or_default())
                .map_err(|at| SelectorError::Labels { member, at })
        };
        Ok(Self {
            expressions,
            labels: requirements("labelSelector", &selector.label_selector)?,
            annotations: requirements("annotationSelector", &selector.annotation_selector)?,
        })
    }

    pub(crate) fn chooses(&self, object: &Value, gvk: &Gvk) -> bool {
        let matches = |(member, expression): &(Member, Regex)| {
            expression.is_match(match member {
                Member::Group => &gvk.group,
                Member::Version => &gvk.version,
                Member::Kind => &gvk.kind,
                Member::Name => object.name(),
                Member::Namespace => object.namespace(),
            })
        };
        let part = |name| object.at(["metadata", name]).and_then(Value::as_map);
        self.expressions.iter().all(matches)
            && self.labels.hold(part("labels"))
            && self.annotations.hold(part("annotations"))
    }
}

/// A label selector: all of these.
struct Requirements(Vec<Requirement>);

struct Requirement {
    key: String,
    operator: Operator,
}

enum Operator {
    Exists,
    Missing,
    In(Vec<String>),
    /// A missing key satisfies it too.
    NotIn(Vec<String>),
}

impl Requirements {
    /// Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h`; the error is the part that is none of these.
    fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = end_of_requirement(rest);
            let (one, after) = rest.split_at(end);
            requirements.push(Requirement::parse(one.trim()).ok_or_else(|| one.to_owned())?);
            rest = after.strip_prefix(',').unwrap_or(after).trim();
        }
        Ok(Self(requirements))
    }

    fn hold(&self, map: Option<&Map>) -> bool {
        self.0.iter().all(|Requirement { key, operator }| {
            let value = map.and_then(|m| m.get(key)).and_then(Value::as_str);
            let among = |list: &[String]| value.is_some_and(|v| list.iter().any(|l| l == v));
            match operator {
                Operator::Exists => value.is_some(),
                Operator::Missing => value.is_none(),
                Operator::In(list) => among(list),
                Operator::NotIn(list) => !among(list),
            }
        })
    }
}

/// The next comma outside parentheses.
fn end_of_requirement(text: &str) -> usize {
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            ',' if !inside => return at,
            _ => {}
        }
    }
    text.len()
}

impl Requirement {
    fn parse(text: &str) -> Option<Self> {
        let made = |key: &str, operator| {
            let key = key.trim();
            let odd = |c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c));
            (!key.is_empty() && !key.contains(odd)).then(|| Self { key: key.to_owned(), operator })
        };
        if let Some(key) = text.strip_prefix('!') {
            return made(key, Operator::Missing);
        }
        if let Some((key, value)) = text.split_once("!=") {
            return made(key, Operator::NotIn(vec![value.trim().to_owned()]));
        }
        if let Some((key, value)) = text.split_once('=') {
            let value = value.strip_prefix('=').unwrap_or(value);
            return made(key, Operator::In(vec![value.trim().to_owned()]));
        }
        if let Some((head, list)) = text.split_once('(') {
            let list = list.strip_suffix(')')?;
            let list = list.split(',').map(|v| v.trim().to_owned()).collect();
            let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
            return match word {
                "in" => made(key, Operator::In(list)),
                "notin" => made(key, Operator::NotIn(list)),
                _ => None,
            };
        }
        made(text, Operator::Exists)
    }
}

#[cfg(test)]
mod tests;
