//! `genCA`, `genSelfSignedCert`, `genSignedCert` and their kin: X.509 certificates as Go's `x509.CreateCertificate`
//! encodes them.

use super::der::{self, element, integer, sequence};
use super::keys::{Key, Seeded};
use crate::function::{Call, FunctionError, Functions, Signature};
use crate::sprig::args::{Outcome, bytes, int, text};
use crate::sprig::encoding::decode64;
use crate::sprig::random;
use crate::sprig::time::{Duration, Time, Zone};
use crate::value::{GoObject, Kind, Type, Value};
use sha2::{Digest as _, Sha256};
use std::any::Any;
use std::net::IpAddr;

const S: Type = Type::String;
const I: Type = Type::INT;
const LIST: Type = Type::LIST;
const CERTIFICATE: Type = Type::named("sprig.certificate", Kind::Struct);

/// What making a key counts, as it takes that long.
const SLOW: u64 = 1_000_000;

/// Registers the functions.
pub(super) fn register(f: &mut Functions) {
    f.add("genPrivateKey", Signature::new(&[S]), |c, a| private_key(c, &text(a, 0)));
    f.add("buildCustomCert", Signature::new(&[S, S]), |_, a| Ok(custom(bytes(a, 0), bytes(a, 1))?));
    f.add("genCA", Signature::new(&[S, I]), |c, a| authority(c, &text(a, 0), int(a, 1), None));
    f.add("genCAWithKey", Signature::new(&[S, I, S]), |c, a| {
        authority(c, &text(a, 0), int(a, 1), Some(&text(a, 2)))
    });
    f.add("genSelfSignedCert", Signature::new(&[S, LIST, LIST, I]), |c, a| leaf(c, a, None, None));
    f.add("genSelfSignedCertWithKey", Signature::new(&[S, LIST, LIST, I, S]), |c, a| {
        leaf(c, a, None, Some(&text(a, 4)))
    });
    f.add("genSignedCert", Signature::new(&[S, LIST, LIST, I, CERTIFICATE]), |c, a| {
        leaf(c, a, a[4].downcast::<Certificate>(), None)
    });
    f.add("genSignedCertWithKey", Signature::new(&[S, LIST, LIST, I, CERTIFICATE, S]), |c, a| {
        leaf(c, a, a[4].downcast::<Certificate>(), Some(&text(a, 5)))
    });
}

/// Certificate and key in PEM.
struct Certificate {
    cert: String,
    key: String,
}

impl GoObject for Certificate {
    fn go_type(&self) -> Type {
        CERTIFICATE
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.cert.as_str().into()),
            "Key" => Some(self.key.as_str().into()),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", self.cert.as_str().into()), ("Key", self.key.as_str().into())]
    }

    fn equals(&self, other: &dyn GoObject) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|o| o.cert == self.cert && o.key == self.key)
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::map(self.fields().into_iter().collect()))
    }
}

fn seeded(call: &mut Call<'_>) -> Result<Seeded, FunctionError> {
    call.charge(SLOW)?;
    let mut seed = [0; 32];
    random::fill(call, &mut seed)?;
    Ok(Seeded::new(seed))
}

fn private_key(call: &mut Call<'_>, kind: &str) -> Outcome {
    let mut random = seeded(call)?;
    let key = match kind {
        "" | "rsa" => match Key::rsa(&mut random, 4096) {
            Ok(key) => key,
            Err(error) => return Ok(format!("failed to generate private key: {error}").into()),
        },
        "dsa" => Key::dsa(&mut random),
        "ecdsa" => Key::ec(&mut random),
        "ed25519" => Key::ed25519(&mut random),
        other => return Ok(format!("Unknown type {other}").into()),
    };
    Ok(key.to_pem()?.into())
}

/// The given key, or a new one.
fn key_for(random: &mut Seeded, pem: Option<&str>) -> Result<Key, String> {
    match pem {
        Some(pem) => Key::from_pem(pem).map_err(|e| format!("parsing private key: {e}")),
        None => Key::rsa(random, 2048).map_err(|e| format!("error generating rsa key: {e}")),
    }
}

fn authority(call: &mut Call<'_>, name: &str, days: i64, pem: Option<&str>) -> Outcome {
    let mut random = seeded(call)?;
    let key = key_for(&mut random, pem)?;
    let wanted = Wanted { name, alternatives: Vec::new(), days, authority: true };
    Ok(Value::object(wanted.issue(call, &mut random, &key, None)?))
}

