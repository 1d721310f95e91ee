//! `oci://registry/path`.

use super::OciError;
use std::fmt;

/// A repository in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Host, with a port where one is written.
    pub registry: String,
    /// Path.
    pub path: String,
}

impl Repository {
    /// Reads `oci://registry/path`. `docker.io` means Docker's registry, in which a lone name is in `library`.
    ///
    /// # Errors
    /// [`OciError::Name`], also for a tag or digest at the end: those have their own fields.
    pub fn parse(url: &str) -> Result<Self, OciError> {
        let wrong =
            |problem: &str| OciError::Name { url: url.to_owned(), problem: problem.to_owned() };
        let rest = url
            .strip_prefix("oci://")
            .ok_or_else(|| wrong("it has to begin with oci://"))?
            .trim_end_matches('/');
        let (registry, path) =
            rest.split_once('/').ok_or_else(|| wrong("write it as oci://<domain>/<org>/<repo>"))?;
        if let Some((_, tag)) = path.split_once([':', '@']) {
            return Err(wrong(&format!("it must not contain a tag or digest; remove '{tag}'")));
        }
        let host = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        if registry.is_empty() || !registry.bytes().all(host) {
            return Err(wrong("its host is none"));
        }
        let segment = |s: &str| {
            !s.is_empty()
                && s.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b))
                && s.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        };
        if !path.split('/').all(segment) {
            return Err(wrong("its path may hold lower-case letters, digits and -._/ only"));
        }
        if matches!(registry, "docker.io" | "index.docker.io" | "registry-1.docker.io") {
            let path = if path.contains('/') { path.to_owned() } else { format!("library/{path}") };
            return Ok(Self { registry: "index.docker.io".to_owned(), path });
        }
        Ok(Self { registry: registry.to_owned(), path: path.to_owned() })
    }

    /// The repository `name` below this one.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { registry: self.registry.clone(), path: format!("{}/{name}", self.path) }
    }

    /// The host that is spoken to.
    pub(super) fn host(&self) -> &str {
        if self.registry == "index.docker.io" { "registry-1.docker.io" } else { &self.registry }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}
