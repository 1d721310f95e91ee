//! Templates inside templates, and failing on purpose: `include`, `tpl`, `required`, `fail`, `lookup`.

use crate::error::ErrorKind;
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::sprig::args::{Outcome, text};
use crate::value::{Type, Value};

const S: Type = Type::String;
const ANY: Type = Type::Any;

/// Helm finds the message of `required` and `fail` by these marks, and takes them away.
const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

/// So often may a template include itself.
const MAX_INCLUDES: u32 = 1_000;

/// So deep may `tpl` texts be nested. Helm has no limit and dies; each level adds to the message of an error.
const MAX_TPL: u32 = 500;

/// Under this name nestings of `tpl` are counted; no template has it.
const TPL: &str = "\0tpl";

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    f.add("include", Signature::new(&[S, ANY]), include);
    f.add("tpl", Signature::new(&[S, ANY]), tpl);
    f.add("required", Signature::new(&[S, ANY]).any(), |c, a| {
        let missing = match &a[1] {
            Value::Nil => true,
            Value::String(s) => s.is_empty(),
            _ => false,
        };
        match (missing, c.env().lint()) {
            (false, _) => Ok(a[1].clone()),
            (true, true) => Ok("".into()),
            (true, false) => Err(marked(&text(a, 0))),
        }
    });
    f.add("fail", Signature::new(&[S]), |c, a| {
        if c.env().lint() { Ok("".into()) } else { Err(marked(&text(a, 0))) }
    });
    f.add("lookup", Signature::new(&[S, S, S, S]), |c, a| {
        c.env().lookup(&text(a, 0), &text(a, 1), &text(a, 2), &text(a, 3))
    });
    f.add("getHostByName", Signature::new(&[S]), |c, a| {
        Ok(c.env().resolve_host(&text(a, 0)).unwrap_or_default().into())
    });
}

fn marked(message: &str) -> FunctionError {
    format!("{START}{message}{END}").into()
}

fn include(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let name = text(a, 0);
    if call.enter(&name) > MAX_INCLUDES + 1 {
        return Err(format!(
            "rendering template has a nested reference name: {name}: unable to execute template"
        )
        .into());
    }
    let set = call.set;
    let output = call.execute(set, &name, &a[1]);
    call.leave(&name);
    Ok(output?)
}

fn tpl(call: &mut Call<'_>, a: &[Value]) -> Outcome {
    let template = text(a, 0);
    // Helm names the text after the set, for lack of a better name.
    let name = call.set().options().name.clone();
    if call.enter(TPL) > MAX_TPL {
        call.leave(TPL);
        return Err(format!("tpl is nested more than {MAX_TPL} levels deep").into());
    }
    let output = call.execute_text(&name, &template, &a[1]);
    call.leave(TPL);
    let output = output.map_err(|e| {
        let quoted = crate::fmt::quote(&template);
        let message = match e.kind() {
            ErrorKind::Parse => format!("cannot parse template {quoted}: {e}"),
            _ => format!("error during tpl function execution for {quoted}: {e}"),
        };
        FunctionError::wrapping(message, e)
    })?;
    Ok(match output.as_text() {
        Some(text) if text.contains("<no value>") => text.replace("<no value>", "").into(),
        _ => output,
    })
}
