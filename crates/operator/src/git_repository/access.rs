//! From a GitRepository and its Secret to what the Git client needs.

use crate::kinds;
use api::GitRepository;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster::{ApiError, Client};
use object::Value;
use source::git::{ClientCertificate, Credentials, GitSource, Reference, Secret};
use std::collections::BTreeMap;
use std::time::Duration;

/// Why the credentials of a source cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The API refused.
    #[error("secret '{name}' cannot be read")]
    Api {
        /// `namespace/name`.
        name: String,
        /// Why.
        #[source]
        source: ApiError,
    },
    /// The Secret is not there, or something in it is missing or wrong.
    #[error("secret '{name}': {problem}")]
    Secret {
        /// `namespace/name`.
        name: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A field of the spec that is not supported.
    #[error("{0}")]
    Unsupported(String),
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What the Git client needs, credentials included.
///
/// # Errors
/// [`AccessError`].
pub async fn git_source(client: &Client, source: &GitRepository) -> Result<GitSource, AccessError> {
    let spec = &source.spec;
    unsupported(source)?;
    let reference = spec.reference.clone().unwrap_or_default();
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let mut git = GitSource::new(
        spec.url.as_str(),
        Reference::choose(
            &text(&reference.branch),
            &text(&reference.tag),
            &text(&reference.semver),
            &text(&reference.name),
            &text(&reference.commit),
        ),
    );
    git.timeout = spec.timeout.map_or(DEFAULT_TIMEOUT, |t| t.0);
    git.recurse_submodules = spec.recurse_submodules;
    if let Some(reference) = &spec.secret_ref {
        let namespace = &source.metadata.namespace;
        let secret = SecretData::read(client, namespace, &reference.name).await?;
        secret.apply(&mut git)?;
    }
    Ok(git)
}

fn unsupported(source: &GitRepository) -> Result<(), AccessError> {
    let spec = &source.spec;
    let says = |text: &str| Err(AccessError::Unsupported(text.to_owned()));
    match spec.provider.as_deref() {
        None | Some("" | "generic") => {}
        Some(other) => {
            return says(&format!(
                "spec.provider '{other}' is not supported yet; use a secretRef with basic or \
                 bearer credentials"
            ));
        }
    }
    if spec.verify.is_some() {
        return says(
            "spec.verify is not supported yet, and a signature that is not checked must not pass \
             for a checked one; remove it or use Flux for this source",
        );
    }
    if spec.proxy_secret_ref.is_some() {
        return says("spec.proxySecretRef is not supported yet");
    }
    Ok(())
}

/// The members of a Secret.
struct SecretData {
    name: String,
    members: BTreeMap<String, Vec<u8>>,
}

impl SecretData {
    async fn read(client: &Client, namespace: &str, name: &str) -> Result<Self, AccessError> {
        let full = format!("{namespace}/{name}");
        let found = client
            .get(&kinds::secret(), namespace, name)
            .await
            .map_err(|source| AccessError::Api { name: full.clone(), source })?;
        let problem =
            |problem: &str| AccessError::Secret { name: full.clone(), problem: problem.to_owned() };
        let object = found.ok_or_else(|| problem("it does not exist; create it"))?;
        let data = object.get("data").and_then(Value::as_map).cloned().unwrap_or_default();
        let mut members = BTreeMap::new();
        for (key, value) in data.iter() {
            let bytes = STANDARD
                .decode(value.as_str().unwrap_or_default())
                .map_err(|_| problem(&format!("{key} is no base64")))?;
            members.insert(key.to_owned(), bytes);
        }
        Ok(Self { name: full, members })
    }

    fn bytes(&self, keys: &[&str]) -> Option<Vec<u8>> {
        keys.iter().find_map(|key| self.members.get(*key)).cloned()
    }

    fn text(&self, key: &str) -> Result<Option<String>, AccessError> {
        let Some(bytes) = self.members.get(key) else { return Ok(None) };
        let text = String::from_utf8(bytes.clone())
            .map_err(|_| self.problem(&format!("{key} is not text")))?;
        Ok(Some(text))
    }

    fn problem(&self, problem: &str) -> AccessError {
        AccessError::Secret { name: self.name.clone(), problem: problem.to_owned() }
    }

    /// The keys are those of Flux: `username` and `password`, `bearerToken`, `identity`, `known_hosts` and `password`,
    /// `ca.crt` or `caFile`, `tls.crt` and `tls.key`.
    fn apply(&self, git: &mut GitSource) -> Result<(), AccessError> {
        git.ca = self.bytes(&["ca.crt", "caFile"]);
        let pair = (self.bytes(&["tls.crt", "certFile"]), self.bytes(&["tls.key", "keyFile"]));
        if let (Some(certificate), Some(key)) = pair {
            git.client_certificate = Some(ClientCertificate { certificate, key: Secret::new(key) });
        }
        let ssh = git.url.starts_with("ssh://");
        git.credentials = if ssh {
            self.ssh()?
        } else if let Some(token) = self.bytes(&["bearerToken"]) {
            Credentials::Bearer(Secret::new(token))
        } else if let Some(username) = self.text("username")? {
            let password = self
                .bytes(&["password"])
                .ok_or_else(|| self.problem("username without password; add the key 'password'"))?;
            Credentials::Basic { username, password: Secret::new(password) }
        } else {
            Credentials::None
        };
        Ok(())
    }

    fn ssh(&self) -> Result<Credentials, AccessError> {
        let identity = self
            .bytes(&["identity"])
            .ok_or_else(|| self.problem("an SSH source needs the key 'identity', a private key"))?;
        let known_hosts = self.text("known_hosts")?.ok_or_else(|| {
            self.problem("an SSH source needs the key 'known_hosts', as ssh-keyscan prints it")
        })?;
        let password = self.bytes(&["password"]).map(Secret::new);
        Ok(Credentials::Ssh { identity: Secret::new(identity), password, known_hosts })
    }
}
