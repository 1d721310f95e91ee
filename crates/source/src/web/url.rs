//! Just enough of RFC 3986: where a reference leads, and what must not be shown.

use super::WebError;

/// `scheme://host:port` of an address, in lower case; empty when it has none.
pub fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return String::new() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = if host.rsplit(':').next().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()))
        && host.contains(':')
    {
        ""
    } else if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        ":80"
    };
    format!("{scheme}://{host}{port}").to_ascii_lowercase()
}

/// Where `reference` leads when it stands at `base`.
///
/// # Errors
/// [`WebError::Url`] when the result is neither `http` nor `https`.
pub fn resolve(base: &str, reference: &str) -> Result<String, WebError> {
    let wrong =
        |problem: &str| WebError::Url { url: without_user(reference), problem: problem.to_owned() };
    if let Some((scheme, _)) = reference.split_once("://")
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    {
        return if matches!(scheme, "http" | "https") {
            Ok(reference.to_owned())
        } else {
            Err(wrong("only http and https are spoken"))
        };
    }
    let (scheme, rest) =
        base.split_once("://").ok_or_else(|| wrong("it is relative to no address"))?;
    if let Some(other) = reference.strip_prefix("//") {
        return Ok(format!("{scheme}://{other}"));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let joined = if reference.starts_with('/') {
        reference.to_owned()
    } else {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{reference}")
    };
    let (path, query) = match joined.find('?') {
        Some(at) => joined.split_at(at),
        None => (joined.as_str(), ""),
    };
    Ok(format!("{scheme}://{authority}{}{query}", normal(path)))
}

/// Without `.` and `..`.
fn normal(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut pieces = path.split('/').skip(1).peekable();
    while let Some(piece) = pieces.next() {
        let last = pieces.peek().is_none();
        match piece {
            "." if last => segments.push(""),
            "." => {}
            ".." => {
                segments.pop();
                if last {
                    segments.push("");
                }
            }
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}

/// The address, and the user and password that stood in it.
pub(super) fn split_user(url: &str) -> (String, Option<(String, String)>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((user, host)) = authority.rsplit_once('@') else { return (url.to_owned(), None) };
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    (format!("{scheme}://{host}{path}"), Some((decoded(name), decoded(password))))
}

/// The address as it may be shown.
pub(crate) fn without_user(url: &str) -> String {
    split_user(url).0
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = |b: u8| (b as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
        match (first, after) {
            (b'%', [a, b, beyond @ ..]) if hex(*a).is_some() && hex(*b).is_some() => {
                bytes.push(hex(*a).unwrap_or_default() << 4 | hex(*b).unwrap_or_default());
                rest = beyond;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The address as it may be shown and stored: without user and password.
pub fn shown(url: &str) -> String {
    without_user(url)
}
