//! A small notation for OpenAPI schemas, so that a definition reads like the structs it describes.

use object::{Map, Value, map};

/// A schema in the making.
pub(super) struct Schema(Map);

/// A member of an object.
pub(super) struct Member {
    name: &'static str,
    schema: Schema,
    required: bool,
}

/// A member that may be left out.
pub(super) fn optional(name: &'static str, schema: Schema) -> Member {
    Member { name, schema, required: false }
}

/// A member that must be there.
pub(super) fn required(name: &'static str, schema: Schema) -> Member {
    Member { name, schema, required: true }
}

fn typed(name: &str) -> Schema {
    Schema(map! {"type": name})
}

/// Text; `doc` is one short sentence, shown by `kubectl explain`.
pub(super) fn string(doc: &str) -> Schema {
    typed("string").member("description", doc)
}

/// A length of time with any of `units`, such as `ms|s|m|h`.
pub(super) fn duration(units: &str, doc: &str) -> Schema {
    string(doc).pattern(&format!(r"^([0-9]+(\.[0-9]+)?({units}))+$"))
}

/// A moment.
pub(super) fn moment(doc: &str) -> Schema {
    string(doc).member("format", "date-time")
}

/// True or false.
pub(super) fn boolean(doc: &str) -> Schema {
    typed("boolean").member("description", doc)
}

/// A whole number of 64 bits.
pub(super) fn integer(doc: &str) -> Schema {
    typed("integer").member("format", "int64").member("description", doc)
}

/// A whole number of which no width is said.
pub(super) fn count(doc: &str) -> Schema {
    typed("integer").member("description", doc)
}

/// Anything at all, kept as it is.
pub(super) fn free(doc: &str) -> Schema {
    Schema(map! {"x-kubernetes-preserve-unknown-fields": true}).member("description", doc)
}

/// A map from text to something.
pub(super) fn map_of(values: Schema, doc: &str) -> Schema {
    typed("object").member("additionalProperties", values.0).member("description", doc)
}

/// A list.
pub(super) fn list(items: Schema, doc: &str) -> Schema {
    typed("array").member("items", items.0).member("description", doc)
}

/// A map from text to text.
pub(super) fn texts(doc: &str) -> Schema {
    typed("object")
        .member("additionalProperties", map! {"type": "string"})
        .member("description", doc)
}

/// An object with these members and no others.
pub(super) fn object(members: Vec<Member>, doc: &str) -> Schema {
    let needed: Vec<Value> =
        members.iter().filter(|m| m.required).map(|m| Value::from(m.name)).collect();
    let properties = Map::from_iter(members.into_iter().map(|m| (m.name, m.schema.0)));
    let schema = typed("object").member("properties", properties);
    let schema = if needed.is_empty() { schema } else { schema.member("required", needed) };
    if doc.is_empty() { schema } else { schema.member("description", doc) }
}

/// An object of which nothing is said, as `metadata` has to be.
pub(super) fn anything() -> Schema {
    typed("object")
}

impl Schema {
    fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value);
        self
    }

    /// Has to match a regular expression.
    pub(super) fn pattern(self, pattern: &str) -> Self {
        self.member("pattern", pattern)
    }

    /// Has to be one of these.
    pub(super) fn one_of(self, values: &[&str]) -> Self {
        self.member("enum", values.iter().map(|v| Value::from(*v)).collect::<Vec<_>>())
    }

    /// Has to have that many characters.
    pub(super) fn length(self, least: i64, most: i64) -> Self {
        let schema = if least > 0 { self.member("minLength", least) } else { self };
        schema.member("maxLength", most)
    }

    /// Has to be at least that.
    pub(super) fn least(self, least: i64) -> Self {
        self.member("minimum", least)
    }

    /// What it is when nothing is given.
    pub(super) fn default(self, value: impl Into<Value>) -> Self {
        self.member("default", value)
    }

    /// Has to satisfy these CEL rules, each with what to say when it does not.
    pub(super) fn rules(self, rules: &[(&str, &str)]) -> Self {
        let rules: Vec<Value> = rules
            .iter()
            .map(|(rule, message)| map! {"message": *message, "rule": *rule}.into())
            .collect();
        self.member("x-kubernetes-validations", rules)
    }

    /// The schema as it stands in a definition.
    pub(super) fn finish(self) -> Map {
        self.0
    }
}
