//! Certificates for clients, made by this server's authority: DER (X.690) of just what RFC 5280 asks for.
//!
//! Written by hand because the subject of a signing request goes into the certificate as it is, with as many
//! organizations as it has. Deliberately absent: certificates for servers (`serve`).

use super::certificate::Der;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    self, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// ecdsa-with-SHA256, ecdsa-with-SHA384, ed25519, sha256WithRSAEncryption.
const ECDSA_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const RSA_256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// secp384r1, which tells the two kinds of ECDSA keys apart.
const CURVE_384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        out.push(0x80 | digits.len() as u8);
        out.extend(digits);
    }
    out.extend_from_slice(content);
    out
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(SEQUENCE, &parts.concat())
}

/// Content of a bit string without unused bits.
fn bits(content: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[&[0], content].concat())
}

fn time(at: Timestamp) -> Vec<u8> {
    // RFC 5280, 4.1.2.5: two digits of the year up to 2049.
    if at < Timestamp::from_second(2_524_608_000).unwrap_or(Timestamp::MAX) {
        value(UTC_TIME, at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        value(GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
    }
}

/// The name of a user of groups.
pub(crate) fn subject(user: &str, groups: &[&str]) -> Vec<u8> {
    let part = |id: &[u8], text: &str| {
        let pair = sequence(&[&value(OBJECT_ID, id), &value(UTF8, text.as_bytes())]);
        value(SET, &pair)
    };
    let mut parts: Vec<u8> = groups.iter().flat_map(|g| part(&[0x55, 0x04, 0x0a], g)).collect();
    parts.extend(part(&[0x55, 0x04, 0x03], user));
    value(SEQUENCE, &parts)
}

/// A certificate authority.
pub(crate) struct Issuer {
    /// Its name.
    name: Vec<u8>,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    /// From its certificate (DER) and its P-256 key (PKCS #8, DER).
    pub(crate) fn new(certificate: &[u8], pkcs8: &[u8]) -> Option<Self> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random).ok()?;
        let name = super::certificate::subject(certificate)?;
        Some(Self { name: value(SEQUENCE, name), key, random })
    }

    /// A certificate for a client, PEM.
    pub(crate) fn issue(
        &self,
        subject: &[u8],
        public_key_info: &[u8],
        now: Timestamp,
        seconds: i64,
    ) -> Option<String> {
        let mut serial = [0_u8; 16];
        self.random.fill(&mut serial).ok()?;
        // Positive, and as long whatever comes.
        serial[0] = serial[0] & 0x7f | 0x40;
        let algorithm = sequence(&[&value(OBJECT_ID, ECDSA_256)]);
        let from = time(now - SignedDuration::from_mins(5));
        let until = time(now + SignedDuration::from_secs(seconds));
        let extension = |id: &[u8], critical: bool, content: &[u8]| {
            let truth: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
            sequence(&[&value(OBJECT_ID, id), truth, &value(OCTET_STRING, content)])
        };
        // Digital signature and key encipherment; for clients; no authority.
        let usage = extension(&[0x55, 0x1d, 0x0f], true, &[BIT_STRING, 2, 5, 0xa0]);
        let client = value(OBJECT_ID, &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]);
        let extended = extension(&[0x55, 0x1d, 0x25], false, &sequence(&[&client]));
        let basic = extension(&[0x55, 0x1d, 0x13], true, &sequence(&[]));
        let signed = sequence(&[
            &value(0xa0, &value(INTEGER, &[2])),
            &value(INTEGER, &serial),
            &algorithm,
            &self.name,
            &sequence(&[&from, &until]),
            subject,
            public_key_info,
            &value(0xa3, &sequence(&[&usage, &extended, &basic])),
        ]);
        let signature = self.key.sign(&self.random, &signed).ok()?;
        Some(pem("CERTIFICATE", &sequence(&[&signed, &algorithm, &bits(signature.as_ref())])))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let text = STANDARD.encode(der);
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// What a signing request (PKCS #10, RFC 2986) asks for.
pub(crate) struct SigningRequest {
    /// The name, DER.
    pub(crate) subject: Vec<u8>,
    /// The public key with its algorithm, DER.
    pub(crate) public_key_info: Vec<u8>,
}

impl SigningRequest {
    /// Reads a request, PEM, that is signed with the key it names.
    pub(crate) fn read(pem: &str) -> Option<Self> {
        let body = pem.split("-----BEGIN CERTIFICATE REQUEST-----").nth(1)?;
        let body = body.split("-----END").next()?;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = STANDARD.decode(body).ok()?;
        let mut request = Der(Der(&der).expect(SEQUENCE)?);
        let signed = request.expect(SEQUENCE)?;
        let algorithm = Der(request.expect(SEQUENCE)?).expect(OBJECT_ID)?;
        let signature = request.expect(BIT_STRING)?.strip_prefix(&[0])?;
        let mut info = Der(signed);
        info.expect(INTEGER)?;
        let subject = value(SEQUENCE, info.expect(SEQUENCE)?);
        let key_info = info.expect(SEQUENCE)?;
        let mut key = Der(key_info);
        let curve = key.expect(SEQUENCE)?;
        let public = key.expect(BIT_STRING)?.strip_prefix(&[0])?;
        let large = curve.windows(CURVE_384.len()).any(|part| part == CURVE_384);
        let verification: &'static dyn VerificationAlgorithm = match (algorithm, large) {
            (ECDSA_256, false) => &signature::ECDSA_P256_SHA256_ASN1,
            (ECDSA_256, true) => &signature::ECDSA_P384_SHA256_ASN1,
            (ECDSA_384, true) => &signature::ECDSA_P384_SHA384_ASN1,
            (ED25519, _) => &signature::ED25519,
            (RSA_256, _) => &signature::RSA_PKCS1_2048_8192_SHA256,
            _ => return None,
        };
        let whole = value(SEQUENCE, signed);
        UnparsedPublicKey::new(verification, public).verify(&whole, signature).ok()?;
        Some(Self { subject, public_key_info: value(SEQUENCE, key_info) })
    }

    /// User and groups of the name.
    pub(crate) fn user(&self) -> Option<(String, Vec<String>)> {
        super::certificate::name(Der(&self.subject).expect(SEQUENCE)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData};

    #[test]
    fn requests_become_certificates() {
        let authority = KeyPair::generate().unwrap();
        let own = CertificateParams::new(Vec::new()).unwrap().self_signed(&authority).unwrap();
        let issuer = Issuer::new(own.der(), &authority.serialize_der()).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::OrganizationName, "dev");
        params.distinguished_name.push(DnType::CommonName, "jane");
        let key = KeyPair::generate().unwrap();
        let pem = params.serialize_request(&key).unwrap().pem().unwrap();
        let request = SigningRequest::read(&pem).unwrap();
        assert_eq!(request.user(), Some(("jane".to_owned(), vec!["dev".to_owned()])));
        assert_eq!(request.public_key_info, key.subject_public_key_info());
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let issued = issuer.issue(&request.subject, &request.public_key_info, now, 3600).unwrap();
        let body: String = issued.lines().filter(|l| !l.starts_with('-')).collect();
        let who = super::super::certificate_identity(&STANDARD.decode(body).unwrap()).unwrap();
        assert_eq!((who.user.as_str(), who.groups[0].as_str()), ("jane", "dev"));
        // Another's signature, and anything cut off.
        let other = params.serialize_request(&KeyPair::generate().unwrap()).unwrap();
        assert!(SigningRequest::read(&other.pem().unwrap()).is_some());
        for end in 0..pem.len() {
            assert!(end + 40 > pem.len() || SigningRequest::read(&pem[..end]).is_none());
        }
        let several = subject("joe", &["a", "b"]);
        let issued = issuer.issue(&several, &key.subject_public_key_info(), now, 60).unwrap();
        let body: String = issued.lines().filter(|l| !l.starts_with('-')).collect();
        let who = super::super::certificate_identity(&STANDARD.decode(body).unwrap()).unwrap();
        assert_eq!(who.groups, ["a", "b", "system:authenticated"]);
    }
}
