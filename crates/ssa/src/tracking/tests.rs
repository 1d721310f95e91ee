use super::*;
use crate::owners_of;
use crate::path::FieldPath;
use object::from_json;

fn deployments() -> OneVersion<'static> {
    let schema = schema::builtin::schema("apps", "v1", "Deployment").unwrap();
    OneVersion::new("apps/v1", TypeRef::object(schema))
}

fn tracking<'c>(converter: &'c OneVersion<'static>) -> Tracking<'c, 'static> {
    let gvk = Gvk::new("apps", "v1", "Deployment");
    Tracking::new(converter, gvk).resetting("apps/v1", reset_fields("apps", "Deployment", true, ""))
}

fn deployment(spec: &str) -> Value {
    let text = format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"d","namespace":"n"}},"spec":{spec}}}"#
    );
    from_json(text.as_bytes()).unwrap()
}

fn times(object: &Value) -> Vec<(String, String)> {
    let list = object.at(["metadata", "managedFields"]).and_then(Value::as_list);
    let member = |e: &Value, k: &str| e.get(k).and_then(Value::as_str).unwrap_or("").to_owned();
    list.unwrap_or_default().iter().map(|e| (member(e, "manager"), member(e, "time"))).collect()
}

const T1: &str = "2026-01-01T00:00:01Z";
const T2: &str = "2026-01-01T00:00:02Z";

#[test]
fn times_move_with_what_is_owned() {
    let converter = deployments();
    let tracking = tracking(&converter);
    let one = tracking.apply(None, &deployment(r#"{"replicas":1}"#), "a", false, T1).unwrap();
    let same =
        tracking.apply(Some(&one), &deployment(r#"{"replicas":1}"#), "a", false, T2).unwrap();
    assert_eq!(one, same);
    let shared =
        tracking.apply(Some(&one), &deployment(r#"{"replicas":1}"#), "b", false, T2).unwrap();
    assert_eq!(times(&shared), [("b".into(), String::new()), ("a".into(), T1.into())]);
    assert!(!same_but_times(&one, &shared));
    let two = tracking.apply(Some(&one), &deployment(r#"{"replicas":2}"#), "a", false, T2).unwrap();
    assert_eq!(times(&two), [("a".into(), T2.into())]);
    let mut later = two.clone();
    let entry = later.get_mut("metadata").unwrap().get_mut("managedFields").unwrap();
    entry.as_list_mut().unwrap()[0].make_map().insert("time", T1);
    assert!(same_but_times(&two, &later) && two != later);
}

#[test]
fn a_conflict_reads_as_the_real_server_writes_it() {
    let converter = deployments();
    let tracking = tracking(&converter);
    let live =
        tracking.update(None, deployment(r#"{"replicas":1,"paused":true}"#), "kubectl-create", T1);
    let refused = |patch: &str| match tracking
        .apply(Some(&live), &deployment(patch), "a", false, T2)
        .unwrap_err()
    {
        ApplyError::Conflicts(conflicts) => conflicts,
        other => panic!("{other}"),
    };
    let one = refused(r#"{"replicas":2}"#);
    assert_eq!(
        one.to_string(),
        "Apply failed with 1 conflict: conflict with \"kubectl-create\" using apps/v1: .spec.replicas"
    );
    assert_eq!(one.0[0].message(), "conflict with \"kubectl-create\" using apps/v1");
    assert_eq!(one.0[0].field, ".spec.replicas");
    assert_eq!(
        refused(r#"{"replicas":2,"paused":false}"#).to_string(),
        "Apply failed with 2 conflicts: conflicts with \"kubectl-create\" using apps/v1:\n\
         - .spec.paused\n- .spec.replicas"
    );
}

#[test]
fn an_object_without_owners_is_tracked_from_its_first_apply_on() {
    let converter = deployments();
    let tracking = tracking(&converter);
    let mut live = deployment(r#"{"replicas":1}"#);
    live.metadata_mut().insert("uid", "u");
    let updated = tracking.update(Some(&live), deployment(r#"{"replicas":2}"#), "x", T1);
    assert_eq!(times(&updated), []);
    let applied =
        tracking.apply(Some(&live), &deployment(r#"{"paused":true}"#), "a", false, T2).unwrap();
    let replicas = owners_of(&applied, &FieldPath::fields(["spec", "replicas"]));
    assert_eq!(replicas[0].manager, "before-first-apply");
    assert_eq!(times(&applied).len(), 2);
}

#[test]
fn what_cannot_be_tracked_keeps_its_owners() {
    let converter = deployments();
    let tracking = tracking(&converter);
    let live = tracking.apply(None, &deployment(r#"{"replicas":1}"#), "a", false, T1).unwrap();
    let nameless = deployment(r#"{"template":{"spec":{"containers":[null]}}}"#);
    let after = tracking.update(Some(&live), nameless, "x", T2);
    assert_eq!(times(&after), [("a".into(), T1.into())]);
    assert!(after.at(["spec", "template"]).is_some());
}
