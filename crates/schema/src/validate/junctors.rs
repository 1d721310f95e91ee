//! `anyOf`, `oneOf`, `allOf`, `not`: all see the same value; of failed alternatives the best one's errors are told.

use super::{Findings, check as check_value};
use crate::path::Path;
use crate::{FieldError, Limits, Schema};
use object::Value;

pub(super) fn check(limits: &Limits, value: &Value, path: &mut Path) -> Findings {
    let mut found = Findings { matched: 1, ..Findings::default() };
    if !limits.any_of.is_empty() {
        any_of(&limits.any_of, value, path, &mut found);
    }
    if !limits.one_of.is_empty() {
        one_of(&limits.one_of, value, path, &mut found);
    }
    if !limits.all_of.is_empty() {
        all_of(&limits.all_of, value, path, &mut found);
    }
    if let Some(not) = &limits.not
        && check_value(not, value, None, path).errors.is_empty()
    {
        whole(&mut found, path, "must not validate the schema (not)");
    }
    found
}

/// An error about the value as a whole: a real server gives these no path, and names it in the text.
fn whole(found: &mut Findings, path: &Path, words: &str) {
    let detail = format!("{} {words}", crate::go_quote(path.text()));
    found.errors.push(FieldError::invalid("<nil>", "", detail));
}

fn any_of(schemas: &[Schema], value: &Value, path: &mut Path, found: &mut Findings) {
    let mut best: Option<Findings> = None;
    for schema in schemas {
        let outcome = check_value(schema, value, None, path);
        if outcome.errors.is_empty() {
            found.merge(outcome);
            return;
        }
        if best.as_ref().is_none_or(|b| outcome.matched > b.matched) {
            best = Some(outcome);
        }
    }
    whole(found, path, "must validate at least one schema (anyOf)");
    if let Some(best) = best {
        found.merge(best);
    }
}

fn one_of(schemas: &[Schema], value: &Value, path: &mut Path, found: &mut Findings) {
    let (mut valid, mut first, mut best) = (0, None, None::<Findings>);
    for schema in schemas {
        let outcome = check_value(schema, value, None, path);
        if outcome.errors.is_empty() {
            valid += 1;
            best = None;
            first.get_or_insert(outcome);
        } else if valid == 0 && best.as_ref().is_none_or(|b| outcome.matched > b.matched) {
            best = Some(outcome);
        }
    }
    if valid == 1 {
        found.merge(first.unwrap_or_default());
        return;
    }
    let counted = match valid {
        0 => "Found none valid".to_owned(),
        n => format!("Found {n} valid alternatives"),
    };
    whole(found, path, &format!("must validate one and only one schema (oneOf). {counted}"));
    if let Some(best) = best {
        found.merge(best);
    }
}

fn all_of(schemas: &[Schema], value: &Value, path: &mut Path, found: &mut Findings) {
    let mut valid = 0;
    for schema in schemas {
        let outcome = check_value(schema, value, None, path);
        valid += usize::from(outcome.errors.is_empty());
        found.merge(outcome);
    }
    if valid != schemas.len() {
        let none = if valid == 0 { ". None validated" } else { "" };
        whole(found, path, &format!("must validate all the schemas (allOf){none}"));
    }
}
