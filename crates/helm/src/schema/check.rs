//! A value against a compiled schema.

use super::compile::{Additional, Dependency, Id, Node, Schema};
use super::failure::{Failure, Kind, count, grouped, list, shown, single_quoted};
use object::{Map, Value};
use std::collections::BTreeSet;

/// So many steps a check may take: schemas can be made that need exponentially many.
const MAX_STEPS: u64 = 3_000_000;
/// So deep schemas may call each other.
const MAX_DEPTH: usize = 1000;

/// What is wrong with `value`, in the words of Helm's library.
pub(super) fn check(schema: &Schema, value: &Value) -> Result<(), String> {
    let mut checker =
        Checker { schema, path: Vec::new(), scopes: Vec::new(), next: 0, steps: 0, gave_up: false };
    let mut open = Open::of(schema, 0, value, false);
    let outcome = checker.visit(0, value, 0, false, &mut open);
    if checker.gave_up {
        return Err(format!(
            "the schema is too deep or takes more than {MAX_STEPS} steps to check"
        ));
    }
    outcome.map_err(Failure::report)
}

/// What no keyword has looked at yet; kept only where `unevaluated...` asks for it.
#[derive(Clone, Default)]
struct Open {
    properties: BTreeSet<String>,
    items: BTreeSet<usize>,
}

impl Open {
    fn of(schema: &Schema, id: Id, value: &Value, wanted: bool) -> Self {
        let node = &schema.nodes[id];
        let mut open = Self::default();
        match value {
            Value::Map(map) => {
                let all_seen = !matches!(node.object.additional, Additional::Any);
                if !all_seen && (wanted || node.object.unevaluated.is_some()) {
                    open.properties = map.keys().map(str::to_owned).collect();
                }
            }
            Value::List(items) => {
                let all_seen = !matches!(node.array.rest, Additional::Any);
                if !all_seen && (wanted || node.array.unevaluated.is_some()) {
                    open.items = (node.array.first.len()..items.len()).collect();
                }
            }
            _ => {}
        }
        open
    }

    fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.items.is_empty()
    }

    fn merge(&mut self, other: &Self) {
        self.properties.retain(|p| other.properties.contains(p));
        self.items.retain(|i| other.items.contains(i));
    }
}

struct Checker<'s> {
    schema: &'s Schema,
    path: Vec<String>,
    /// Schemas being checked, with the number of the value.
    scopes: Vec<(Id, u64)>,
    next: u64,
    steps: u64,
    gave_up: bool,
}

/// Failures of one schema.
struct Found {
    failures: Vec<Failure>,
    /// Whether it matters only that there is one.
    quick: bool,
}

impl Found {
    fn add(&mut self, outcome: Result<(), Failure>) {
        self.failures.extend(outcome.err());
    }
}

impl<'s> Checker<'s> {
    fn pointer(&self) -> String {
        let escape = |t: &String| format!("/{}", t.replace('~', "~0").replace('/', "~1"));
        self.path.iter().map(escape).collect()
    }

    fn text(&self, quick: bool, text: impl FnOnce() -> String) -> Failure {
        self.with(quick, text, Vec::new())
    }

    fn with(&self, quick: bool, text: impl FnOnce() -> String, causes: Vec<Failure>) -> Failure {
        let (at, text) = if quick { Default::default() } else { (self.pointer(), text()) };
        Failure { at, kind: Kind::Text(text), causes }
    }

