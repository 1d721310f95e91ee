//! `.Files` (`helm.sh/helm/v4/pkg/engine/files.go`).

use super::glob;
use crate::chart::File;
use crate::path::base;
use base64::Engine as _;
use gotemplate::{Call, FunctionError, GoObject, Kind, Method, Signature, Type, Value};
use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The files of a chart that are neither templates nor charts.
pub(super) struct Files(BTreeMap<String, Arc<[u8]>>);

const TEXT: Signature = Signature::new(&[Type::String]);
const NOTHING: Signature = Signature::new(&[]);

impl Files {
    pub(super) fn object(files: &[File]) -> Value {
        Value::object(Self(files.iter().map(|f| (f.name.clone(), Arc::clone(&f.data))).collect()))
    }

    fn bytes(&self, name: &str) -> &[u8] {
        self.0.get(name).map(|d| &**d).unwrap_or_default()
    }

    fn glob(&self, pattern: &str) -> Self {
        let pattern = glob::compile(pattern);
        let fits = |name: &str| pattern.as_ref().is_none_or(|p| p.is_match(name));
        let found = self.0.iter().filter(|(name, _)| fits(name));
        Self(found.map(|(name, data)| (name.clone(), Arc::clone(data))).collect())
    }

    /// The files as a YAML map by their base names.
    fn config(&self, shown: impl Fn(&[u8]) -> String) -> String {
        let entry = |(name, data): (&String, &Arc<[u8]>)| {
            (base(name).to_owned(), object::Value::from(shown(data)))
        };
        let map: object::Map = self.0.iter().map(entry).collect();
        let mut text = object::to_yaml(&object::Value::Map(map));
        if text.ends_with('\n') {
            text.pop();
        }
        text
    }

    fn lines(&self, name: &str) -> Value {
        let data = self.bytes(name);
        if data.is_empty() {
            return Value::strings::<&str>([]);
        }
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        let lines = data.split(|b| *b == b'\n').map(|line| Value::from_bytes(line.to_vec()));
        Value::list_of(Type::String, lines.collect())
    }
}

impl GoObject for Files {
    fn go_type(&self) -> Type {
        Type::Named {
            name: "engine.files",
            kind: Kind::Map,
            underlying: Some(&Type::Map(&Type::BYTES)),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<Method> {
        let signature = match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => TEXT,
            "AsConfig" | "AsSecrets" => NOTHING,
            _ => return None,
        };
        Some(Method { signature })
    }

    fn call(
        &self,
        name: &str,
        call: &mut Call<'_>,
        args: &[Value],
    ) -> Result<Value, FunctionError> {
        let argument = args.first().and_then(Value::as_text).unwrap_or_default();
        let size: usize = match name {
            "Get" | "GetBytes" | "Lines" => self.bytes(&argument).len(),
            _ => self.0.values().map(|d| d.len()).sum(),
        };
        call.charge(size as u64)?;
        Ok(match name {
            "Get" => Value::from_bytes(self.bytes(&argument).to_vec()),
            "GetBytes" => Value::Bytes(Rc::from(self.bytes(&argument))),
            "Glob" => Value::object(self.glob(&argument)),
            "Lines" => self.lines(&argument),
            "AsSecrets" => {
                self.config(|d| base64::engine::general_purpose::STANDARD.encode(d)).into()
            }
            _ => self.config(|d| String::from_utf8_lossy(d).into_owned()).into(),
        })
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.0.get(name).map(|data| Value::Bytes(Rc::from(&**data)))
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let entry = |(name, data): (&String, &Arc<[u8]>)| {
            (Value::from(name.as_str()), Value::Bytes(Rc::from(&**data)))
        };
        Some(self.0.iter().map(entry).collect())
    }

    fn to_data(&self) -> Option<Value> {
        let encode = |d: &[u8]| base64::engine::general_purpose::STANDARD.encode(d);
        let entries = self.0.iter().map(|(name, data)| (name.as_str(), Value::from(encode(data))));
        Some(Value::map(entries.collect()))
    }
}
