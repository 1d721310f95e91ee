//! OpenAPI v2 in the protobuf form of gnostic (`openapiv2/OpenAPIv2.proto`): only the messages and fields our
//! documents have.
//!
//! A document is read as JSON-like values and written field by field, so there is one source for both forms.

use object::{Map, Value, to_json};

/// Writes protobuf: tags, lengths, nested messages.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field << 3 | 2));
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u32, value: Option<&Value>) {
        if let Some(text) = value.and_then(Value::as_str) {
            self.bytes(field, text.as_bytes());
        }
    }

    fn texts(&mut self, field: u32, value: Option<&Value>) {
        for text in list(value).iter().filter_map(Value::as_str) {
            self.bytes(field, text.as_bytes());
        }
    }

    fn flag(&mut self, field: u32, value: Option<&Value>) {
        if value.and_then(Value::as_bool) == Some(true) {
            self.varint(u64::from(field << 3));
            self.varint(1);
        }
    }

    fn count(&mut self, field: u32, value: Option<&Value>) {
        if let Some(count) = value.and_then(Value::as_int) {
            self.varint(u64::from(field << 3));
            self.varint(count as u64);
        }
    }

    fn number(&mut self, field: u32, value: Option<&Value>) {
        let number = match value {
            Some(Value::Int(i)) => *i as f64,
            Some(Value::Float(f)) => *f,
            _ => return,
        };
        self.varint(u64::from(field << 3 | 1));
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn message(&mut self, field: u32, inner: Self) {
        self.bytes(field, &inner.0);
    }

    /// An `Any` with YAML in it.
    fn any(&mut self, field: u32, value: &Value) {
        let mut any = Self::default();
        // JSON is YAML.
        any.bytes(2, &to_json(value));
        self.message(field, any);
    }

    /// `NamedX`: a name and a message.
    fn named(&mut self, field: u32, name: &str, inner: Self) {
        let mut named = Self::default();
        named.bytes(1, name.as_bytes());
        named.message(2, inner);
        self.message(field, named);
    }

    /// Vendor extensions as repeated `NamedAny`.
    fn extensions(&mut self, field: u32, map: &Map) {
        for (name, value) in map.iter().filter(|(n, _)| n.starts_with("x-")) {
            let mut any = Self::default();
            any.bytes(2, &to_json(value));
            self.named(field, name, any);
        }
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}

/// The document while it is written.
#[derive(Default)]
pub(super) struct Document {
    definitions: Message,
    paths: Message,
}

impl Document {
    /// `Definitions.additional_properties` = 1.
    pub(super) fn definition(&mut self, name: &str, definition: &Value) {
        self.definitions.named(1, name, schema(definition));
    }

    /// `Paths.path` = 2.
    pub(super) fn path(&mut self, path: &str, operations: &Value) {
        let mut item = Message::default();
        for (field, method) in [
            (2, "get"),
            (3, "put"),
            (4, "post"),
            (5, "delete"),
            (6, "options"),
            (7, "head"),
            (8, "patch"),
        ] {
            if let Some(operation) = operations.get(method).and_then(Value::as_map) {
                item.message(field, self::operation(operation));
            }
        }
        for parameter in list(operations.get("parameters")) {
            item.message(9, parameters_item(parameter));
        }
        self.paths.named(2, path, item);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut document = Message::default();
        document.bytes(1, b"2.0");
        let mut info = Message::default();
        info.bytes(1, b"Kubernetes");
        info.bytes(2, b"unversioned");
        document.message(2, info);
        document.message(8, self.paths);
        document.message(9, self.definitions);
        document.0
    }
}

fn schema(value: &Value) -> Message {
    let mut out = Message::default();
    let Some(map) = value.as_map() else { return out };
    out.text(1, map.get("$ref"));
    out.text(2, map.get("format"));
    out.text(3, map.get("title"));
    out.text(4, map.get("description"));
    if let Some(default) = map.get("default") {
        out.any(5, default);
    }
    out.number(6, map.get("multipleOf"));
    out.number(7, map.get("maximum"));
    out.flag(8, map.get("exclusiveMaximum"));
    out.number(9, map.get("minimum"));
    out.flag(10, map.get("exclusiveMinimum"));
    out.count(11, map.get("maxLength"));
    out.count(12, map.get("minLength"));
    out.text(13, map.get("pattern"));
    out.count(14, map.get("maxItems"));
    out.count(15, map.get("minItems"));
    out.flag(16, map.get("uniqueItems"));
    out.count(17, map.get("maxProperties"));
    out.count(18, map.get("minProperties"));
    out.texts(19, map.get("required"));
    for value in list(map.get("enum")) {
        out.any(20, value);
    }
    if let Some(additional) = map.get("additionalProperties") {
        let mut item = Message::default();
        match additional {
            Value::Bool(_) => item.flag(2, Some(additional)),
            of => item.message(1, schema(of)),
        }
        out.message(21, item);
    }
    if let Some(type_) = map.get("type") {
        let mut item = Message::default();
        item.text(1, Some(type_));
        out.message(22, item);
    }
    if let Some(items) = map.get("items") {
        let mut item = Message::default();
        item.message(1, schema(items));
        out.message(23, item);
    }
    for part in list(map.get("allOf")) {
        out.message(24, schema(part));
    }
    if let Some(properties) = map.get("properties").and_then(Value::as_map) {
        let mut all = Message::default();
        for (name, property) in properties.iter() {
            all.named(1, name, schema(property));
        }
        out.message(25, all);
    }
    out.extensions(31, map);
    out
}

fn operation(map: &Map) -> Message {
    let mut out = Message::default();
    out.texts(6, map.get("produces"));
    out.texts(7, map.get("consumes"));
    for parameter in list(map.get("parameters")) {
        out.message(8, parameters_item(parameter));
    }
    if let Some(responses) = map.get("responses").and_then(Value::as_map) {
        let mut all = Message::default();
        for (code, answer) in responses.iter() {
            let mut response = Message::default();
            response.text(1, answer.get("description"));
            if let Some(of) = answer.get("schema") {
                let mut item = Message::default();
                item.message(1, schema(of));
                response.message(2, item);
            }
            let mut value = Message::default();
            value.message(1, response);
            all.named(1, code, value);
        }
        out.message(9, all);
    }
    out.extensions(13, map);
    out
}

/// `ParametersItem { parameter = 1 { body_parameter = 1 | non_body_parameter = 2 } }`.
fn parameters_item(parameter: &Value) -> Message {
    let mut out = Message::default();
    let Some(map) = parameter.as_map() else { return out };
    let place = map.get("in").and_then(Value::as_str).unwrap_or_default();
    let mut item = Message::default();
    if place == "body" {
        let mut body = Message::default();
        body.text(2, map.get("name"));
        body.text(3, map.get("in"));
        body.flag(4, map.get("required"));
        if let Some(of) = map.get("schema") {
            body.message(5, schema(of));
        }
        item.message(1, body);
    } else {
        // header = 1, form = 2, query = 3, path = 4; query has one field more in the middle.
        let query = place == "query";
        let mut inner = Message::default();
        inner.flag(1, map.get("required"));
        inner.text(2, map.get("in"));
        inner.text(4, map.get("name"));
        inner.text(if query { 6 } else { 5 }, map.get("type"));
        inner.flag(if query { 19 } else { 18 }, map.get("uniqueItems"));
        let mut other = Message::default();
        other.message(if query { 3 } else { 4 }, inner);
        item.message(2, other);
    }
    out.message(1, item);
    out
}
