use super::*;
use crate::{FieldPath, PathElement, content_hash, owners_of};
use object::from_json;

fn value(json: &str) -> Value {
    from_json(json.as_bytes()).unwrap()
}

fn live() -> Value {
    value(
        r#"{"apiVersion":"apps/v1","kind":"Deployment",
        "metadata":{"name":"a","namespace":"n","uid":"1","labels":{"app":"a","other":"x"},"managedFields":[
          {"manager":"windlass","operation":"Apply","apiVersion":"apps/v1","time":"2026-01-01T00:00:00Z",
           "fieldsType":"FieldsV1","fieldsV1":{
            "f:metadata":{"f:labels":{"f:app":{}}},
            "f:spec":{"f:paused":{},"f:replicas":{},"f:selector":{},"f:template":{"f:spec":{"f:containers":{
              "k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{
                "k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}},
          {"manager":"kubectl-edit","operation":"Update","apiVersion":"apps/v1","time":"2026-02-01T00:00:00Z",
           "fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{"f:other":{}}}}}]},
        "spec":{"replicas":3,"selector":{"matchLabels":{"app":"a"}},"template":{"spec":{
          "containers":[{"name":"sidecar","image":"s"},
            {"name":"web","image":"i","imagePullPolicy":"Always","ports":[{"containerPort":80,"protocol":"TCP"}]}]}}},
        "status":{"replicas":3}}"#,
    )
}

fn desired() -> Value {
    value(
        r#"{"apiVersion":"apps/v1","kind":"Deployment",
        "metadata":{"name":"a","namespace":"n","labels":{"app":"a"},"creationTimestamp":null},
        "spec":{"replicas":3.0,"paused":null,"selector":{"matchLabels":{"app":"a"}},"template":{"spec":{
          "containers":[{"name":"web","image":"i","ports":[{"containerPort":80}]}]}}},"status":{}}"#,
    )
}

fn our_set(live: &Value) -> FieldSet {
    managed_set(live, "windlass", Operation::Apply, Some("")).unwrap()
}

#[test]
fn projection_is_what_was_applied() {
    let live = live();
    let projected = project(&live, &our_set(&live));
    let hash = content_hash(&projected);
    assert_eq!(hash, content_hash(&desired_projection(&desired())));
    assert_eq!(hash, owned_hash(&live, "windlass"));
    assert!(in_sync(&desired(), &live, "windlass"));
    assert_eq!(projected.at(["spec", "paused"]), Some(&Value::Null));
    assert_eq!(projected.get("status"), None);
}

/// Every change that concerns us is seen, and none that does not.
#[test]
fn only_our_fields_count() {
    type Edit = fn(&mut Value);
    fn spec(v: &mut Value) -> &mut Map {
        v.get_mut("spec").unwrap().make_map()
    }
    fn containers(v: &mut Value) -> &mut Vec<Value> {
        let template = v.get_mut("spec").unwrap().get_mut("template").unwrap();
        template.get_mut("spec").unwrap().get_mut("containers").unwrap().as_list_mut().unwrap()
    }
    let ours: [(&str, Edit); 6] = [
        ("scalar", |v| drop(spec(v).insert("replicas", 4))),
        ("inside an atomic map", |v| {
            drop(
                spec(v).insert("selector", object::map! {"matchLabels": object::map! {"app": "b"}}),
            );
        }),
        ("inside a list item", |v| drop(containers(v)[1].make_map().insert("image", "j"))),
        ("item gone", |v| drop(containers(v).remove(1))),
        ("field gone", |v| drop(spec(v).remove("replicas"))),
        ("field there again", |v| drop(spec(v).insert("paused", true))),
    ];
    let (was, now) = (owned_hash(&live(), "windlass"), |edit: Edit| {
        let mut live = live();
        edit(&mut live);
        assert_eq!(
            owned_hash(&live, "windlass"),
            content_hash(&project(&live, &our_set(&live))),
            "the two forms of the projection agree"
        );
        (owned_hash(&live, "windlass"), in_sync(&desired(), &live, "windlass"))
    });
    for (what, edit) in ours {
        let (hash, synced) = now(edit);
        assert_ne!(was, hash, "{what}");
        assert!(!synced, "{what}");
    }
    let theirs: [(&str, Edit); 4] = [
        ("label of another", |v| v.set_label_for_test("other", "y")),
        ("default", |v| drop(containers(v)[1].make_map().insert("imagePullPolicy", "Never"))),
        ("another's item", |v| drop(containers(v).remove(0))),
        ("status", |v| drop(v.make_map().insert("status", Value::Null))),
    ];
    for (what, edit) in theirs {
        assert_eq!((was, true), now(edit), "{what}");
    }
}

trait SetLabel {
    fn set_label_for_test(&mut self, key: &str, value: &str);
}

impl SetLabel for Value {
    fn set_label_for_test(&mut self, key: &str, value: &str) {
        object::Manifest::set_label(self, key, value);
    }
}

#[test]
fn losing_or_not_wanting_a_field_is_out_of_sync() {
    let mut without = desired();
    without.get_mut("spec").unwrap().make_map().remove("replicas");
    assert!(!in_sync(&without, &live(), "windlass"), "the apply would give the field up");
    let mut more = desired();
    more.get_mut("spec").unwrap().make_map().insert("minReadySeconds", 1);
    assert!(!in_sync(&more, &live(), "windlass"));
    let mut empty_list = desired();
    empty_list.get_mut("spec").unwrap().make_map().insert("volumes", Vec::new());
    assert!(in_sync(&empty_list, &live(), "windlass"), "an empty keyed list is owned by nobody");
    assert!(!in_sync(&desired(), &live(), "somebody-else"));
}

#[test]
fn owners_say_who_did_it() {
    let other = FieldPath::fields(["metadata", "labels", "other"]);
    let owners = owners_of(&live(), &other);
    assert_eq!(owners.len(), 1);
    assert_eq!(
        (owners[0].manager.as_str(), owners[0].operation.as_str()),
        ("kubectl-edit", "Update")
    );
    assert_eq!(owners[0].time, "2026-02-01T00:00:00Z");
    let inside_atomic = FieldPath::fields(["spec", "selector", "matchLabels", "app"]);
    assert_eq!(owners_of(&live(), &inside_atomic)[0].manager, "windlass");
    assert_eq!(owners_of(&live(), &FieldPath::fields(["metadata", "labels"])).len(), 2);
    let mut image = FieldPath::fields(["spec", "template", "spec", "containers"]);
    image.0.push(PathElement::key([("name", "web")]));
    image.0.push(PathElement::field("image"));
    assert_eq!(owners_of(&live(), &image)[0].manager, "windlass");
    assert!(owners_of(&live(), &FieldPath::fields(["spec", "unknown"])).is_empty());
}

#[test]
fn sets_and_optional_keys_find_their_items() {
    let live = value(
        r#"{"metadata":{"finalizers":["b","a"]},
            "spec":{"ports":[{"port":1},{"port":1,"protocol":"UDP"}],"many":[10,9,8]}}"#,
    );
    let set = FieldSet::from_json(
        br#"{"f:metadata":{"f:finalizers":{"v:\"a\"":{}}},"f:spec":{
            "f:many":{"v:8":{},"v:9":{},"v:10":{}},
            "f:ports":{"k:{\"port\":1,\"protocol\":\"UDP\"}":{".":{},"f:protocol":{}},"k:{\"port\":1}":{".":{},"f:port":{}}}}}"#,
    )
    .unwrap();
    let want = value(
        r#"{"metadata":{"finalizers":["a"]},"spec":{"many":[10,9,8],"ports":[{"port":1},{"protocol":"UDP"}]}}"#,
    );
    assert_eq!(project(&live, &set), want);
    let mut raw = ContentHasher::new();
    let fields = set.to_fields_v1();
    walk(Some(&live), fields.as_map().unwrap(), &mut raw);
    assert_eq!(raw.finish(), content_hash(&want));
}

#[test]
fn no_managed_fields_own_nothing() {
    let bare = value(r#"{"kind":"X"}"#);
    assert_eq!(owned_hash(&bare, "windlass"), content_hash(&Value::map()));
    assert!(managed_set(&bare, "windlass", Operation::Any, None).is_none());
}

use proptest::prelude::*;

fn any_item() -> impl Strategy<Value = Value> {
    let field = |name: &'static str| {
        let value = prop_oneof![
            (8..12i64).prop_map(Value::Int),
            Just(Value::Float(9.0)),
            "[ab<]".prop_map(Value::from),
        ];
        proptest::option::of(value).prop_map(move |v| v.map(|v| (name, v)))
    };
    let map = (field("name"), field("port"), field("x"))
        .prop_map(|(a, b, c)| Value::Map(Map::from_iter([a, b, c].into_iter().flatten())));
    prop_oneof![map, (8..12i64).prop_map(Value::Int), "[ab]".prop_map(Value::from)]
}

fn any_element() -> impl Strategy<Value = PathElement> {
    let keys = |names: &'static [&'static str]| {
        any_item().prop_filter_map("has the keys", move |item| {
            let fields: Option<Vec<_>> =
                names.iter().map(|n| Some((*n, item.get(n)?.clone()))).collect();
            fields.map(PathElement::key)
        })
    };
    prop_oneof![
        keys(&["name"]),
        keys(&["name", "port"]),
        any_item().prop_filter_map("scalar", |v| match v {
            Value::Map(_) => None,
            scalar => Some(PathElement::Value(scalar)),
        }),
        (0..3i64).prop_map(PathElement::Index),
    ]
}

proptest! {
    /// The projection made, and the hash of the one that is not, agree whatever the set names.
    #[test]
    fn both_forms_of_the_projection_agree(
        list in proptest::collection::vec(any_item(), 0..6),
        elements in proptest::collection::vec((any_element(), proptest::bool::ANY), 0..6),
    ) {
        let live = Value::from(object::map! {"list": list});
        let mut set = FieldSet::new();
        for (element, below) in elements {
            let mut path = vec![PathElement::field("list"), element];
            set.insert(&path);
            if below {
                path.push(PathElement::field("x"));
                set.insert(&path);
            }
        }
        let fields = set.to_fields_v1();
        let mut raw = ContentHasher::new();
        walk(Some(&live), fields.as_map().unwrap(), &mut raw);
        prop_assert_eq!(raw.finish(), content_hash(&project(&live, &set)));
    }
}
