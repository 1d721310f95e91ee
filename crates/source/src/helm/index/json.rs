//! An index in JSON, streaming: everything but one chart is skipped.

use super::IndexError;
use object::Value;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::Read;

/// Whether there is an `apiVersion`. The whole text is read, so that it is known to be JSON.
pub(super) fn api_version(from: impl Read) -> Result<bool, IndexError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        #[serde(default)]
        api_version: String,
    }
    let head: Head = serde_json::from_reader(from).map_err(malformed)?;
    Ok(!head.api_version.is_empty())
}

/// The versions of a chart.
pub(super) fn entries(from: impl Read, chart: &str) -> Result<Option<Value>, IndexError> {
    let mut deserializer = serde_json::Deserializer::from_reader(from);
    let member = Member { path: &["entries", chart] };
    member.deserialize(&mut deserializer).map_err(malformed)
}

#[expect(clippy::needless_pass_by_value, reason = "it is a map_err")]
fn malformed(error: serde_json::Error) -> IndexError {
    IndexError::Malformed(error.to_string())
}

/// What stands at a path of member names.
struct Member<'a> {
    path: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        match self.path {
            [] => serde::Deserialize::deserialize(from).map(Some),
            _ => from.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else { return Ok(None) };
        let mut found = None;
        while let Some(key) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == *wanted {
                found = members.next_value_seed(Member { path: rest })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}
