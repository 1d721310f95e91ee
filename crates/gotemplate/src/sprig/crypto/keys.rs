//! Private keys: made, read, written, signing.

use super::der::{self, element, integer, sequence};
use super::dsa;
use ed25519_dalek::SigningKey as EdKey;
use ed25519_dalek::ed25519::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey as EcKey};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::rand_core::{Infallible, TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};

/// Random numbers out of one seed: a template's outcome depends on nothing but what its environment gave.
pub(super) struct Seeded {
    seed: [u8; 32],
    block: u64,
    left: Vec<u8>,
}

impl Seeded {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, block: 0, left: Vec::new() }
    }

    pub(super) fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            if self.left.is_empty() {
                let block = Sha256::new()
                    .chain_update(self.seed)
                    .chain_update(self.block.to_be_bytes())
                    .finalize();
                self.block += 1;
                self.left = block.to_vec();
            }
            *byte = self.left.pop().unwrap_or_default();
        }
    }
}

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.fill(buffer);
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

/// A private key. A DSA one can be written but signs nothing, as in Go.
pub(super) enum Key {
    Rsa(Box<RsaPrivateKey>),
    Ec(Box<EcKey>),
    Ed(Box<EdKey>),
    Dsa(Vec<u8>),
}

const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const OID_EC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const NULL: &[u8] = &[0x05, 0x00];

fn oid(bytes: &[u8]) -> Vec<u8> {
    element(der::OID, bytes)
}

impl Key {
    pub(super) fn rsa(random: &mut Seeded, bits: usize) -> Result<Self, String> {
        let key = RsaPrivateKey::new(random, bits).map_err(|e| e.to_string())?;
        Ok(Self::Rsa(Box::new(key)))
    }

    pub(super) fn ec(random: &mut Seeded) -> Self {
        loop {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            // Next to every number below 2^256 is a key.
            if let Ok(key) = EcKey::from_slice(&bytes) {
                return Self::Ec(Box::new(key));
            }
        }
    }

    pub(super) fn ed25519(random: &mut Seeded) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self::Ed(Box::new(EdKey::from_bytes(&bytes)))
    }

    pub(super) fn dsa(random: &mut Seeded) -> Self {
        Self::Dsa(dsa::generate(random))
    }

    /// The forms Sprig writes: PKCS#1, SEC 1, its own for DSA, PKCS#8 for the rest.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        Ok(match self {
            Self::Rsa(key) => {
                let bytes = key.to_pkcs1_der().map_err(|e| e.to_string())?;
                der::pem("RSA PRIVATE KEY", bytes.as_bytes())
            }
            Self::Ec(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let bytes = sequence(&[
                    &integer(&[1]),
                    &element(der::OCTET_STRING, &key.to_bytes()),
                    &element(0xa0, &oid(OID_P256)),
                    &element(0xa1, &der::bits(point.as_bytes())),
                ]);
                der::pem("EC PRIVATE KEY", &bytes)
            }
            Self::Ed(key) => {
                let secret = element(der::OCTET_STRING, &key.to_bytes());
                let bytes = sequence(&[
                    &integer(&[0]),
                    &sequence(&[&oid(OID_ED25519)]),
                    &element(der::OCTET_STRING, &secret),
                ]);
                der::pem("PRIVATE KEY", &bytes)
            }
            Self::Dsa(bytes) => der::pem("DSA PRIVATE KEY", bytes),
        })
    }

    /// Reads what [`Key::to_pem`] writes, and PKCS#8.
    ///
    /// # Errors
    /// Sprig's texts.
    pub(super) fn from_pem(text: &str) -> Result<Self, String> {
        let (label, bytes) = der::from_pem(text).ok_or("no PEM data in input")?;
        let malformed = "asn1: structure error: malformed private key";
        if label == "PRIVATE KEY" {
            return from_pkcs8(&bytes)
                .ok_or_else(|| format!("decoding PEM as PKCS#8: {malformed}"));
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        let key = match kind {
            "RSA" => from_pkcs1(&bytes),
            "EC" => from_sec1(&bytes),
            "DSA" if der::read(&bytes).is_some() => Some(Self::Dsa(bytes)),
            "DSA" => None,
            _ => return Err(format!("invalid private key type {kind}")),
        };
        key.ok_or_else(|| format!("parsing {kind} private key from PEM: {malformed}"))
    }

    /// `AlgorithmIdentifier` and content of the bit string of the public key.
    pub(super) fn public(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        Ok(match self {
            Self::Rsa(key) => {
                let bytes = key.to_public_key().to_pkcs1_der().map_err(|e| e.to_string())?;
                (sequence(&[&oid(OID_RSA), NULL]), bytes.as_bytes().to_vec())
            }
            Self::Ec(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                (sequence(&[&oid(OID_EC), &oid(OID_P256)]), point.as_bytes().to_vec())
            }
            Self::Ed(key) => {
                (sequence(&[&oid(OID_ED25519)]), key.verifying_key().to_bytes().to_vec())
            }
            Self::Dsa(_) => return Err("x509: unsupported public key type: *dsa.PublicKey".into()),
        })
    }

    /// `AlgorithmIdentifier` of the signatures.
    pub(super) fn signature_algorithm(&self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Rsa(_) => sequence(&[&oid(OID_RSA_SHA256), NULL]),
            Self::Ec(_) => sequence(&[&oid(OID_EC_SHA256)]),
            Self::Ed(_) => sequence(&[&oid(OID_ED25519)]),
            Self::Dsa(_) => {
                return Err("x509: certificate private key does not implement crypto.Signer".into());
            }
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => {
                let digest = Sha256::digest(message);
                let scheme = rsa::Pkcs1v15Sign {
                    hash_len: Some(digest.len()),
                    // DigestInfo of SHA-256 (RFC 8017, 9.2).
                    prefix: Box::new([
                        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                        0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
                    ]),
                };
                key.sign(scheme, &digest).map_err(|e| e.to_string())
            }
            Self::Ec(key) => {
                let signature: DerSignature = key.try_sign(message).map_err(|e| e.to_string())?;
                Ok(signature.as_bytes().to_vec())
            }
            Self::Ed(key) => Ok(key.sign(message).to_bytes().to_vec()),
            Self::Dsa(_) => self.signature_algorithm(),
        }
    }
}

fn from_pkcs1(bytes: &[u8]) -> Option<Key> {
    RsaPrivateKey::from_pkcs1_der(bytes).ok().map(|key| Key::Rsa(Box::new(key)))
}

fn from_sec1(bytes: &[u8]) -> Option<Key> {
    let parts = der::elements(der::read(bytes)?.content)?;
    let secret = parts.iter().find(|p| p.tag == der::OCTET_STRING)?;
    EcKey::from_slice(secret.content).ok().map(|key| Key::Ec(Box::new(key)))
}

fn from_pkcs8(bytes: &[u8]) -> Option<Key> {
    let parts = der::elements(der::read(bytes)?.content)?;
    let algorithm = der::read(parts.get(1)?.content)?.content;
    let inner = parts.get(2)?.content;
    match algorithm {
        OID_RSA => from_pkcs1(inner),
        OID_EC => from_sec1(inner),
        OID_ED25519 => {
            let secret: [u8; 32] = der::read(inner)?.content.try_into().ok()?;
            Some(Key::Ed(Box::new(EdKey::from_bytes(&secret))))
        }
        _ => None,
    }
}
