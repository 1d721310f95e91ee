//! What this server vouches with: the certificate of its authority, the key that signs tokens, fixed tokens.

use super::issuing::Issuer;
use super::jwt::{Jwt, Signer};
use super::{AUTHENTICATED, Identity};
use object::{Value, map};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The issuer of ServiceAccount tokens, and the audience of those that ask for none.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// What a server vouches with.
pub struct Authority {
    ca_pem: String,
    signer: Signer,
    issuer: Option<Issuer>,
    /// By the hash of the token, so that the time of a look-up tells nothing about tokens.
    fixed: HashMap<[u8; 32], Identity>,
}

impl Authority {
    pub(crate) fn new(ca_pem: String, signer: Signer, issuer: Option<Issuer>) -> Self {
        Self { ca_pem, signer, issuer, fixed: HashMap::new() }
    }

    /// A token that stands for `who` and never ends.
    pub(crate) fn accept(&mut self, token: &str, who: Identity) {
        self.fixed.insert(Sha256::digest(token).into(), who);
    }

    /// Reads tokens in the form of `--token-auth-file`: token, user, uid and groups, with commas between, the groups
    /// in quotes. Lines that have fewer than three parts are passed over.
    pub(crate) fn accept_file(&mut self, text: &str) {
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let mut parts = line.splitn(4, ',').map(|p| p.trim().trim_matches('"'));
            let (Some(token), Some(user), Some(uid)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let groups = parts.next().unwrap_or_default().split(',').map(str::trim);
            let mut groups: Vec<&str> = groups.filter(|g| !g.is_empty()).collect();
            groups.push(AUTHENTICATED);
            let who = Identity { uid: uid.to_owned(), ..Identity::new(user, &groups) };
            if !token.is_empty() && !user.is_empty() {
                self.accept(token, who);
            }
        }
    }

    /// The certificate of the authority, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What makes certificates for clients; `None` when the authority's key is of another kind.
    pub(crate) fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The public key of tokens as a JSON web key set.
    pub(crate) fn key_set(&self) -> Value {
        self.signer.key_set()
    }

    pub(super) fn fixed(&self, token: &str) -> Option<&Identity> {
        self.fixed.get(&<[u8; 32]>::from(Sha256::digest(token)))
    }

    /// The contents of a token that this server signed.
    pub(super) fn signed(&self, token: &str) -> Option<Jwt> {
        self.signer.verify(token)
    }
}

/// Where others find how to verify tokens (OpenID Connect Discovery 1.0).
pub(crate) fn openid_configuration() -> Value {
    let list = |text: &str| vec![Value::from(text)];
    map! {
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}/openid/v1/jwks"),
        "response_types_supported": list("id_token"),
        "subject_types_supported": list("public"),
        "id_token_signing_alg_values_supported": list("ES256"),
    }
    .into()
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}
