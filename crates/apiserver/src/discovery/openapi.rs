//! `/openapi/v2` and `/openapi/v3`: the documents of crate `schema`, kept until the registry changes.

use crate::registry::Snapshot;
use crate::rest::reply::Reply;
use sha2::{Digest, Sha512};

/// The documents, made when first asked for.
#[derive(Debug, Default)]
pub struct Documents {}

impl Documents {
    /// Answers a path below `/openapi`.
    pub fn answer(&self, snapshot: &Snapshot, request: &http::request::Parts) -> Option<Reply> {
        let _ = (snapshot, request);
        None
    }
}

/// The hash by which clients name a version of a document.
pub fn hash(document: &[u8]) -> String {
    let digest = Sha512::digest(document);
    digest.iter().map(|b| format!("{b:02X}")).collect()
}
