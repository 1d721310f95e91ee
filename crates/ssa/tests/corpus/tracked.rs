//! Sequences of writes on whole objects, with what Kubernetes' own field manager made of them. The file
//! lies beside this one; `WINDLASS_TRACKED` names a larger one.

use crate::report::{Report, same, text};
use object::{Gvk, Value};
use windlass_ssa::{OneVersion, Tracking, TypeRef, reset_fields};

#[test]
fn writes() {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/writes.jsonl");
    let file = std::env::var("WINDLASS_TRACKED").unwrap_or_else(|_| own.to_owned());
    let lines = std::fs::read_to_string(&file).unwrap();
    let mut report = Report::new("writes");
    for line in lines.lines() {
        let case = object::from_json(line.as_bytes()).unwrap();
        report.add(text(&case, "name"), run(&case));
    }
    report.finish();
}

fn run(case: &Value) -> Result<(), String> {
    let gvk = Gvk::new(text(case, "group"), text(case, "version"), text(case, "kind"));
    let crd = object::from_json(include_bytes!("../data/gadget.json")).unwrap();
    let gadget = schema::custom::versions(&crd).remove(0).schema;
    let schema = match gvk.kind.as_str() {
        "Gadget" => Some(&gadget),
        _ => schema::builtin::schema(&gvk.group, &gvk.version, &gvk.kind),
    };
    let t = schema.map_or(TypeRef::DEDUCED, TypeRef::object);
    let converter = OneVersion::new(gvk.api_version(), t);
    let mut live: Option<Value> = None;
    for (index, op) in case.get("ops").and_then(Value::as_list).unwrap().iter().enumerate() {
        let subresource = op.get("subresource").and_then(Value::as_str).unwrap_or_default();
        let reset = reset_fields(&gvk.group, &gvk.kind, gvk.kind != "ConfigMap", subresource);
        let tracking = Tracking::new(&converter, gvk.clone())
            .through(subresource)
            .resetting(&gvk.api_version(), reset);
        let now = format!("2026-01-01T00:00:{index:02}Z");
        let object = op.get("object").unwrap();
        let manager = text(op, "manager");
        let outcome = if text(op, "op") == "apply" {
            let force = op.get("force").and_then(Value::as_bool).unwrap_or_default();
            tracking.apply(live.as_ref(), object, manager, force, &now).map_err(|e| e.to_string())
        } else {
            Ok(tracking.update(live.as_ref(), object.clone(), manager, &now))
        };
        let want = op.get("error").and_then(Value::as_str).filter(|e| !e.is_empty());
        let new = match (outcome, want) {
            (Ok(new), None) => new,
            (Err(got), Some(want)) => {
                same(&format!("op {index}: error"), &got.as_str(), &want)?;
                continue;
            }
            (got, want) => return Err(format!("op {index}: got {got:?}\n  want error {want:?}")),
        };
        let mut new = new;
        if live.is_none() {
            new.get_mut("metadata").unwrap().make_map().insert("uid", "u");
        }
        let json = |v: &Value| String::from_utf8(object::to_json(v)).unwrap();
        same(&format!("op {index}: object"), &json(&new), &json(op.get("live").unwrap()))?;
        live = Some(new);
    }
    Ok(())
}
