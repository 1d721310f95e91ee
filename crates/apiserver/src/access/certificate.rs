//! Whom a client's certificate names: the subject's common name is the user, its organizations are the groups.
//!
//! A reader of just so much DER (X.690) as lies before the subject. That the certificate is valid, and for clients, has
//! been checked by then. Deliberately absent: everything else in a certificate.

use super::{AUTHENTICATED, Identity};

/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.4.10
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
/// The version, `[0]`.
const VERSION: u8 = 0xa0;

/// A reader of DER values one after another.
pub(super) struct Der<'d>(pub(super) &'d [u8]);

impl<'d> Der<'d> {
    /// The next value: its tag and its content.
    pub(super) fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 || count > rest.len() {
                return None;
            }
            let (digits, rest) = rest.split_at(count);
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        };
        if length > rest.len() {
            return None;
        }
        let (content, rest) = rest.split_at(length);
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next value, which has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.next().filter(|(t, _)| *t == tag).map(|(_, content)| content)
    }
}

/// The user that a certificate names; `None` when it names none.
pub(crate) fn identity(certificate: &[u8]) -> Option<Identity> {
    let (user, groups) = name(subject(certificate)?)?;
    let mut groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    groups.push(AUTHENTICATED);
    (!user.is_empty()).then(|| Identity::new(&user, &groups))
}

/// The content of a certificate's subject.
pub(super) fn subject(certificate: &[u8]) -> Option<&[u8]> {
    let mut certificate = Der(Der(certificate).expect(SEQUENCE)?);
    let mut signed = Der(certificate.expect(SEQUENCE)?);
    let (mut tag, _) = signed.next()?;
    if tag == VERSION {
        // The serial number.
        tag = signed.next()?.0;
    }
    if tag != 0x02 {
        return None;
    }
    // Algorithm, issuer, validity.
    for _ in 0..3 {
        signed.expect(SEQUENCE)?;
    }
    signed.expect(SEQUENCE)
}

/// Common name and organizations of a name (RFC 5280, 4.1.2.4).
pub(super) fn name(name: &[u8]) -> Option<(String, Vec<String>)> {
    let (mut user, mut groups) = (String::new(), Vec::new());
    let mut parts = Der(name);
    while !parts.0.is_empty() {
        let mut set = Der(parts.expect(SET)?);
        while !set.0.is_empty() {
            let mut pair = Der(set.expect(SEQUENCE)?);
            let id = pair.expect(OBJECT_ID)?;
            let text = String::from_utf8_lossy(pair.next()?.1).into_owned();
            match id {
                COMMON_NAME => user = text,
                ORGANIZATION => groups.push(text),
                _ => {}
            }
        }
    }
    Some((user, groups))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    #[test]
    fn the_subject_is_the_user() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CountryName, "DE");
        params.distinguished_name.push(DnType::OrganizationName, "dev");
        params.distinguished_name.push(DnType::CommonName, "jane");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let who = identity(certificate.der()).unwrap();
        assert_eq!(who, Identity::new("jane", &["dev", AUTHENTICATED]));
        for cut in 0..certificate.der().len() {
            // Whatever is cut off: no panic.
            let _ = identity(&certificate.der()[..cut]);
        }
    }
}
