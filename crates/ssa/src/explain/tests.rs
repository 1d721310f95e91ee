use super::*;
use object::from_json;

fn value(json: &str) -> Value {
    from_json(json.as_bytes()).unwrap()
}

fn live() -> Value {
    value(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","uid":"1",
        "labels":{"app":"a","old":"1","shared":"1"},"managedFields":[
        {"manager":"windlass","operation":"Apply","apiVersion":"apps/v1","fieldsType":"FieldsV1","fieldsV1":{
          "f:metadata":{"f:labels":{"f:app":{},"f:old":{},"f:shared":{}}},
          "f:spec":{"f:paused":{},"f:selector":{},"f:strategy":{},"f:template":{"f:spec":{"f:containers":{
            "k:{\"name\":\"gone\"}":{".":{},"f:image":{},"f:name":{}},
            "k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{},
              "f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}},
              "f:resources":{"f:limits":{"f:cpu":{}}}}}}}}}},
        {"manager":"hand","operation":"Update","apiVersion":"apps/v1","time":"2026-02-01T00:00:00Z",
         "fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{"f:shared":{}}},
         "f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{
            "k:{\"name\":\"web\"}":{"f:tty":{}}}}}}}}]},
        "spec":{"replicas":7,"selector":{"matchLabels":{"app":"a"}},
          "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}},
          "template":{"spec":{"containers":[
          {"name":"gone","image":"g","imagePullPolicy":"Always"},
          {"name":"web","image":"i:1","tty":true,"imagePullPolicy":"Always","resources":{"limits":{"cpu":"500m"}},
           "ports":[{"containerPort":80,"protocol":"TCP"}]}]}}}}"#,
    )
}

fn desired() -> Value {
    value(
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","labels":{"app":"a","new":"1"}},
        "spec":{"replicas":3,"paused":false,"selector":{"matchLabels":{"app":"b"}},"strategy":{},
          "template":{"spec":{"hostNetwork":null,"containers":[
          {"name":"web","image":"i:2","resources":{"limits":{"cpu":0.5}},
           "ports":[{"containerPort":80},{"containerPort":81}]},
          {"name":"next","image":"n"}]}}}}"#,
    )
}

#[test]
fn every_change_is_told_with_who_is_overruled() {
    let changes = explain(&desired(), &live(), "windlass");
    let lines: Vec<String> = changes
        .iter()
        .map(|c| {
            let managers: Vec<&str> = c.managers.iter().map(|o| o.manager.as_str()).collect();
            let form = if c.normalised { " (form)" } else { "" };
            format!("{:?} {} {}{form}", c.kind, c.path, managers.join(","))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "Add .metadata.labels.new ",
            "Remove .metadata.labels.old ",
            "Change .spec.replicas hand",
            "Change .spec.selector.matchLabels.app ",
            "Change .spec.template.spec.containers[name=web].image ",
            "Add .spec.template.spec.containers[name=web].ports[containerPort=81] ",
            "Change .spec.template.spec.containers[name=web].resources.limits.cpu  (form)",
            "Add .spec.template.spec.containers[name=next] ",
            "Remove .spec.template.spec.containers[name=gone] ",
        ]
    );
    let replicas = changes.iter().find(|c| c.path == ".spec.replicas").unwrap();
    assert_eq!(replicas.live, Some(Value::Int(7)));
    assert_eq!(replicas.desired, Some(Value::Int(3)));
    assert_eq!(replicas.managers[0].time, "2026-02-01T00:00:00Z");
}

fn deployments_apply(desired: &Value, live: &Value) -> Value {
    let schema = schema::builtin::schema("apps", "v1", "Deployment").unwrap();
    let converter = crate::OneVersion::new("apps/v1", crate::TypeRef::object(schema));
    let tracking = crate::Tracking::new(&converter, object::Gvk::new("apps", "v1", "Deployment"));
    tracking.apply(Some(live), desired, "windlass", true, "2026-03-01T00:00:00Z").unwrap()
}

#[test]
fn what_is_in_sync_has_nothing_to_tell() {
    let applied = deployments_apply(&desired(), &live());
    assert_eq!(explain(&desired(), &applied, "windlass"), []);
}

