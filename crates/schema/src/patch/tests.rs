use super::*;
use crate::builtin;

fn json(text: &str) -> Value {
    object::from_json(text.as_bytes()).unwrap()
}

#[test]
fn merge_patches_of_the_rfc() {
    for (target, patch, expected) in [
        (r#"{"a": "b"}"#, r#"{"a": "c"}"#, r#"{"a": "c"}"#),
        (r#"{"a": "b", "b": "c"}"#, r#"{"a": null}"#, r#"{"b": "c"}"#),
        (r#"{"a": ["b"]}"#, r#"{"a": "c"}"#, r#"{"a": "c"}"#),
        (r#"{"a": {"b": "c"}}"#, r#"{"a": {"b": "d", "c": null}}"#, r#"{"a": {"b": "d"}}"#),
        (r#"{"e": null}"#, r#"{"a": 1}"#, r#"{"e": null, "a": 1}"#),
        ("{}", r#"{"a": {"bb": {"ccc": null}}}"#, r#"{"a": {"bb": {}}}"#),
        ("{}", r#"{"a": [null, {"b": null}]}"#, r#"{"a": [null, {}]}"#),
    ] {
        let mut value = json(target);
        merge_patch(&mut value, json(patch));
        assert_eq!(value, json(expected), "{target} {patch}");
    }
}

fn apply_json(document: &str, patch: &str) -> Result<Value, String> {
    let mut value = json(document);
    let patch = JsonPatch::read(&json(patch)).map_err(|e| e.to_string())?;
    patch.apply(&mut value).map_err(|e| e.to_string())?;
    Ok(value)
}

#[test]
fn operations_of_the_rfc() {
    for (document, patch, expected) in [
        (r#"{"a": 1}"#, r#"[{"op": "add", "path": "/b", "value": 2}]"#, r#"{"a": 1, "b": 2}"#),
        (
            r#"{"a": [1, 3]}"#,
            r#"[{"op": "add", "path": "/a/1", "value": 2}]"#,
            r#"{"a": [1, 2, 3]}"#,
        ),
        (r#"{"a": [1]}"#, r#"[{"op": "add", "path": "/a/-", "value": 2}]"#, r#"{"a": [1, 2]}"#),
        (r#"{"a": [1, 2]}"#, r#"[{"op": "remove", "path": "/a/-1"}]"#, r#"{"a": [1]}"#),
        (
            r#"{"a/b": {"~": 1}}"#,
            r#"[{"op": "replace", "path": "/a~1b/~0", "value": 2}]"#,
            r#"{"a/b": {"~": 2}}"#,
        ),
        (
            r#"{"a": 1, "b": {}}"#,
            r#"[{"op": "move", "from": "/a", "path": "/b/c"}]"#,
            r#"{"b": {"c": 1}}"#,
        ),
        (
            r#"{"a": [1]}"#,
            r#"[{"op": "copy", "from": "/a", "path": "/b"}, {"op": "test", "path": "/b", "value": [1]}]"#,
            r#"{"a": [1], "b": [1]}"#,
        ),
    ] {
        assert_eq!(apply_json(document, patch), Ok(json(expected)), "{document} {patch}");
    }
}

#[test]
fn faults_are_told_in_the_librarys_words() {
    for (document, patch, message) in [
        ("{}", "{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        (
            "{}",
            r#"[{"op": "remove", "path": "/a"}]"#,
            "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value",
        ),
        (
            "{}",
            r#"[{"op": "add", "path": "/a/b", "value": 1}]"#,
            r#"add operation does not apply: doc is missing path: "/a/b": missing value"#,
        ),
        (
            r#"{"a": []}"#,
            r#"[{"op": "replace", "path": "/a/0", "value": 1}]"#,
            "replace operation does not apply: doc is missing key: /a/0: missing value",
        ),
        (
            r#"{"a": 1}"#,
            r#"[{"op": "test", "path": "/a", "value": 2}]"#,
            "testing value /a failed: test failed",
        ),
        ("{}", r#"[{"op": "nop"}]"#, "Unexpected kind: nop"),
        (
            r#"{"a": []}"#,
            r#"[{"op": "remove", "path": "/a/3"}]"#,
            "error in remove for path: '/a/3': Unable to access invalid index: 3: invalid index referenced",
        ),
    ] {
        assert_eq!(apply_json(document, patch), Err(message.to_owned()), "{document} {patch}");
    }
}

#[test]
fn a_bomb_of_copies_is_refused() {
    let copies = (0..40).map(|i| format!(r#"{{"op": "copy", "from": "", "path": "/{i}"}}"#));
    let doubling: Vec<String> = copies
        .map(|c| {
            c.replace(r#""from": """#, r#""from": "/x""#)
                .replace("\"path\": \"/", "\"path\": \"/x/")
        })
        .collect();
    let error = apply_json(r#"{"x": {"y": 1}}"#, &format!("[{}]", doubling.join(","))).unwrap_err();
    assert!(error.contains("exceeding the limit"), "{error}");
}

fn pod(original: &str, patch: &str) -> Result<Value, String> {
    let mut value = json(&format!(r#"{{"spec": {original}}}"#));
    let schema = builtin::schema("", "v1", "Pod").unwrap();
    strategic(schema, &mut value, json(&format!(r#"{{"spec": {patch}}}"#)))
        .map_err(|e| e.to_string())?;
    Ok(value.get("spec").unwrap().clone())
}

#[test]
fn lists_are_merged_by_their_keys() {
    for (original, patch, expected) in [
        (
            r#"{"containers": [{"name": "a", "image": "1"}]}"#,
            r#"{"containers": [{"name": "b"}, {"name": "a", "image": "2"}]}"#,
            r#"{"containers": [{"name": "b"}, {"name": "a", "image": "2"}]}"#,
        ),
        (
            r#"{"containers": [{"name": "a"}, {"name": "b"}]}"#,
            r#"{"containers": [{"name": "a", "$patch": "delete"}]}"#,
            r#"{"containers": [{"name": "b"}]}"#,
        ),
        (
            r#"{"containers": [{"name": "a"}]}"#,
            r#"{"containers": [{"$patch": "replace"}, {"name": "c"}]}"#,
            r#"{"containers": [{"name": "c"}]}"#,
        ),
        (
            r#"{"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}"#,
            r#"{"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}], "containers": [{"name": "a", "image": "x"}]}"#,
            r#"{"containers": [{"name": "b"}, {"name": "c"}, {"name": "a", "image": "x"}]}"#,
        ),
        (
            r#"{"nodeSelector": {"a": "1", "b": "2"}}"#,
            r#"{"nodeSelector": {"$patch": "replace", "c": "3"}}"#,
            r#"{"nodeSelector": {"c": "3"}}"#,
        ),
        (
            r#"{"volumes": [{"name": "v", "emptyDir": {}}]}"#,
            r#"{"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}"#,
            r#"{"volumes": [{"name": "v", "configMap": {"name": "c"}}]}"#,
        ),
        (
            r#"{"tolerations": [{"key": "a"}]}"#,
            r#"{"tolerations": [{"key": "b"}]}"#,
            r#"{"tolerations": [{"key": "b"}]}"#,
        ),
        (
            r#"{"hostname": "a"}"#,
            r#"{"hostname": null, "subdomain": "s"}"#,
            r#"{"subdomain": "s"}"#,
        ),
    ] {
        assert_eq!(pod(original, patch), Ok(json(expected)), "{original} {patch}");
    }
    let mut object = json(r#"{"metadata": {"finalizers": ["a", "b"]}}"#);
    let patch = json(
        r#"{"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}}"#,
    );
    strategic(builtin::schema("", "v1", "Pod").unwrap(), &mut object, patch).unwrap();
    assert_eq!(object, json(r#"{"metadata": {"finalizers": ["c", "b"]}}"#));
}

#[test]
fn strategic_faults_are_told_in_the_librarys_words() {
    for (original, patch, message) in [
        (
            r#"{"containers": [{"name": "a"}]}"#,
            r#"{"containers": [{"image": "x"}]}"#,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (
            r#"{"nodeSelector": {}}"#,
            r#"{"nodeSelector": {"$patch": "x"}}"#,
            "unknown patch type: x in map: map[$patch:x]",
        ),
        (
            r#"{"volumes": [{"name": "v"}]}"#,
            r#"{"volumes": [{"name": "v", "$retainKeys": ["name"], "emptyDir": {}}]}"#,
            "invalid patch format of retainKeys",
        ),
    ] {
        assert_eq!(pod(original, patch), Err(message.to_owned()), "{original} {patch}");
    }
}
