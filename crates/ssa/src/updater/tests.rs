use super::*;
use crate::typed::merge;
use object::from_json;
use proptest::prelude::*;

/// One kind in one version.
struct Fixed<'t>(TypeRef<'t>);

impl<'t> Converter<'t> for Fixed<'t> {
    fn type_of(&self, version: &str) -> Result<TypeRef<'t>, ConvertError> {
        match version {
            "v1" => Ok(self.0),
            _ => Err(ConvertError::MissingVersion(version.to_owned())),
        }
    }

    fn convert<'v>(&self, _: &'v Value, _: &str, to: &str) -> Result<Cow<'v, Value>, ConvertError> {
        Err(ConvertError::MissingVersion(to.to_owned()))
    }
}

fn pod() -> TypeRef<'static> {
    TypeRef::object(schema::builtin::schema("", "v1", "Pod").unwrap())
}

fn value(json: &str) -> Value {
    from_json(json.as_bytes()).unwrap()
}

#[test]
fn conflicts_are_told_by_manager_and_force_takes_over() {
    let converter = Fixed(pod());
    let updater = Updater::new(&converter);
    let image = |image: &str| {
        value(&format!(
            r#"{{"spec":{{"containers":[{{"name":"c","image":"{image}","tty":true}}]}}}}"#
        ))
    };
    let none = Value::Null;
    let (live, managers) =
        updater.apply(&none, &image("1"), "v1", Managers::new(), "a", false).unwrap();
    let live = live.unwrap();
    let (same, managers) = updater.apply(&live, &image("1"), "v1", managers, "b", false).unwrap();
    assert_eq!(same, None, "shared, not changed");
    let refused =
        updater.apply(&live, &image("2"), "v1", managers.clone(), "c", false).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "conflicts with \"a\":\n- .spec.containers[name=\"c\"].image\n\
         conflicts with \"b\":\n- .spec.containers[name=\"c\"].image"
    );
    let (live, managers) = updater.apply(&live, &image("2"), "v1", managers, "c", true).unwrap();
    assert_eq!(live, Some(image("2")));
    let text = managers["a"].set.to_json();
    assert!(!text.contains("f:image") && text.contains("f:tty"), "{text}");
}

#[test]
fn managers_of_a_version_that_is_gone_are_forgotten() {
    let converter = Fixed(pod());
    let updater = Updater::new(&converter);
    let set = FieldSet::from_json(br#"{"f:spec":{"f:nodeName":{}}}"#).unwrap();
    let managers = Managers::from([("old".into(), ManagedSet::new("v0", true, set))]);
    let (before, after) = (value("{}"), value(r#"{"spec":{"nodeName":"n"}}"#));
    let managers = updater.update(&before, &after, "v1", managers, "new").unwrap();
    assert_eq!(managers.keys().collect::<Vec<_>>(), ["new"]);
}

#[test]
fn a_struct_without_anything_a_set_can_name_goes_with_its_last_member() {
    let text = r"
types:
- name: root
  map:
    fields:
    - {name: keep, type: {scalar: numeric}}
    - name: part
      type:
        map:
          fields:
          - {name: a, type: {scalar: numeric}}
          - {name: words, type: {list: {elementType: {scalar: string}, elementRelationship: associative}}}
";
    let schema = object::from_yaml_one(text, object::Dialect::Sigs).unwrap();
    let schema = crate::SmdSchema::from_value(&schema).unwrap();
    let converter = Fixed(TypeRef::named(&schema, "root").unwrap());
    let updater = Updater::new(&converter);
    let first = value(r#"{"keep":1,"part":{"a":1,"words":[]}}"#);
    let (live, managers) =
        updater.apply(&Value::Null, &first, "v1", Managers::new(), "a", false).unwrap();
    let then = value(r#"{"keep":1,"part":{}}"#);
    let (live, _) = updater.apply(&live.unwrap(), &then, "v1", managers, "a", false).unwrap();
    assert_eq!(live, Some(value(r#"{"keep":1}"#)));
}

fn any_pod() -> impl Strategy<Value = Value> {
    let container = ("[abc]", proptest::option::of("[xy]"), proptest::bool::ANY).prop_map(
        |(name, image, tty)| {
            let mut map = object::map! {"name": name};
            image.map(|image| map.insert("image", image));
            tty.then(|| map.insert("tty", true));
            Value::Map(map)
        },
    );
    let labels = proptest::collection::btree_map("[pq]", "[12]", 0..3);
    (proptest::collection::vec(container, 0..3), labels).prop_map(|(mut containers, labels)| {
        containers.sort_by(Value::total_cmp);
        containers.dedup_by(|a, b| a.get("name") == b.get("name"));
        // No empty containers: what a prune leaves of one is null, which an empty one changes again.
        let mut pod = object::map! {"spec": object::map! {"nodeName": "n"}};
        if !labels.is_empty() {
            let labels = object::Map::from_iter(labels);
            pod.insert("metadata", object::map! {"labels": labels});
        }
        if !containers.is_empty() {
            pod.insert("spec", object::map! {"containers": containers});
        }
        Value::Map(pod)
    })
}

proptest! {
    /// The way round the pruning, taken by whoever still applies everything, ends where the pruning does.
    #[test]
    fn pruning_is_only_skipped_when_it_changes_nothing(
        steps in proptest::collection::vec((0..3usize, any_pod(), any_pod()), 1..8),
    ) {
        let converter = Fixed(pod());
        let updater = Updater::new(&converter);
        let (mut live, mut managers) = (value("{}"), Managers::new());
        for (who, object, extra) in steps {
            let name = ["a", "b", "updater"][who];
            if who == 2 {
                let new = merge(&live, &extra, pod()).unwrap();
                managers = updater.update(&live, &new, "v1", managers, name).unwrap();
                live = new;
                continue;
            }
            // What was applied last time and more, and something else altogether.
            let last = managers.get(name).cloned();
            for config in [object.clone(), merge(&object, &extra, pod()).unwrap()] {
                let merged = merge(&live, &config, pod()).unwrap();
                let set = to_field_set(&config, pod()).unwrap();
                let now = ManagedSet::new("v1", true, set);
                let mut after = managers.clone();
                after.insert(name.into(), now.clone());
                let versioned = || Versioned {
                    value: Cow::Borrowed(&merged), version: "v1".into(), t: pod(),
                };
                let quick = updater.prune(versioned(), &after, name, last.as_ref()).unwrap();
                if let Some(last) = last.as_ref().filter(|l| !l.set.is_empty()) {
                    let slow =
                        updater.prune_removed(versioned(), &after, Some(&now), last).unwrap();
                    prop_assert_eq!(quick.value.as_ref(), slow.value.as_ref());
                }
                let (new, owners) =
                    updater.apply(&live, &config, "v1", managers, name, true).unwrap();
                live = new.unwrap_or(live);
                managers = owners;
                // Applying the same again changes nothing, neither the object nor its owners.
                let again = updater.apply(&live, &config, "v1", managers.clone(), name, false);
                prop_assert_eq!(again.unwrap(), (None, managers.clone()));
            }
        }
    }
}