    /// Checks a value against a node.
    fn visit(
        &mut self,
        id: Id,
        value: &Value,
        number: u64,
        quick: bool,
        open: &mut Open,
    ) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.scopes.len() > MAX_DEPTH {
            self.gave_up = true;
            return Ok(());
        }
        let node = &self.schema.nodes[id];
        match node.always {
            Some(true) => return Ok(()),
            Some(false) => return Err(self.text(quick, || "false schema".into())),
            None => {}
        }
        let same = self.scopes.iter().rev().take_while(|(_, n)| *n == number);
        if same.into_iter().any(|(other, _)| *other == id) {
            return Err(self.text(quick, || "references lead in a circle".into()));
        }
        self.scopes.push((id, number));
        let outcome = self.node(node, value, number, quick, open);
        self.scopes.pop();
        outcome
    }

    fn node(
        &mut self,
        node: &'s Node,
        value: &Value,
        number: u64,
        quick: bool,
        open: &mut Open,
    ) -> Result<(), Failure> {
        self.whole(node, value, quick)?;
        let mut found = Found { failures: Vec::new(), quick };
        if let Some(target) = node.reference {
            let outcome = self.refer(target, value, number, quick, open);
            if node.draft < 2019 {
                return outcome;
            }
            found.add(outcome);
        }
        match value {
            Value::Map(map) => self.object(node, map, value, number, open, &mut found),
            Value::List(items) => self.array(node, items, open, &mut found),
            Value::String(text) => self.string(node, text, &mut found),
            Value::Int(_) | Value::Float(_) => self.number(node, value, &mut found),
            Value::Null | Value::Bool(_) => {}
        }
        if found.failures.is_empty() || !quick {
            for target in &node.further_references {
                let outcome = self.refer(*target, value, number, quick, open);
                found.add(outcome);
            }
            self.combined(node, value, number, open, &mut found);
            self.unevaluated(node, value, open, &mut found);
        }
        match found.failures.len() {
            0 => Ok(()),
            1 => Err(found.failures.remove(0)),
            _ => {
                let at = if quick { String::new() } else { self.pointer() };
                Err(Failure { at, kind: Kind::Group, causes: found.failures })
            }
        }
    }

    /// Keywords that end the check at once.
    fn whole(&self, node: &Node, value: &Value, quick: bool) -> Result<(), Failure> {
        if !node.types.is_empty() {
            let found = type_of(value);
            let fits = |t: &String| t == found || (t == "integer" && is_whole(value));
            if !node.types.iter().any(fits) {
                return Err(
                    self.text(quick, || format!("got {found}, want {}", node.types.join(" or ")))
                );
            }
        }
        if let Some(constant) = &node.constant
            && !equal(value, constant)
        {
            return Err(self.text(quick, || match constant {
                Value::List(_) | Value::Map(_) => "'const' failed".into(),
                scalar => format!("value must be {}", shown(scalar)),
            }));
        }
        if let Some(choices) = &node.choices
            && !choices.iter().any(|c| equal(value, c))
        {
            return Err(self.text(quick, || none_of(choices)));
        }
        if let Some(format) = &node.format
            && let Value::String(text) = value
            && let Err(why) = format.check(text)
        {
            return Err(self.text(quick, || {
                format!("{} is not valid {}: {why}", single_quoted(text), format.name())
            }));
        }
        Ok(())
    }

    fn refer(
        &mut self,
        target: Id,
        value: &Value,
        number: u64,
        quick: bool,
        open: &mut Open,
    ) -> Result<(), Failure> {
        self.same(target, value, number, quick, open).map_err(|failure| {
            let causes = match failure.kind {
                Kind::Group => failure.causes,
                _ => vec![failure],
            };
            let at = if quick { String::new() } else { self.pointer() };
            Failure { at, kind: Kind::Reference, causes }
        })
    }

    /// Another schema for the same value.
    fn same(
        &mut self,
        id: Id,
        value: &Value,
        number: u64,
        quick: bool,
        open: &mut Open,
    ) -> Result<(), Failure> {
        let mut inner = Open::of(self.schema, id, value, !open.is_empty());
        self.visit(id, value, number, quick, &mut inner)?;
        open.merge(&inner);
        Ok(())
    }

    /// A schema for a member of the value.
    fn member(&mut self, id: Id, value: &Value, name: &str, quick: bool) -> Result<(), Failure> {
        self.path.push(name.to_owned());
        self.next += 1;
        let mut open = Open::of(self.schema, id, value, false);
        let outcome = self.visit(id, value, self.next, quick, &mut open);
        self.path.pop();
        outcome
    }

    fn object(
        &mut self,
        node: &Node,
        map: &Map,
        value: &Value,
        number: u64,
        open: &mut Open,
        found: &mut Found,
    ) {
        let (rules, quick) = (&node.object, found.quick);
        let size = map.len();
        self.bounds(("minProperties", rules.least), ("maxProperties", rules.most), size, found);
        let missing = |names: &[String]| {
            let absent = names.iter().filter(|n| !map.contains_key(n));
            absent.cloned().collect::<Vec<_>>()
        };
        let absent = missing(&rules.required);
        if !absent.is_empty() {
            found.failures.push(self.text(quick, || match absent.as_slice() {
                [one] => format!("missing property {}", single_quoted(one)),
                several => format!("missing properties {}", list(several)),
            }));
        }
        for (name, dependency) in rules.dependencies.iter().filter(|(n, _)| map.contains_key(n)) {
            match dependency {
                Dependency::Properties(names) => self.needed(name, &missing(names), found),
                Dependency::Schema(id) => {
                    let outcome = self.same(*id, value, number, quick, open);
                    found.add(outcome);
                }
            }
        }
        self.properties(node, map, open, found);
        if let Some(id) = rules.names {
            for name in map.keys() {
                self.next += 1;
                let text = Value::from(name);
                let outcome = self.visit(id, &text, self.next, quick, &mut Open::default());
                if let Err(failure) = outcome {
                    let causes = match failure.kind {
                        Kind::Group => failure.causes,
                        _ => vec![failure],
                    };
                    let text = || format!("invalid propertyName {}", single_quoted(name));
                    found.failures.push(self.with(quick, text, causes));
                }
            }
        }
        for (name, id) in rules.dependent_schemas.iter().filter(|(n, _)| map.contains_key(n)) {
            let _ = name;
            let outcome = self.same(*id, value, number, quick, open);
            found.add(outcome);
        }
        for (name, names) in rules.dependent_required.iter().filter(|(n, _)| map.contains_key(n)) {
            self.needed(name, &missing(names), found);
        }
    }

    fn needed(&self, name: &str, missing: &[String], found: &mut Found) {
        if !missing.is_empty() {
            found.failures.push(self.text(found.quick, || {
                format!("properties {} required, if {} exists", list(missing), single_quoted(name))
            }));
        }
    }

    fn properties(&mut self, node: &Node, map: &Map, open: &mut Open, found: &mut Found) {
        let rules = &node.object;
        let mut refused = Vec::new();
        for (name, value) in map.iter() {
            if found.quick && !found.failures.is_empty() {
                return;
            }
            let mut seen = false;
            if let Some(id) = rules.properties.get(name) {
                seen = true;
                let outcome = self.member(*id, value, name, found.quick);
                found.add(outcome);
            }
            for (pattern, id) in &rules.patterns {
                if pattern.is_match(name) {
                    seen = true;
                    let outcome = self.member(*id, value, name, found.quick);
                    found.add(outcome);
                }
            }
            if !seen {
                match rules.additional {
                    Additional::Any => continue,
                    Additional::Flag(true) => {}
                    Additional::Flag(false) => refused.push(name),
                    Additional::Schema(id) => {
                        let outcome = self.member(id, value, name, found.quick);
                        found.add(outcome);
                    }
                }
            }
            open.properties.remove(name);
        }
        if !refused.is_empty() {
            found.failures.push(self.text(found.quick, || {
                format!("additional properties {} not allowed", list(&refused))
            }));
        }
    }

    fn bounds(
        &self,
        (at_least, least): (&str, Option<i64>),
        (at_most, most): (&str, Option<i64>),
        size: usize,
        found: &mut Found,
    ) {
        let actual = i64::try_from(size).unwrap_or(i64::MAX);
        let mut fail = |name: &str, bound: i64| {
            let text = || {
                #[expect(clippy::cast_precision_loss, reason = "for printing")]
                let bound = grouped(bound as f64);
                format!("{name}: got {}, want {bound}", count(size))
            };
            found.failures.push(self.text(found.quick, text));
        };
        if let Some(least) = least.filter(|l| actual < *l) {
            fail(at_least, least);
        }
        if let Some(most) = most.filter(|m| actual > *m) {
            fail(at_most, most);
        }
    }

    fn array(&mut self, node: &Node, items: &[Value], open: &mut Open, found: &mut Found) {
        let rules = &node.array;
        self.bounds(("minItems", rules.least), ("maxItems", rules.most), items.len(), found);
        if rules.unique
            && let Some((first, second)) = duplicate(items)
        {
            let text = || format!("items at {} and {} are equal", count(first), count(second));
            found.failures.push(self.text(found.quick, text));
        }
        let first = rules.first.len().min(items.len());
        for (i, (id, item)) in rules.first.iter().zip(items).enumerate() {
            let outcome = self.member(*id, item, &i.to_string(), found.quick);
            found.add(outcome);
        }
        match rules.rest {
            Additional::Flag(false) if items.len() > first && rules.rest_is_additional => {
                let left = count(items.len() - first);
                let text = || format!("last {left} additionalItem(s) not allowed");
                found.failures.push(self.text(found.quick, text));
            }
            Additional::Schema(id) => {
                for (i, item) in items.iter().enumerate().skip(first) {
                    let outcome = self.member(id, item, &i.to_string(), found.quick);
                    found.add(outcome);
                }
            }
            Additional::Any | Additional::Flag(_) => {}
        }
        if let Some(id) = rules.contains {
            self.contains(node, id, items, open, found);
        }
    }

    fn contains(
        &mut self,
        node: &Node,
        id: Id,
        items: &[Value],
        open: &mut Open,
        found: &mut Found,
    ) {
        let (rules, quick) = (&node.array, found.quick);
        let (mut causes, mut matched) = (Vec::new(), Vec::new());
        for (i, item) in items.iter().enumerate() {
            match self.member(id, item, &i.to_string(), quick) {
                Err(failure) => causes.push(failure),
                Ok(()) => {
                    matched.push(i.to_string());
                    if node.draft >= 2020 {
                        open.items.remove(&i);
                    }
                }
            }
        }
        let number = i64::try_from(matched.len()).unwrap_or(i64::MAX);
        let but = || match matched.as_slice() {
            [] => "but none matched".to_owned(),
            some => format!("but matched {} items at {}", some.len(), some.join(" ")),
        };
        match rules.least_contained {
            Some(least) if number < least => {
                let text =
                    || format!("min {least} items required to match contains schema, {}", but());
                found.failures.push(self.with(quick, text, causes));
            }
            None if matched.is_empty() => {
                let text = || "no items match contains schema".to_owned();
                found.failures.push(self.with(quick, text, causes));
            }
            _ => {}
        }
        if let Some(most) = rules.most_contained.filter(|m| number > *m) {
            let text = || format!("max {most} items required to match contains schema, {}", but());
            found.failures.push(self.text(quick, text));
        }
    }

    fn string(&self, node: &Node, text: &str, found: &mut Found) {
        let rules = &node.text;
        if rules.shortest.is_some() || rules.longest.is_some() {
            let length = text.chars().count();
            self.bounds(("minLength", rules.shortest), ("maxLength", rules.longest), length, found);
        }
        if let Some(pattern) = &rules.pattern
            && !pattern.is_match(text)
        {
            found.failures.push(self.text(found.quick, || {
                let (text, pattern) = (single_quoted(text), single_quoted(pattern.as_str()));
                format!("{text} does not match pattern {pattern}")
            }));
        }
    }

    fn number(&self, node: &Node, value: &Value, found: &mut Found) {
        let number = as_float(value);
        let rules = &node.number;
        let mut test = |name: &str, bound: Option<f64>, fits: fn(f64, f64) -> bool| {
            if let Some(bound) = bound.filter(|b| !fits(number, *b)) {
                found.failures.push(self.text(found.quick, || {
                    format!("{name}: got {}, want {}", grouped(number), grouped(bound))
                }));
            }
        };
        test("minimum", rules.minimum, |n, b| n >= b);
        test("maximum", rules.maximum, |n, b| n <= b);
        test("exclusiveMinimum", rules.above, |n, b| n > b);
        test("exclusiveMaximum", rules.below, |n, b| n < b);
        test("multipleOf", rules.multiple_of, is_multiple);
    }

    fn combined(
        &mut self,
        node: &Node,
        value: &Value,
        number: u64,
        open: &mut Open,
        found: &mut Found,
    ) {
        let quick = found.quick;
        if let Some(id) = node.not
            && self.same(id, value, number, true, open).is_ok()
        {
            found.failures.push(self.text(quick, || "'not' failed".into()));
        }
        let mut causes = Vec::new();
        for id in &node.all_of {
            causes.extend(self.same(*id, value, number, quick, open).err());
        }
        if !causes.is_empty() {
            found.failures.push(self.with(quick, || "'allOf' failed".into(), causes));
        }
        if !node.any_of.is_empty() {
            let (mut causes, mut matched) = (Vec::new(), false);
            for id in &node.any_of {
                match self.same(*id, value, number, quick, open) {
                    Err(failure) => causes.push(failure),
                    Ok(()) => {
                        matched = true;
                        if open.is_empty() {
                            break;
                        }
                    }
                }
            }
            if !matched {
                found.failures.push(self.with(quick, || "'anyOf' failed".into(), causes));
            }
        }
        self.one_of(node, value, number, open, found);
        if let Some((condition, then, otherwise)) = node.condition {
            let branch = match self.same(condition, value, number, true, open) {
                Ok(()) => then,
                Err(_) => otherwise,
            };
            if let Some(id) = branch {
                let outcome = self.same(id, value, number, quick, open);
                found.add(outcome);
            }
        }
    }

    fn one_of(
        &mut self,
        node: &Node,
        value: &Value,
        number: u64,
        open: &mut Open,
        found: &mut Found,
    ) {
        if node.one_of.is_empty() {
            return;
        }
        let (mut causes, mut matched) = (Vec::new(), None);
        for (i, id) in node.one_of.iter().enumerate() {
            match (self.same(*id, value, number, found.quick || matched.is_some(), open), matched) {
                (Err(failure), None) => causes.push(failure),
                (Err(_), Some(_)) => {}
                (Ok(()), None) => matched = Some(i),
                (Ok(()), Some(first)) => {
                    let text = || format!("'oneOf' failed, subschemas {first}, {i} matched");
                    found.failures.push(self.text(found.quick, text));
                    break;
                }
            }
        }
        if matched.is_none() {
            let text = || "'oneOf' failed, none matched".to_owned();
            found.failures.push(self.with(found.quick, text, causes));
        }
    }

    fn unevaluated(&mut self, node: &Node, value: &Value, open: &mut Open, found: &mut Found) {
        if let (Some(id), Value::Map(map)) = (node.object.unevaluated, value) {
            for name in std::mem::take(&mut open.properties) {
                if let Some(value) = map.get(&name) {
                    let outcome = self.member(id, value, &name, found.quick);
                    found.add(outcome);
                }
            }
        }
        if let (Some(id), Value::List(items)) = (node.array.unevaluated, value) {
            for i in std::mem::take(&mut open.items) {
                if let Some(item) = items.get(i) {
                    let outcome = self.member(id, item, &i.to_string(), found.quick);
                    found.add(outcome);
                }
            }
        }
    }
}