fn leaf(
    call: &mut Call<'_>,
    a: &[Value],
    issuer: Option<&Certificate>,
    pem: Option<&str>,
) -> Outcome {
    let mut random = seeded(call)?;
    let key = key_for(&mut random, pem)?;
    let parent = issuer.map(Parent::of).transpose()?;
    let name = text(a, 0);
    let addresses = alternatives(&a[1], address)?;
    let mut names = alternatives(&a[2], host)?;
    names.extend(addresses);
    let wanted = Wanted { name: &name, alternatives: names, days: int(a, 3), authority: false };
    Ok(Value::object(wanted.issue(call, &mut random, &key, parent.as_ref())?))
}

fn alternatives(
    list: &Value,
    make: fn(&Value) -> Result<Vec<u8>, String>,
) -> Result<Vec<Vec<u8>>, String> {
    list.as_list().map_or(Ok(Vec::new()), |list| list.items().iter().map(make).collect())
}

fn shown(value: &Value) -> String {
    crate::fmt::display(value).to_string_lossy().into_owned()
}

/// `iPAddress`: four bytes where they suffice.
fn address(value: &Value) -> Result<Vec<u8>, String> {
    let text = match value {
        Value::String(text) => text,
        other => return Err(format!("error parsing ip: {} is not a string", shown(other))),
    };
    let parsed: IpAddr = text.parse().map_err(|_| format!("error parsing ip: {text}"))?;
    Ok(match parsed.to_canonical() {
        IpAddr::V4(v4) => element(0x87, &v4.octets()),
        IpAddr::V6(v6) => element(0x87, &v6.octets()),
    })
}

/// `dNSName`.
fn host(value: &Value) -> Result<Vec<u8>, String> {
    let text = match value {
        Value::String(text) => text,
        other => {
            let shown = shown(other);
            return Err(format!("error processing alternate dns name: {shown} is not a string"));
        }
    };
    if !text.is_ascii() {
        let quoted = crate::fmt::quote(text);
        return Err(format!(
            "error creating certificate: x509: {quoted} cannot be encoded as an IA5String"
        ));
    }
    Ok(element(0x82, text.as_bytes()))
}

/// Who signs.
struct Parent {
    subject: Vec<u8>,
    key_id: Option<Vec<u8>>,
    key: Key,
}

impl Parent {
    fn of(certificate: &Certificate) -> Result<Self, String> {
        let (_, der) = der::from_pem(&certificate.cert).ok_or("unable to decode certificate")?;
        let parts = Parts::read(&der)
            .ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
        let key = Key::from_pem(&certificate.key)
            .map_err(|e| format!("error parsing private key: {e}"))?;
        let public =
            key.public().map(|(algorithm, bytes)| sequence(&[&algorithm, &der::bits(&bytes)]));
        if public.is_ok_and(|p| p != parts.public_key) {
            return Err("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey".into());
        }
        Ok(Self { subject: parts.subject, key_id: parts.key_id, key })
    }
}

/// What of a certificate matters here.
struct Parts {
    subject: Vec<u8>,
    public_key: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

impl Parts {
    fn read(certificate: &[u8]) -> Option<Self> {
        let body = der::read(der::read(certificate)?.content)?.content;
        let mut parts = der::elements(body)?;
        if parts.first()?.tag == 0xa0 {
            parts.remove(0);
        }
        // Serial number, algorithm, issuer, validity, subject, key.
        let (subject, key) = (parts.get(4)?, parts.get(5)?);
        if subject.tag != der::SEQUENCE || key.tag != der::SEQUENCE {
            return None;
        }
        let extensions = parts.iter().find(|p| p.tag == 0xa3).map(|p| p.content);
        Some(Self {
            subject: subject.whole.to_vec(),
            public_key: key.whole.to_vec(),
            key_id: extensions.and_then(subject_key_id),
        })
    }
}

fn subject_key_id(extensions: &[u8]) -> Option<Vec<u8>> {
    der::elements(der::read(extensions)?.content)?.iter().find_map(|extension| {
        let parts = der::elements(extension.content)?;
        if parts.first()?.content != SUBJECT_KEY_ID {
            return None;
        }
        Some(der::read(parts.last()?.content)?.content.to_vec())
    })
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
const TRUE: &[u8] = &[0x01, 0x01, 0xff];

/// A certificate to be made.
struct Wanted<'a> {
    name: &'a str,
    /// `GeneralName`s.
    alternatives: Vec<Vec<u8>>,
    days: i64,
    authority: bool,
}

impl Wanted<'_> {
    /// Signed by the parent, or by itself.
    fn issue(
        &self,
        call: &mut Call<'_>,
        random: &mut Seeded,
        key: &Key,
        parent: Option<&Parent>,
    ) -> Result<Certificate, String> {
        let creating = |e: String| format!("error creating certificate: {e}");
        let signer = parent.map_or(key, |p| &p.key);
        let algorithm = signer.signature_algorithm().map_err(creating)?;
        let (key_algorithm, public) = key.public().map_err(creating)?;
        let subject = distinguished_name(self.name);
        let issuer = parent.map_or(&subject, |p| &p.subject);
        let mut serial = [0; 16];
        random.fill(&mut serial);
        let extensions = self.extensions(&public, &subject, issuer, parent);
        let body = sequence(&[
            &element(0xa0, &integer(&[2])),
            &integer(&serial),
            &algorithm,
            issuer,
            &self.validity(call).map_err(creating)?,
            &subject,
            &sequence(&[&key_algorithm, &der::bits(&public)]),
            &element(0xa3, &extensions),
        ]);
        let signature = signer.sign(&body).map_err(creating)?;
        let whole = sequence(&[&body, &algorithm, &der::bits(&signature)]);
        Ok(Certificate { cert: der::pem("CERTIFICATE", &whole), key: key.to_pem()? })
    }

