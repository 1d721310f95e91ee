//! Paths with slashes: Go's `path`, and `path/filepath` on Unix, which differ in nothing here.

use super::args::bytes;
use crate::function::{Functions, Signature};
use crate::value::{Type, Value};

/// Registers the functions on paths.
pub(super) fn register(f: &mut Functions) {
    let mut both = |name: &str, os: &str, run: fn(&[u8]) -> Vec<u8>| {
        for name in [name, os] {
            f.add(name, Signature::new(&[Type::String]), move |_, a| {
                Ok(Value::from_bytes(run(bytes(a, 0))))
            });
        }
    };
    both("base", "osBase", base);
    both("dir", "osDir", dir);
    both("clean", "osClean", clean);
    both("ext", "osExt", ext);
    for name in ["isAbs", "osIsAbs"] {
        f.add(name, Signature::new(&[Type::String]), |_, a| {
            Ok(bytes(a, 0).starts_with(b"/").into())
        });
    }
}

/// The last element; `.` of nothing, `/` of slashes alone.
fn base(path: &[u8]) -> Vec<u8> {
    if path.is_empty() {
        return b".".to_vec();
    }
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |i| i + 1);
    let last = path[..end].split(|b| *b == b'/').next_back().unwrap_or_default();
    if last.is_empty() { b"/".to_vec() } else { last.to_vec() }
}

/// All but the last element, cleaned.
fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|b| *b == b'/').map_or(0, |i| i + 1);
    clean(&path[..end])
}

/// From the last dot of the last element.
fn ext(path: &[u8]) -> Vec<u8> {
    let last = path.split(|b| *b == b'/').next_back().unwrap_or_default();
    last.iter().rposition(|b| *b == b'.').map_or_else(Vec::new, |i| last[i..].to_vec())
}

/// The shortest path that means the same.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match kept.last() {
                Some(last) if *last != b".." => _ = kept.pop(),
                _ if rooted => {}
                _ => kept.push(part),
            },
            _ => kept.push(part),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
