//! Reading Secrets and ConfigMaps that others refer to.

use crate::Id;
use crate::kinds;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster::Client;
use object::Value;
use source::git::{ClientCertificate, Secret};
use source::web::{Login, Tls};
use std::collections::BTreeMap;

/// Why a Secret cannot be used: which, what is wrong and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("secret '{id}': {problem}")]
pub(crate) struct SecretError {
    id: Id,
    problem: String,
}

/// The members of a Secret or ConfigMap.
pub(crate) struct Members {
    id: Id,
    members: BTreeMap<String, Vec<u8>>,
}

/// The members of an object; `None` when there is no such object.
pub(crate) async fn members(
    client: &Client,
    kind: &str,
    id: &Id,
) -> Result<Option<Members>, cluster::ApiError> {
    let secret = kind == "Secret";
    let resource = if secret { kinds::secret() } else { kinds::config_map() };
    let Some(object) = client.get(&resource, &id.namespace, &id.name).await? else {
        return Ok(None);
    };
    let mut members = BTreeMap::new();
    for (part, coded) in [("data", secret), ("binaryData", true)] {
        for (key, value) in
            object.get(part).and_then(Value::as_map).into_iter().flat_map(|m| m.iter())
        {
            let text = value.as_str().unwrap_or_default();
            let bytes = if coded {
                STANDARD.decode(text).unwrap_or_default()
            } else {
                text.as_bytes().to_vec()
            };
            members.insert(key.to_owned(), bytes);
        }
    }
    Ok(Some(Members { id: id.clone(), members }))
}

/// The members of a Secret that has to be there.
pub(crate) async fn secret(client: &Client, id: &Id) -> Result<Members, SecretError> {
    let problem = |problem: String| SecretError { id: id.clone(), problem };
    let found = members(client, "Secret", id).await.map_err(|e| problem(e.to_string()))?;
    found.ok_or_else(|| problem("it does not exist; create it".to_owned()))
}

impl Members {
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.members.get(key).map(Vec::as_slice)
    }

    pub(crate) fn problem(&self, problem: impl Into<String>) -> SecretError {
        SecretError { id: self.id.clone(), problem: problem.into() }
    }

    /// `username` and `password`, or `bearerToken`.
    pub(crate) fn login(&self) -> Result<Login, SecretError> {
        if let Some(token) = self.get("bearerToken") {
            return Ok(Login::Bearer(Secret::new(token)));
        }
        match (self.get("username"), self.get("password")) {
            (None, None) => Ok(Login::None),
            (Some(username), Some(password)) => {
                let username = String::from_utf8(username.to_vec())
                    .map_err(|_| self.problem("username is not text"))?;
                Ok(Login::Basic { username, password: Secret::new(password) })
            }
            _ => Err(self.problem("it needs both 'username' and 'password'")),
        }
    }

    /// `ca.crt`, `tls.crt` and `tls.key`, or their old names.
    pub(crate) fn tls(&self) -> Result<Tls, SecretError> {
        let either = |a: &str, b: &str| self.get(a).or_else(|| self.get(b)).map(<[u8]>::to_vec);
        let client_certificate = match (either("tls.crt", "certFile"), either("tls.key", "keyFile"))
        {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(ClientCertificate { certificate, key: Secret::new(key) })
            }
            _ => return Err(self.problem("it needs both 'tls.crt' and 'tls.key'")),
        };
        Ok(Tls { ca: either("ca.crt", "caFile"), client_certificate })
    }
}
