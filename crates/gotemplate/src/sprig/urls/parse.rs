//! A URL taken apart, as Go's `url.Parse` does, with its messages.

use std::net::IpAddr;

/// The parts of a URL, unescaped.
#[derive(Debug, Default)]
pub(super) struct Url {
    pub(super) scheme: Vec<u8>,
    pub(super) opaque: Vec<u8>,
    pub(super) user: Option<User>,
    /// With the port.
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
    /// As written.
    pub(super) query: Vec<u8>,
    pub(super) fragment: Vec<u8>,
}

/// Name and password before the host.
#[derive(Debug)]
pub(super) struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl User {
    /// As it stands in a URL.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Mode::User);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Mode::User));
        }
        out
    }
}

/// The part of a URL a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Host,
    Zone,
    User,
    Path,
    Fragment,
}

fn must_escape(byte: u8, mode: Mode) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    let plain: &[u8] = match mode {
        Mode::Host | Mode::Zone => b"!$&'()*+,;=:[]<>\"",
        Mode::User => b"$&+,;=",
        Mode::Path => b"$&+,/:;=@",
        Mode::Fragment => b"$&+,/:;=?@!()*",
    };
    !plain.contains(&byte)
}

/// Percent signs where the part of the URL needs them.
pub(super) fn escape(text: &[u8], mode: Mode) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if must_escape(byte, mode) {
            out.extend(format!("%{byte:02X}").bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

fn unescape(text: &[u8], mode: Mode) -> Result<Vec<u8>, String> {
    let invalid = |part: &[u8]| format!("invalid URL escape {}", quoted(part));
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            if matches!(mode, Mode::Host | Mode::Zone) && byte < 0x80 && must_escape(byte, mode) {
                return Err(format!("invalid character {} in host name", quoted(&[byte])));
            }
            out.push(byte);
            rest = after;
            continue;
        }
        let value = after
            .get(..2)
            .and_then(|d| std::str::from_utf8(d).ok())
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        let Some(value) = value else { return Err(invalid(&rest[..rest.len().min(3)])) };
        let percent = value == b'%';
        let refused = match mode {
            Mode::Host => value < 0x80 && !percent,
            Mode::Zone => !percent && value != b' ' && must_escape(value, Mode::Host),
            _ => false,
        };
        if refused {
            return Err(invalid(&rest[..3]));
        }
        out.push(value);
        rest = &after[2..];
    }
    Ok(out)
}

/// Go's `%q`.
fn quoted(text: &[u8]) -> String {
    let value = crate::value::Value::from_bytes(text.to_vec());
    crate::fmt::sprintf("%q", &[value]).to_string_lossy().into_owned()
}

/// Before and after the first `at`.
fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|b| *b == at) {
        Some(i) => (&text[..i], &text[i + 1..]),
        None => (text, b""),
    }
}

impl Url {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// Go's text: `parse "...": ...`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let (main, fragment) = cut(text, b'#');
        let mut url = Self::main(main).map_err(|e| format!("parse {}: {e}", quoted(main)))?;
        url.fragment = unescape(fragment, Mode::Fragment)
            .map_err(|e| format!("parse {}: {e}", quoted(text)))?;
        Ok(url)
    }

    fn main(text: &[u8]) -> Result<Self, String> {
        if text.iter().any(u8::is_ascii_control) {
            return Err("net/url: invalid control character in URL".into());
        }
        let mut url = Self::default();
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = cut(rest, b'?');
        url.query = query.to_vec();
        if !rest.starts_with(b"/") {
            if !scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        if rest.starts_with(b"//") && (!scheme.is_empty() || !rest.starts_with(b"///")) {
            let authority = &rest[2..];
            let end = authority.iter().position(|b| *b == b'/').unwrap_or(authority.len());
            rest = &authority[end..];
            url.authority(&authority[..end])?;
        }
        url.path = unescape(rest, Mode::Path)?;
        Ok(url)
    }

    fn authority(&mut self, text: &[u8]) -> Result<(), String> {
        let at = text.iter().rposition(|b| *b == b'@');
        let host = at.map_or(text, |i| &text[i + 1..]);
        self.host = host_of(host, matches!(self.scheme.as_slice(), b"http" | b"https"))?;
        let Some(info) = at.map(|i| &text[..i]) else { return Ok(()) };
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(b);
        if !info.iter().all(plain) {
            return Err("net/url: invalid userinfo".into());
        }
        let (name, password) = cut(info, b':');
        let password = info.contains(&b':').then_some(password);
        self.user = Some(User {
            name: unescape(name, Mode::User)?,
            password: password.map(|p| unescape(p, Mode::User)).transpose()?,
        });
        Ok(())
    }

    /// The host without port and brackets.
    pub(super) fn hostname(&self) -> &[u8] {
        let colon = self.host.iter().rposition(|b| *b == b':');
        let host = match colon {
            Some(at) if is_port(&self.host[at..]) => &self.host[..at],
            _ => &self.host,
        };
        host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]")).unwrap_or(host)
    }
}

/// The scheme, and what follows its colon.
fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (i, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i > 0 => return Ok((&text[..i], &text[i + 1..])),
            b':' => return Err("missing protocol scheme".into()),
            _ => break,
        }
    }
    Ok((b"", text))
}

/// Nothing, or a colon and digits.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((colon, digits)) => *colon == b':' && digits.iter().all(u8::is_ascii_digit),
    }
}

fn host_of(text: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let port_fault = |port: &[u8]| format!("invalid port {} after host", quoted(port));
    match text.iter().rposition(|b| *b == b'[') {
        Some(0) => {}
        Some(_) => return Err("invalid IP-literal".into()),
        None => {
            let mut colons = text.iter().enumerate().filter(|(_, b)| **b == b':').map(|(i, _)| i);
            let first = colons.next();
            // Lists of hosts with ports are tolerated outside of HTTP.
            let colon = if strict { first } else { colons.next_back().or(first) };
            if let Some(port) = colon.map(|i| &text[i..]).filter(|p| !is_port(p)) {
                return Err(port_fault(port));
            }
            return unescape(text, Mode::Host);
        }
    }
    let Some(close) = text.iter().rposition(|b| *b == b']') else {
        return Err("missing ']' in host".into());
    };
    let port = &text[close + 1..];
    if !is_port(port) {
        return Err(port_fault(port));
    }
    let inner = &text[1..close];
    let zone = inner.windows(3).position(|w| w == b"%25").unwrap_or(inner.len());
    let mut address = unescape(&inner[..zone], Mode::Host)?;
    let plain = String::from_utf8_lossy(&address).into_owned();
    let zone = unescape(&inner[zone..], Mode::Zone)?;
    address.extend(&zone);
    match plain.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => {}
        Ok(IpAddr::V4(_)) => return Err("invalid IP-literal".into()),
        Err(_) => {
            let fault = if plain.contains(':') || plain.contains('.') {
                "unexpected character"
            } else {
                "unable to parse IP"
            };
            return Err(format!("invalid host: ParseAddr({}): {fault}", quoted(&address)));
        }
    }
    Ok([b"[", address.as_slice(), b"]", port].concat())
}
