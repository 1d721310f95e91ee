//! `urlParse` and `urlJoin`: Go's `net/url`.

mod parse;
#[cfg(test)]
mod tests;

use super::args::{Outcome, bytes, dict, text_of};
use crate::function::{Call, Functions, Signature};
use crate::value::{Entries, Kind, Map, Type, Value};
use parse::{Mode, Url, escape};

/// Registers the functions on URLs.
pub(super) fn register(f: &mut Functions) {
    f.add("urlParse", Signature::new(&[Type::String]), |_, a| {
        let url = Url::parse(bytes(a, 0)).map_err(|e| format!("unable to parse url: {e}"))?;
        let entries = [
            ("scheme", url.scheme.clone()),
            ("host", url.host.clone()),
            ("hostname", url.hostname().to_vec()),
            ("path", url.path.clone()),
            ("query", url.query.clone()),
            ("opaque", url.opaque.clone()),
            ("fragment", url.fragment.clone()),
            ("userinfo", url.user.as_ref().map(parse::User::encoded).unwrap_or_default()),
        ];
        let entries = entries.into_iter().map(|(k, v)| (k, Value::from_bytes(v)));
        Ok(Value::map(entries.collect::<Entries>()))
    });
    f.add("urlJoin", Signature::new(&[Type::DICT]), join);
}

fn join(_: &mut Call<'_>, a: &[Value]) -> Outcome {
    let map = dict(a, 0);
    let mut url = Url {
        scheme: part(&map, "scheme")?,
        host: part(&map, "host")?,
        path: part(&map, "path")?,
        query: part(&map, "query")?,
        opaque: part(&map, "opaque")?,
        fragment: part(&map, "fragment")?,
        ..Url::default()
    };
    let user = part(&map, "userinfo")?;
    if !user.is_empty() {
        let text = [b"proto://", user.as_slice(), b"@host"].concat();
        let parsed =
            Url::parse(&text).map_err(|e| format!("unable to parse userinfo in dict: {e}"))?;
        url.user = parsed.user;
    }
    Ok(Value::from_bytes(url.assembled()))
}

/// A member of the map as text; empty when it is absent.
fn part(map: &Map, key: &str) -> Result<Vec<u8>, String> {
    match map.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Nil) => Err(super::args::NIL_POINTER.into()),
        Some(value) if value.kind() == Kind::String => {
            Ok(value.as_bytes().map_or_else(|| text_of(&value).into_bytes(), <[u8]>::to_vec))
        }
        Some(other) => Err(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind().name()
        )),
    }
}

impl Url {
    /// The parts put together (`URL.String`).
    fn assembled(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_place(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Mode::Fragment));
        }
        out
    }

    /// Authority and path.
    fn write_place(&self, out: &mut Vec<u8>) {
        if !self.host.is_empty()
            || self.user.is_some()
            || !self.scheme.is_empty() && !self.path.is_empty()
        {
            out.extend_from_slice(b"//");
        }
        if let Some(user) = &self.user {
            out.extend(user.encoded());
            out.push(b'@');
        }
        out.extend(escape(&self.host, Mode::Host));
        let path = if self.path == b"*" { b"*".to_vec() } else { escape(&self.path, Mode::Path) };
        if !self.host.is_empty() && path.first().is_some_and(|b| *b != b'/') {
            out.push(b'/');
        }
        let colon_first = path.split(|b| *b == b'/').next().is_some_and(|s| s.contains(&b':'));
        if out.is_empty() && colon_first {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}
