//! Who we are to a registry: Docker's configuration file, challenges and tokens.

use super::name::Repository;
use crate::git::Secret;
use crate::web::Login;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a registry is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OciLogin {
    /// Nothing: what everybody may read.
    #[default]
    Anonymous,
    /// A user and a password; to a token service, or as they are.
    Basic {
        /// The user.
        username: String,
        /// The password or token.
        password: Secret,
    },
    /// A token that a token service exchanges for another.
    Identity(Secret),
    /// A token as it is.
    Registry(Secret),
}

impl OciLogin {
    /// For the registry itself, where it asks for Basic.
    pub(super) fn basic(&self) -> Login {
        match self {
            Self::Basic { username, password } => {
                Login::Basic { username: username.clone(), password: password.clone() }
            }
            Self::Registry(token) => Login::Bearer(token.clone()),
            Self::Anonymous | Self::Identity(_) => Login::None,
        }
    }
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

/// The login that a `.dockerconfigjson` has for a repository; anonymous when it has none. Keys may be hosts, URLs, or
/// begin like the repository; the longest that fits counts.
///
/// # Errors
/// What is wrong with the file.
pub fn docker_config(json: &[u8], repository: &Repository) -> Result<OciLogin, String> {
    let config: Config = serde_json::from_slice(json)
        .map_err(|e| format!(".dockerconfigjson is not what docker writes: {e}"))?;
    let whole = repository.to_string();
    let fits = |key: &str| {
        let key = key.split_once("://").map_or(key, |(_, rest)| rest);
        let key = key.trim_end_matches('/').trim_end_matches("/v1").trim_end_matches("/v2");
        let key = match key {
            "docker.io" | "registry-1.docker.io" => "index.docker.io",
            other => other,
        };
        let rest = whole.strip_prefix(key)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(key.len())
    };
    let best = config.auths.iter().filter_map(|(k, a)| Some((fits(k)?, a))).max_by_key(|(l, _)| *l);
    let Some((_, auth)) = best else { return Ok(OciLogin::Anonymous) };
    if !auth.registrytoken.is_empty() {
        return Ok(OciLogin::Registry(Secret::new(auth.registrytoken.as_str())));
    }
    if !auth.identitytoken.is_empty() {
        return Ok(OciLogin::Identity(Secret::new(auth.identitytoken.as_str())));
    }
    if auth.auth.is_empty() {
        if auth.username.is_empty() {
            return Ok(OciLogin::Anonymous);
        }
        let password = Secret::new(auth.password.as_str());
        return Ok(OciLogin::Basic { username: auth.username.clone(), password });
    }
    let wrong = || {
        format!(
            "auths[{:?}].auth of .dockerconfigjson is not base64 of user:password",
            repository.registry
        )
    };
    let plain = STANDARD.decode(auth.auth.trim()).map_err(|_| wrong())?;
    let colon = plain.iter().position(|b| *b == b':').ok_or_else(wrong)?;
    let username = String::from_utf8(plain[..colon].to_vec()).map_err(|_| wrong())?;
    Ok(OciLogin::Basic { username, password: Secret::new(&plain[colon + 1..]) })
}

/// A `WWW-Authenticate` header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// In lower case.
    pub(super) scheme: String,
    pub(super) realm: String,
    pub(super) service: String,
    pub(super) scope: String,
}

impl Challenge {
    pub(super) fn parse(header: &str) -> Self {
        let (scheme, mut rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        let mut challenge = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        while let Some((key, after)) = rest.split_once('=') {
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.find(',').map_or((after, ""), |at| after.split_at(at)),
            };
            match key.trim_matches([' ', ',']).to_ascii_lowercase().as_str() {
                "realm" => challenge.realm = value.to_owned(),
                "service" => challenge.service = value.to_owned(),
                "scope" => challenge.scope = value.to_owned(),
                _ => {}
            }
            rest = after;
        }
        challenge
    }
}