#[test]
fn a_live_object_without_owners_is_compared_by_value() {
    let live = value(r#"{"spec":{"list":[{"name":"a"}],"n":1}}"#);
    let want = value(r#"{"spec":{"list":[{"name":"b"}],"n":1,"m":{"x":1}}}"#);
    let changes = explain(&want, &live, "windlass");
    let paths: Vec<&str> = changes.iter().map(|c| c.path.as_str()).collect();
    assert_eq!(paths, [".spec.list", ".spec.m"]);
    assert_eq!(explain(&want, &Value::Null, "windlass").len(), 1);
}

#[test]
fn what_is_told_to_go_is_what_an_apply_takes() {
    let mut want = desired();
    let template = want.get_mut("spec").unwrap().get_mut("template").unwrap();
    template.get_mut("spec").unwrap().make_map().remove("containers");
    let removed = |live: &Value| -> Vec<String> {
        explain(&want, live, "windlass")
            .into_iter()
            .filter(|c| c.kind == ChangeKind::Remove && c.path.contains("containers"))
            .map(|c| c.path)
            .collect()
    };
    let containers = |live: &Value| {
        let applied = deployments_apply(&want, live);
        applied.at(["spec", "template", "spec", "containers"]).cloned()
    };
    // Another owns a field of the item, but not the item: it goes with it.
    assert_eq!(
        removed(&live()),
        [".spec.template.spec.containers[name=gone]", ".spec.template.spec.containers[name=web]",]
    );
    assert_eq!(containers(&live()), Some(Value::Null), "an emptied list is null");
    // Another owns the item as well: what only we had in it goes.
    let text = String::from_utf8(object::to_json(&live())).unwrap();
    let shared = value(&text.replace(r#"{"f:tty":{}}"#, r#"{".":{},"f:name":{},"f:tty":{}}"#));
    assert_eq!(
        removed(&shared),
        [
            ".spec.template.spec.containers[name=gone]",
            ".spec.template.spec.containers[name=web].image",
            ".spec.template.spec.containers[name=web].ports[containerPort=80,protocol=TCP]",
            ".spec.template.spec.containers[name=web].resources.limits.cpu",
        ]
    );
    let left = containers(&shared).unwrap();
    assert_eq!(left.as_list().unwrap().len(), 1);
    assert_eq!(left.as_list().unwrap()[0].get("image"), None);
    assert_eq!(left.as_list().unwrap()[0].get("tty"), Some(&Value::Bool(true)));
}

use proptest::prelude::*;

fn any_config() -> impl Strategy<Value = Value> {
    let port = ((80..82i64), proptest::option::of("(TCP|UDP)")).prop_map(|(number, protocol)| {
        let mut port = object::map! {"containerPort": number};
        protocol.map(|p| port.insert("protocol", p));
        Value::Map(port)
    });
    let ports = proptest::collection::vec(port, 0..2);
    let container = ("[abc]", proptest::option::of("[xy]"), proptest::option::of(ports)).prop_map(
        |(name, image, ports)| {
            let mut map = object::map! {"name": name};
            image.map(|image| map.insert("image", image));
            ports.map(|ports| map.insert("ports", ports));
            Value::Map(map)
        },
    );
    let labels = proptest::collection::btree_map("[pq]", "[12]", 0..3);
    let words = proptest::option::of(proptest::collection::vec("[ab]", 0..3));
    let parts = (proptest::collection::vec(container, 0..3), labels, words, 0..3i64);
    parts.prop_map(|(mut containers, labels, words, grace)| {
        containers.sort_by(Value::total_cmp);
        containers.dedup_by(|a, b| a.get("name") == b.get("name"));
        let mut spec = object::map! {"containers": containers};
        if grace > 0 {
            spec.insert("terminationGracePeriodSeconds", grace);
        }
        if let Some(words) = words {
            let words: Vec<Value> = words.into_iter().map(Value::from).collect();
            spec.insert("schedulingGates", Vec::new());
            spec.insert(
                "hostAliases",
                words
                    .into_iter()
                    .map(|w| {
                        Value::Map(object::map! {"ip": w, "hostnames": vec![Value::from("h")]})
                    })
                    .take(1)
                    .collect::<Vec<_>>(),
            );
        }
        Value::Map(object::map! {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": object::map! {"name": "p", "labels": object::Map::from_iter(labels)},
            "spec": spec,
        })
    })
}

/// An object without its owners and without what is neither owned nor seen.
fn kept(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(
            map.iter()
                .filter(|(key, _)| *key != "managedFields")
                .map(|(key, value)| (key, kept(value)))
                .filter(|(_, value)| !is_unseen(value, false))
                .collect(),
        ),
        Value::List(items) => Value::List(items.iter().map(kept).collect()),
        other => other.clone(),
    }
}

proptest! {
    /// Nothing to tell means nothing happens, and after an apply there is nothing to tell.
    #[test]
    fn the_explanation_agrees_with_the_apply(
        mine in any_config(), theirs in any_config(), edited in any_config(), want in any_config(),
    ) {
        let schema = schema::builtin::schema("", "v1", "Pod").unwrap();
        let converter = crate::OneVersion::new("v1", crate::TypeRef::object(schema));
        let tracking = crate::Tracking::new(&converter, object::Gvk::new("", "v1", "Pod"));
        let now = "2026-01-01T00:00:00Z";
        let live = tracking.apply(None, &mine, "windlass", true, now).unwrap();
        let live = tracking.apply(Some(&live), &theirs, "other", true, now).unwrap();
        let new = crate::merge(&live, &edited, crate::TypeRef::object(schema)).unwrap();
        let live = tracking.update(Some(&live), new, "hand", now);
        for want in [&want, &mine] {
            let told = explain(want, &live, "windlass");
            if crate::in_sync(want, &live, "windlass") {
                prop_assert_eq!(&told, &[]);
                let same = tracking.apply(Some(&live), want, "windlass", false, now).unwrap();
                // The owners are the same as well, but for a map once applied empty that others filled.
                prop_assert_eq!(kept(&live), kept(&same));
            }
            let after = tracking.apply(Some(&live), want, "windlass", true, now).unwrap();
            if told.is_empty() {
                prop_assert_eq!(kept(&live), kept(&after));
            } else if told.iter().any(|c| c.kind != ChangeKind::Remove) {
                prop_assert_ne!(kept(&live), kept(&after), "{:?}", told);
            }
            prop_assert_eq!(explain(want, &after, "windlass"), []);
            // What was just applied is in sync, unless it says {} where others have something, or leaves a
            // key field to a default, which this server does not fill in.
            let empty = want.at(["metadata", "labels"]) == Some(&Value::map());
            let bare = String::from_utf8(object::to_json(want)).unwrap();
            let empty = empty || bare.contains("\"containerPort\":80}") || bare.contains(":81}");
            prop_assert!(empty || crate::in_sync(want, &after, "windlass"));
        }
    }
}
