//! What is shown to a Git server. Nothing here prints itself.

use std::fmt;

/// Bytes that must not appear in a message: `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The ways Flux's `secretRef` offers to authenticate towards a Git server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// None. A user and password inside an `http(s)` URL are still used.
    #[default]
    None,
    /// `username` and `password`, over `https` and plain `http` alike (as Flux does).
    Basic {
        /// The user.
        username: String,
        /// The password or token.
        password: Secret,
    },
    /// `bearerToken`.
    Bearer(Secret),
    /// `identity`, `password` and `known_hosts`.
    Ssh {
        /// A private key: OpenSSH, PKCS#1 or PKCS#8 PEM.
        identity: Secret,
        /// The passphrase of the key.
        password: Option<Secret>,
        /// Lines of an OpenSSH `known_hosts` file; only hosts that stand there are spoken to.
        known_hosts: String,
    },
}

/// A TLS client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The PEM chain, our own certificate first.
    pub certificate: Vec<u8>,
    /// The PEM key.
    pub key: Secret,
}
