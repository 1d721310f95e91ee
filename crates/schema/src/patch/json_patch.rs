//! RFC 6902 as `evanphx/json-patch` v4 applies it, the library a real API server uses: negative indices count
//! from the end, and its error texts are what users find on the web.

use object::Value;

/// A list of operations, read.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPatch(Vec<Operation>);

#[derive(Clone, Debug, PartialEq)]
struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    /// `None` when absent, `Null` when null.
    value: Option<Value>,
}

/// A real server refuses patches with more operations (with 413).
pub const MOST_OPERATIONS: usize = 10_000;

/// How much all `copy` operations of one patch may add, counted in values: what a bomb of copies would exceed.
const MOST_COPIED: usize = 1_000_000;

/// Why a patch could not be read (400) or applied (422).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonPatchError {
    /// The patch is no list of operations.
    #[error("json: cannot unmarshal {0} into Go value of type jsonpatch.Patch")]
    NotAList(&'static str),
    /// A list item is no operation.
    #[error("json: cannot unmarshal {0} into Go value of type jsonpatch.Operation")]
    NotAnOperation(&'static str),
    /// An operation has no place to work on, or its test failed; the text is the library's.
    #[error("{0}")]
    Apply(String),
}

fn go_name(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        other => other.type_name(),
    }
}

fn fail<T>(text: String) -> Result<T, JsonPatchError> {
    Err(JsonPatchError::Apply(text))
}

impl JsonPatch {
    /// From its JSON.
    ///
    /// # Errors
    /// When it is no list of operations.
    pub fn read(patch: &Value) -> Result<Self, JsonPatchError> {
        let items = match patch {
            Value::List(items) => items.as_slice(),
            Value::Null => &[],
            other => return Err(JsonPatchError::NotAList(go_name(other))),
        };
        let read = |item: &Value| {
            let text = |key| item.get(key).and_then(Value::as_str).map(str::to_owned);
            match item {
                Value::Map(_) => Ok(Operation {
                    op: text("op").unwrap_or_else(|| "unknown".to_owned()),
                    path: text("path"),
                    from: text("from"),
                    value: item.get("value").cloned(),
                }),
                other => Err(JsonPatchError::NotAnOperation(go_name(other))),
            }
        };
        items.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// How many operations there are; see [`MOST_OPERATIONS`].
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies every operation in order.
    ///
    /// # Errors
    /// At the first operation that does not apply; `document` may be changed by the ones before.
    pub fn apply(&self, document: &mut Value) -> Result<(), JsonPatchError> {
        let mut copied = 0;
        for operation in &self.0 {
            match operation.op.as_str() {
                "add" => add(document, operation)?,
                "remove" => remove(document, operation)?,
                "replace" => replace(document, operation)?,
                "move" => move_(document, operation)?,
                "test" => test(document, operation)?,
                "copy" => {
                    copied += copy(document, operation)?;
                    if copied > MOST_COPIED {
                        return fail(format!(
                            "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {MOST_COPIED}"
                        ));
                    }
                }
                other => return fail(format!("Unexpected kind: {other}")),
            }
        }
        Ok(())
    }
}

const MISSING: &str = "missing value";
const INVALID_INDEX: &str = "invalid index referenced";
const FAILED: &str = "test failed";

/// A map or list, and the decoded last part of the path in it.
struct Place<'a> {
    container: &'a mut Value,
    key: String,
}

