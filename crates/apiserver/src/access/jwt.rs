//! JSON web tokens, signed by ES256 (RFC 7515, 7518, 7519).
//!
//! Deliberately absent: what is in them (`accounts`), keys of others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use object::{Value, map};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 << 10;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 1024;

/// The claims of a token.
pub(super) type Jwt = Arc<Value>;

/// A key that signs tokens, and knows its own.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    key_id: String,
    /// Verifying costs a hundred times what looking up does.
    verified: Mutex<HashMap<[u8; 32], Jwt>>,
}

impl Signer {
    /// From a P-256 key in PKCS #8, DER.
    pub(crate) fn new(pkcs8: &[u8]) -> Result<Self, ring::error::KeyRejected> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)?;
        let key_id = URL_SAFE_NO_PAD.encode(Sha256::digest(key.public_key().as_ref()));
        Ok(Self { key, random, key_id, verified: Mutex::default() })
    }

    /// A token with these claims; `None` when the system gives no random numbers.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        let head = map! {"alg": "ES256", "kid": self.key_id.as_str()};
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(object::to_json(value));
        let mut token = format!("{}.{}", encoded(&head.into()), encoded(claims));
        let signature = self.key.sign(&self.random, token.as_bytes()).ok()?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Some(token)
    }

    /// The claims of a token that this key signed. Whether they still hold is not looked at.
    pub(super) fn verify(&self, token: &str) -> Option<Jwt> {
        if token.len() > LONGEST {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = verified.get(&hash) {
            return Some(claims.clone());
        }
        let claims = Arc::new(self.verify_anew(token)?);
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(hash, claims.clone());
        Some(claims)
    }

    fn verify_anew(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let head = object::from_json(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
        if head.get("alg")?.as_str() != Some("ES256") {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let public = self.key.public_key().as_ref();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
        key.verify(signed.as_bytes(), &signature).ok()?;
        object::from_json(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// The public key as a JSON web key set (RFC 7517).
    pub(crate) fn key_set(&self) -> Value {
        // An uncompressed point: a byte of form, then 32 bytes each of x and y.
        let point = self.key.public_key().as_ref();
        let part =
            |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        let key = map! {
            "use": "sig",
            "kty": "EC",
            "kid": self.key_id.as_str(),
            "crv": "P-256",
            "alg": "ES256",
            "x": part(1),
            "y": part(33),
        };
        map! {"keys": vec![Value::from(key)]}.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_tokens_unchanged_are_known() {
        let make = || {
            let random = SystemRandom::new();
            let key =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            Signer::new(key.as_ref()).unwrap()
        };
        let (signer, other) = (make(), make());
        let claims: Value = map! {"sub": "x"}.into();
        let token = signer.sign(&claims).unwrap();
        assert_eq!(*signer.verify(&token).unwrap(), claims);
        assert_eq!(*signer.verify(&token).unwrap(), claims);
        assert!(other.verify(&token).is_none());
        let none = URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#);
        let parts: Vec<&str> = token.split('.').collect();
        assert!(signer.verify(&format!("{none}.{}.", parts[1])).is_none());
        let changed = URL_SAFE_NO_PAD.encode(br#"{"sub":"y"}"#);
        assert!(signer.verify(&format!("{}.{changed}.{}", parts[0], parts[2])).is_none());
        assert!(signer.verify("a.b").is_none());
        assert!(signer.verify(&"x".repeat(LONGEST + 1)).is_none());
    }
}
