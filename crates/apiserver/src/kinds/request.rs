//! CertificateSigningRequest: who asks is written by the server, never by the one who asks.

use crate::rest::Call;
use object::{Map, Value};

pub(super) fn before_create(call: &Call, request: &mut Value) {
    let spec = request.make_map().entry("spec").make_map();
    for member in ["username", "uid", "groups", "extra"] {
        spec.remove(member);
    }
    let Some(who) = &call.who else { return };
    let texts = |list: &[String]| list.iter().map(|t| Value::from(t.as_str())).collect::<Vec<_>>();
    spec.insert("username", who.user.as_str());
    if !who.uid.is_empty() {
        spec.insert("uid", who.uid.as_str());
    }
    spec.insert("groups", texts(&who.groups));
    if !who.extra.is_empty() {
        let mut extra = Map::new();
        for (key, values) in &who.extra {
            extra.insert(key.as_str(), texts(values));
        }
        spec.insert("extra", extra);
    }
}