fn find<'a>(document: &'a mut Value, path: &str) -> Option<Place<'a>> {
    let (parents, last) = path.rsplit_once('/')?;
    let mut container = document;
    for part in parents.split('/').skip(1) {
        container = match container {
            Value::Map(map) => map.get_mut(&decode(part))?,
            Value::List(items) => {
                let index = index(&decode(part), items.len()).ok()?;
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    matches!(container, Value::Map(_) | Value::List(_))
        .then(|| Place { container, key: decode(last) })
}

fn decode(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// A list index in `0..length`, or the library's words.
fn index(key: &str, length: usize) -> Result<usize, String> {
    let number: i64 =
        key.strip_prefix('+').unwrap_or(key).parse().map_err(|_| {
            format!("strconv.Atoi: parsing {}: invalid syntax", crate::go_quote(key))
        })?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from_start = if number < 0 { number + length } else { number };
    if (0..length).contains(&from_start) {
        Ok(usize::try_from(from_start).unwrap_or_default())
    } else {
        Err(format!("Unable to access invalid index: {number}: {INVALID_INDEX}"))
    }
}

impl<'a> Place<'a> {
    fn get(self) -> Result<Option<&'a mut Value>, String> {
        match self.container {
            Value::Map(map) => Ok(map.get_mut(&self.key)),
            Value::List(items) => {
                let at = index(&self.key, items.len())?;
                Ok(items.get_mut(at))
            }
            _ => Ok(None),
        }
    }

    fn add(&mut self, value: Value) -> Result<(), String> {
        match self.container {
            Value::Map(map) => {
                map.insert(self.key.as_str(), value);
            }
            Value::List(items) if self.key == "-" => items.push(value),
            Value::List(items) => {
                let number: Result<i64, _> = self.key.parse();
                if number.is_err() {
                    return Err(format!(
                        "value was not a proper array index: '{0}': strconv.Atoi: parsing {1}: invalid syntax",
                        self.key,
                        crate::go_quote(&self.key)
                    ));
                }
                let at = index(&self.key, items.len() + 1)?;
                items.insert(at, value);
            }
            _ => {}
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<Value, String> {
        match self.container {
            Value::Map(map) => map.remove(&self.key).ok_or_else(|| {
                format!("Unable to remove nonexistent key: {}: {MISSING}", self.key)
            }),
            Value::List(items) => {
                let at = index(&self.key, items.len())?;
                Ok(items.remove(at))
            }
            _ => Ok(Value::Null),
        }
    }
}

const NO_PATH: &str = "operation missing path field: missing value";
const NO_FROM: &str = "operation, missing from field: missing value";

fn add(document: &mut Value, operation: &Operation) -> Result<(), JsonPatchError> {
    let Some(path) = &operation.path else {
        return fail(format!("add operation failed to decode path: {MISSING}"));
    };
    let Some(mut place) = find(document, path) else {
        return fail(format!(
            "add operation does not apply: doc is missing path: \"{path}\": {MISSING}"
        ));
    };
    place
        .add(operation.value.clone().unwrap_or_default())
        .or_else(|e| fail(format!("error in add for path: '{path}': {e}")))
}

fn remove(document: &mut Value, operation: &Operation) -> Result<(), JsonPatchError> {
    let Some(path) = &operation.path else {
        return fail(format!("remove operation failed to decode path: {MISSING}"));
    };
    let Some(mut place) = find(document, path) else {
        return fail(format!(
            "remove operation does not apply: doc is missing path: \"{path}\": {MISSING}"
        ));
    };
    match place.remove() {
        Ok(_) => Ok(()),
        Err(e) => fail(format!("error in remove for path: '{path}': {e}")),
    }
}

fn replace(document: &mut Value, operation: &Operation) -> Result<(), JsonPatchError> {
    let Some(path) = &operation.path else {
        return fail(format!("replace operation failed to decode path: {NO_PATH}"));
    };
    let value = operation.value.clone().unwrap_or_default();
    if path.is_empty() {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return fail("replace operation value must be object or array: %!w(<nil>)".to_owned());
        }
        *document = value;
        return Ok(());
    }
    let Some(mut place) = find(document, path) else {
        return fail(format!(
            "replace operation does not apply: doc is missing path: {path}: {MISSING}"
        ));
    };
    // Of a map, the library does not notice that the member is absent.
    if matches!(place.container, Value::Map(_)) {
        return place.add(value).or_else(fail);
    }
    match place.get() {
        Ok(Some(existing)) => *existing = value,
        Ok(None) | Err(_) => {
            return fail(format!(
                "replace operation does not apply: doc is missing key: {path}: {MISSING}"
            ));
        }
    }
    Ok(())
}

fn move_(document: &mut Value, operation: &Operation) -> Result<(), JsonPatchError> {
    let Some(from) = &operation.from else {
        return fail(format!("move operation failed to decode from: {NO_FROM}"));
    };
    let Some(mut place) = find(document, from) else {
        return fail(format!(
            "move operation does not apply: doc is missing from path: {from}: {MISSING}"
        ));
    };
    let key = place.key.clone();
    let value =
        place.remove().or_else(|e| fail(format!("error in move for path: '{key}': {e}")))?;
    let Some(path) = &operation.path else {
        return fail(format!("move operation failed to decode path: {NO_PATH}"));
    };
    let Some(mut place) = find(document, path) else {
        return fail(format!(
            "move operation does not apply: doc is missing destination path: {path}: {MISSING}"
        ));
    };
    place.add(value).or_else(|e| fail(format!("error in move for path: '{path}': {e}")))
}

fn copy(document: &mut Value, operation: &Operation) -> Result<usize, JsonPatchError> {
    let Some(from) = &operation.from else {
        return fail(format!("copy operation failed to decode from: {NO_FROM}"));
    };
    let Some(place) = find(document, from) else {
        return fail(format!(
            "copy operation does not apply: doc is missing from path: {from}: {MISSING}"
        ));
    };
    let value = match place.get() {
        Ok(value) => value.map(|v| v.clone()).unwrap_or_default(),
        Err(e) => return fail(format!("error in copy for from: '{from}': {e}")),
    };
    let Some(path) = &operation.path else {
        return fail(format!("copy operation failed to decode path: {MISSING}"));
    };
    let Some(mut place) = find(document, path) else {
        return fail(format!(
            "copy operation does not apply: doc is missing destination path: {path}: {MISSING}"
        ));
    };
    let size = count(&value);
    place.add(value).or_else(|e| fail(format!("error while adding value during copy: {e}")))?;
    Ok(size)
}

fn count(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(map) => 1 + map.values().map(count).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 16,
        _ => 1,
    }
}

fn test(document: &mut Value, operation: &Operation) -> Result<(), JsonPatchError> {
    let Some(path) = &operation.path else {
        return fail(format!("test operation failed to decode path: {NO_PATH}"));
    };
    let wanted = operation.value.as_ref().unwrap_or(&Value::Null);
    let found = if path.is_empty() {
        Some(&*document)
    } else {
        let Some(place) = find(document, path) else {
            return fail(format!(
                "test operation does not apply: is missing path: {path}: {MISSING}"
            ));
        };
        match place.get() {
            Ok(value) => value.map(|v| &*v),
            Err(e) => return fail(format!("error in test for path: '{path}': {e}")),
        }
    };
    if found.unwrap_or(&Value::Null) == wanted {
        Ok(())
    } else {
        fail(format!("testing value {path} failed: {FAILED}"))
    }
}
