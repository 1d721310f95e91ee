//! Signatures of commits and tags (`spec.verify`), made with SSH keys.
//!
//! Keys are given as lines of an `authorized_keys` file. Deliberately absent: PGP, which is recognised and
//! declined in words, and any web of trust.

use super::objects::ObjectError;
use super::repository::Repository;
use super::revision::Revision;
use gix::objs::Kind;
use russh::keys::ssh_key::SshSig;
use russh::keys::{HashAlg, PublicKey};

/// The namespace Git signs in.
const NAMESPACE: &str = "git";
const SSH: &str = "-----BEGIN SSH SIGNATURE-----";

/// Which objects must be signed: `spec.verify.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyMode {
    /// The commit (`HEAD`).
    Head,
    /// The annotated tag.
    Tag,
    /// Both.
    TagAndHead,
}

/// Why a revision is not to be trusted: the reason `VerificationError` or `InvalidVerificationMode` of Flux.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No signature.
    #[error("the {0} is not signed")]
    Unsigned(String),
    /// A signature that nobody here can check.
    #[error(
        "the {what} is signed with {format}, which cannot be verified; sign it with an SSH key"
    )]
    Format {
        /// What is signed.
        what: String,
        /// With what.
        format: &'static str,
    },
    /// A signature of somebody else, or over something else.
    #[error("the signature of the {what} fits none of the {keys} keys of the Secret")]
    Untrusted {
        /// What is signed.
        what: String,
        /// How many keys there are.
        keys: usize,
    },
    /// A line of the Secret that is no key.
    #[error("line {line} of the authorized keys is no SSH public key")]
    Key {
        /// Counted from one.
        line: usize,
    },
    /// A tag is to be verified, but the reference is no annotated tag.
    #[error(
        "the revision '{0}' is no annotated tag; set spec.ref.tag, or spec.verify.mode to HEAD"
    )]
    NoTag(String),
    /// The object cannot be read.
    #[error("the {what} cannot be read: {problem}")]
    Object {
        /// Which.
        what: String,
        /// Why.
        problem: String,
    },
}

/// Reads the lines of an `authorized_keys` file; as in Flux a bad line is an error, since leaving it out would hide a mistake.
fn keys(authorized: &str) -> Result<Vec<PublicKey>, VerifyError> {
    let mut keys = Vec::new();
    for (at, line) in authorized.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // Options may stand before the key.
        let found =
            line.char_indices().filter(|(at, _)| *at == 0 || line.as_bytes()[at - 1] == b' ');
        let key = found.filter_map(|(at, _)| PublicKey::from_openssh(&line[at..]).ok()).next();
        keys.push(key.ok_or(VerifyError::Key { line: at + 1 })?);
    }
    Ok(keys)
}

impl Repository {
    /// Verifies the signatures that `mode` wants of a fetched revision. Gives the fingerprint of the key for each.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(
        &self,
        revision: &Revision,
        mode: VerifyMode,
        authorized_keys: &str,
    ) -> Result<Vec<String>, VerifyError> {
        let keys = keys(authorized_keys)?;
        let mut fingerprints = Vec::new();
        if mode != VerifyMode::Head {
            let tag = revision.tag.ok_or_else(|| VerifyError::NoTag(revision.to_string()))?;
            fingerprints.push(self.verify_object(tag, Kind::Tag, &keys)?);
        }
        if mode != VerifyMode::Tag {
            fingerprints.push(self.verify_object(revision.commit.0, Kind::Commit, &keys)?);
        }
        Ok(fingerprints)
    }

    fn verify_object(
        &self,
        id: gix::ObjectId,
        kind: Kind,
        keys: &[PublicKey],
    ) -> Result<String, VerifyError> {
        let what = format!("{kind} {id}");
        let data = self.object(id, kind).map_err(|e: ObjectError| VerifyError::Object {
            what: what.clone(),
            problem: e.to_string(),
        })?;
        let (payload, signature) = match kind {
            Kind::Tag => of_tag(&data),
            _ => of_commit(&data),
        }
        .ok_or_else(|| VerifyError::Unsigned(what.clone()))?;
        if !signature.trim_start().starts_with(SSH) {
            let format = if signature.contains("PGP") { "PGP" } else { "X.509" };
            return Err(VerifyError::Format { what, format });
        }
        let untrusted = || VerifyError::Untrusted { what: what.clone(), keys: keys.len() };
        let signature = SshSig::from_pem(signature.trim()).map_err(|_| untrusted())?;
        let fits = keys.iter().find(|key| key.verify(NAMESPACE, &payload, &signature).is_ok());
        fits.map(|key| key.fingerprint(HashAlg::Sha256).to_string()).ok_or_else(untrusted)
    }
}

/// What was signed of a commit, and the signature: the header `gpgsig`, whose further lines begin with a space.
fn of_commit(data: &[u8]) -> Option<(Vec<u8>, String)> {
    let (mut payload, mut signature) = (Vec::with_capacity(data.len()), String::new());
    let (mut in_signature, mut rest) = (false, data);
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        if line == b"\n" {
            break;
        }
        let more = in_signature.then(|| line.strip_prefix(b" ")).flatten();
        // Only the first counts: a second would be signed content.
        let begins = if signature.is_empty() { line.strip_prefix(b"gpgsig ") } else { None };
        match more.or(begins) {
            Some(text) => {
                in_signature = true;
                signature.push_str(&String::from_utf8_lossy(text));
            }
            None => {
                in_signature = false;
                payload.extend_from_slice(line);
            }
        }
        rest = after;
    }
    payload.extend_from_slice(rest);
    (!signature.is_empty()).then_some((payload, signature))
}

/// What was signed of a tag, and the signature at the end of its message.
fn of_tag(data: &[u8]) -> Option<(Vec<u8>, String)> {
    let mut at = 0;
    let mut found = None;
    for line in data.split_inclusive(|b| *b == b'\n') {
        if ["-----BEGIN PGP ", SSH, "-----BEGIN SIGNED MESSAGE-----"]
            .iter()
            .any(|begin| line.starts_with(begin.as_bytes()))
        {
            found = Some(at);
        }
        at += line.len();
    }
    let at = found?;
    Some((data[..at].to_vec(), String::from_utf8_lossy(&data[at..]).into_owned()))
}

#[cfg(test)]
mod tests;