    fn validity(&self, call: &mut Call<'_>) -> Result<Vec<u8>, String> {
        let (seconds, nanos) = call.env().now();
        let from = Time::from_unix(seconds, nanos.into(), Zone::Utc);
        let day = Duration::from_seconds(24 * 3600);
        let until = from.add(Duration(day.0.wrapping_mul(self.days)));
        Ok(sequence(&[&instant(&from)?, &instant(&until)?]))
    }

    /// In Go's order.
    fn extensions(
        &self,
        public: &[u8],
        subject: &[u8],
        issuer: &[u8],
        parent: Option<&Parent>,
    ) -> Vec<u8> {
        // Digital signature and key encipherment; an authority also signs certificates.
        let usage: &[u8] = if self.authority { &[0x02, 0xa4] } else { &[0x05, 0xa0] };
        let mut all = vec![
            extension(KEY_USAGE, true, &element(der::BIT_STRING, usage)),
            extension(
                EXTENDED_KEY_USAGE,
                false,
                &sequence(&[&element(der::OID, SERVER_AUTH), &element(der::OID, CLIENT_AUTH)]),
            ),
            extension(
                BASIC_CONSTRAINTS,
                true,
                &sequence(&[if self.authority { TRUE } else { &[] }]),
            ),
        ];
        if self.authority {
            let id = &Sha256::digest(public)[..20];
            all.push(extension(SUBJECT_KEY_ID, false, &element(der::OCTET_STRING, id)));
        }
        if let Some(id) = parent.and_then(|p| p.key_id.as_ref()).filter(|_| issuer != subject) {
            all.push(extension(AUTHORITY_KEY_ID, false, &sequence(&[&element(0x80, id)])));
        }
        if !self.alternatives.is_empty() {
            let names = element(der::SEQUENCE, &self.alternatives.concat());
            all.push(extension(ALTERNATIVE_NAMES, self.name.is_empty(), &names));
        }
        element(der::SEQUENCE, &all.concat())
    }
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    sequence(&[
        &element(der::OID, oid),
        if critical { TRUE } else { &[] },
        &element(der::OCTET_STRING, value),
    ])
}

/// A name with nothing but a common name, or nothing at all.
fn distinguished_name(common: &str) -> Vec<u8> {
    if common.is_empty() {
        return sequence(&[]);
    }
    let printable = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b' ' | b'\'' | b'(' | b')' | b'+'..=b'/' | b':' | b'=' | b'?')
    };
    let tag = if common.bytes().all(printable) { 0x13 } else { 0x0c };
    let attribute = sequence(&[&element(der::OID, COMMON_NAME), &element(tag, common.as_bytes())]);
    sequence(&[&element(der::SET, &attribute)])
}

/// `UTCTime` for the years it can tell, `GeneralizedTime` for others.
fn instant(time: &Time) -> Result<Vec<u8>, String> {
    match time.civil().year {
        1950..2050 => Ok(element(0x17, time.format("060102150405Z").as_bytes())),
        0..10_000 => Ok(element(0x18, time.format("20060102150405Z").as_bytes())),
        _ => Err("asn1: structure error: cannot represent time as GeneralizedTime".into()),
    }
}

/// A certificate and a key that were there before, checked.
fn custom(cert: &[u8], key: &[u8]) -> Result<Value, String> {
    let decoded =
        |text: &[u8]| decode64(text).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let cert = decoded(cert).ok_or("unable to decode base64 certificate")?;
    let key = decoded(key).ok_or("unable to decode base64 private key")?;
    let (_, der) = der::from_pem(&cert).ok_or("unable to decode certificate")?;
    Parts::read(&der)
        .ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
    Key::from_pem(&key).map_err(|e| format!("error parsing private key: {e}"))?;
    Ok(Value::object(Certificate { cert, key }))
}