fn none_of(choices: &[Value]) -> String {
    if choices.iter().any(|c| matches!(c, Value::List(_) | Value::Map(_))) {
        return "'enum' failed".into();
    }
    match choices {
        [one] => format!("value must be {}", shown(one)),
        several => {
            let several: Vec<_> = several.iter().map(shown).collect();
            format!("value must be one of {}", several.join(", "))
        }
    }
}

/// The JSON type; every number is a `number`.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Int(_) | Value::Float(_) => "number",
        other => other.type_name(),
    }
}

fn is_whole(value: &Value) -> bool {
    match value {
        Value::Int(_) => true,
        Value::Float(f) => f.fract() == 0.0,
        _ => false,
    }
}

fn as_float(value: &Value) -> f64 {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "what Go's float64 does, too")]
        Value::Int(i) => *i as f64,
        Value::Float(f) => *f,
        _ => 0.0,
    }
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            as_float(a) == as_float(b)
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && equal(a, b))
        }
        _ => a == b,
    }
}

/// The first two items that are equal.
fn duplicate(items: &[Value]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    // Equal items stand side by side after this, so the search is not quadratic.
    let normal = |v: &Value| {
        let mut v = v.clone();
        crate::values::floats(&mut v);
        v
    };
    let values: Vec<Value> = items.iter().map(normal).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    let pairs = order.windows(2).filter(|p| values[p[0]] == values[p[1]]);
    pairs.map(|p| (p[0], p[1])).min_by_key(|(_, second)| *second)
}

/// Whether a number is a whole multiple of another, both taken for the decimals they are written as.
fn is_multiple(number: f64, of: f64) -> bool {
    let decimal = |f: f64| {
        let text = format!("{f}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits: Option<i128> = format!("{whole}{fraction}").parse().ok();
        digits.map(|d| (d, fraction.len() as u32))
    };
    let exact = || {
        let ((a, x), (b, y)) = (decimal(number)?, decimal(of)?);
        let a = a.checked_mul(10_i128.checked_pow(y.saturating_sub(x))?)?;
        let b = b.checked_mul(10_i128.checked_pow(x.saturating_sub(y))?)?;
        if b == 0 { None } else { Some(a % b == 0) }
    };
    exact().unwrap_or_else(|| (number / of).fract() == 0.0)
}
