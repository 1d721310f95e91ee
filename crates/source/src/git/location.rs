//! Where a repository is: the URL forms Git users write, taken apart without ever showing a password.

use super::credentials::Secret;
use super::error::GitError;
use std::fmt;
use std::path::PathBuf;

/// A URL taken apart. `Display` shows it without user information.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    pub(crate) way: Way,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Way {
    Http {
        tls: bool,
        host: String,
        port: Option<u16>,
        path: String,
        user: Option<(String, Secret)>,
    },
    Ssh {
        user: String,
        host: String,
        port: u16,
        path: String,
    },
    Local(PathBuf),
}

impl Location {
    /// Reads `https://`, `http://`, `ssh://`, `user@host:path`, `file://` and absolute or relative paths.
    ///
    /// # Errors
    /// [`GitError::Url`] when it is none of these or has no host.
    pub fn parse(url: &str) -> Result<Self, GitError> {
        let wrong =
            |problem: &str| GitError::Url { url: without_user(url), problem: problem.to_owned() };
        if url.is_empty() {
            return Err(wrong("it is empty"));
        }
        if url.chars().any(char::is_control) {
            return Err(wrong("it holds a control character"));
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return match scp_form(url) {
                Some(location) => Ok(location),
                None => Ok(Self { way: Way::Local(url.into()) }),
            };
        };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => Ok(Self { way: Way::Local(decode(rest).into()) }),
            scheme @ ("http" | "https") => {
                let (user, host, port, path) =
                    authority(rest).ok_or_else(|| wrong("it has no valid host and port"))?;
                let user = user.map(|u| {
                    let (name, password) = u.split_once(':').unwrap_or((u, ""));
                    (decode(name), Secret::new(decode(password)))
                });
                let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
                Ok(Self {
                    way: Way::Http {
                        tls: scheme == "https",
                        host,
                        port,
                        path: path.to_owned(),
                        user,
                    },
                })
            }
            "ssh" | "git+ssh" | "ssh+git" => {
                let (user, host, port, path) =
                    authority(rest).ok_or_else(|| wrong("it has no valid host and port"))?;
                let user = user.map_or("git", |u| u.split(':').next().unwrap_or(u));
                // `ssh://host/~user/x` means the home directory: the server wants it without the slash.
                let path = decode(path);
                let path = if path.starts_with("/~") { path[1..].to_owned() } else { path };
                if path.is_empty() || path == "/" {
                    return Err(wrong("it names no repository"));
                }
                Ok(Self {
                    way: Way::Ssh { user: decode(user), host, port: port.unwrap_or(22), path },
                })
            }
            other => Err(wrong(&format!(
                "the scheme '{other}' is not known; use https, http, ssh or file"
            ))),
        }
    }

    /// Whether it is a path of this machine, which only its owner may be allowed to name.
    pub fn is_local(&self) -> bool {
        matches!(self.way, Way::Local(_))
    }

    /// Whether two locations are the same host, scheme and port: credentials of one may be shown to the other.
    pub(crate) fn same_host(&self, other: &Self) -> bool {
        match (&self.way, &other.way) {
            (
                Way::Http { tls: a, host: b, port: c, .. },
                Way::Http { tls: x, host: y, port: z, .. },
            ) => a == x && b.eq_ignore_ascii_case(y) && c == z,
            (Way::Ssh { host: a, port: b, .. }, Way::Ssh { host: x, port: y, .. }) => {
                a.eq_ignore_ascii_case(x) && b == y
            }
            _ => false,
        }
    }

    /// A submodule's URL read from this repository: `./x` and `../x` are relative to it (gitsubmodules(7)).
    ///
    /// # Errors
    /// [`GitError::Url`] when it leads above the host or cannot be read.
    pub(crate) fn join(&self, relative: &str) -> Result<Self, GitError> {
        if !(relative.starts_with("./") || relative.starts_with("../") || relative == "..") {
            return Self::parse(relative);
        }
        let mut joined = self.clone();
        let path = match &mut joined.way {
            Way::Http { path, .. } | Way::Ssh { path, .. } => path,
            Way::Local(path) => {
                for segment in relative.split('/') {
                    match segment {
                        "" | "." => {}
                        ".." => {
                            path.pop();
                        }
                        name => path.push(name),
                    }
                }
                return Ok(joined);
            }
        };
        let mut segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        for segment in relative.split('/') {
            match segment {
                "" | "." => {}
                ".." if segments.len() > 1 => {
                    segments.pop();
                }
                ".." => {
                    return Err(GitError::Url {
                        url: relative.to_owned(),
                        problem: format!("it leads above the host of '{self}'"),
                    });
                }
                name => segments.push(name),
            }
        }
        *path = segments.join("/");
        Ok(joined)
    }

    /// The text that names the object database: the same for every way of writing the same location.
    pub(crate) fn key(&self) -> String {
        match &self.way {
            Way::Ssh { user, .. } => format!("{user}@{self}"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Http { tls, host, port, path, .. } => {
                write!(f, "http{}://{host}", if *tls { "s" } else { "" })?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                f.write_str(path)
            }
            Way::Ssh { host, port: 22, path, .. } => {
                write!(f, "ssh://{host}/{}", path.trim_start_matches('/'))
            }
            Way::Ssh { host, port, path, .. } => {
                write!(f, "ssh://{host}:{port}/{}", path.trim_start_matches('/'))
            }
            Way::Local(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

type Authority<'a> = (Option<&'a str>, String, Option<u16>, &'a str);

/// `user:password@host:port/path` of a URL after `://`.
fn authority(rest: &str) -> Option<Authority<'_>> {
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (user, host_port) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let (host, port) = if let Some(bracketed) = host_port.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']')?;
        (format!("[{host}]"), after.strip_prefix(':').unwrap_or(after))
    } else {
        let (host, port) = host_port.split_once(':').unwrap_or((host_port, ""));
        (host.to_owned(), port)
    };
    let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
    let valid = |c: char| c.is_alphanumeric() || "-._[]:%".contains(c);
    (!host.is_empty() && host.chars().all(valid) && !host.starts_with('-'))
        .then_some((user, host, port, path))
}

/// `user@host:path`, Git's short form of an SSH URL. A path with a slash before the colon is no such form.
fn scp_form(url: &str) -> Option<Location> {
    let (host, path) = url.split_once(':')?;
    if host.contains('/') || path.is_empty() {
        return None;
    }
    let (user, host) = host.rsplit_once('@').unwrap_or(("git", host));
    let valid = |c: char| c.is_alphanumeric() || "-._".contains(c);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(valid) {
        return None;
    }
    let (user, host, path) = (user.to_owned(), host.to_owned(), path.to_owned());
    Some(Location { way: Way::Ssh { user, host, port: 22, path } })
}

/// Percent escapes undone; what is no escape stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A URL fit for a message even when it cannot be parsed.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{}", &rest[end..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
