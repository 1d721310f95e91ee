//! Helm repositories over HTTP: an index and the archives it names.
//!
//! The index is kept on disk as it came and read through for one chart at a time ([`index`]), so that memory does not
//! grow with the repository. Deliberately absent: what is in a chart (crate `helm`), registries ([`crate::oci`]).

pub mod index;

use crate::blobs::{Blobs, Taken};
use crate::web::{Login, Question, Tls, Web, WebError, origin, resolve};
use http::{HeaderValue, StatusCode, header};
use index::{Entry, IndexError};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// The largest index that is taken, as in Flux.
pub const LARGEST_INDEX: u64 = 50 << 20;
/// The largest chart that is taken. Flux takes 10 MiB; charts that bundle others are sometimes larger.
pub const LARGEST_CHART: u64 = 32 << 20;

/// A Helm repository and how to get at it.
#[derive(Clone, Debug)]
pub struct HelmSource {
    /// Address, `http://` or `https://`.
    pub url: String,
    /// Shown to the repository.
    pub login: Login,
    /// Shows the login also to other hosts that hold charts.
    pub pass_credentials: bool,
    /// Whom to trust and who we are.
    pub tls: Tls,
    /// The longest one answer may take.
    pub timeout: Duration,
}

/// Why a repository or a chart cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HelmError {
    /// The server.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The disk.
    #[error("the chart or index cannot be stored")]
    Storage(#[from] io::Error),
    /// An archive that is not the one the index names.
    #[error(
        "the archive of chart '{chart}' has the digest {found}, but the index says {wanted}: the \
         repository was changed behind its index; have it indexed anew"
    )]
    Digest {
        /// Name and version of the chart.
        chart: String,
        /// What the index says.
        wanted: String,
        /// What it is.
        found: String,
    },
}

/// A client of one Helm repository.
pub struct HelmRepository {
    source: HelmSource,
    web: Web,
}

/// What looking at the index gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// The index, in the blob store; its `revision` is its digest.
    pub taken: Taken,
    /// Whether it is another one than before.
    pub fresh: bool,
}

impl HelmRepository {
    /// A client.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub fn new(source: HelmSource) -> Result<Self, HelmError> {
        let web = Web::new(&source.tls, source.timeout)?;
        Ok(Self { source, web })
    }

    /// Looks whether there is another index than `known`, and takes it. Asks only for what has changed where the server
    /// can tell.
    ///
    /// # Errors
    /// [`HelmError`].
    pub async fn index(&self, blobs: &Blobs, known: Option<&Taken>) -> Result<Indexed, HelmError> {
        let url = format!("{}/index.yaml", self.source.url.trim_end_matches('/'));
        let shown = crate::web::shown(&self.source.url);
        let known = known.filter(|k| k.url == shown && blobs.has(&k.digest));
        let mut question = Question { login: self.source.login.header()?, ..Question::get(&url) };
        for (note, name) in
            [("etag", header::IF_NONE_MATCH), ("lastModified", header::IF_MODIFIED_SINCE)]
        {
            let value = known.and_then(|k| k.notes.get(note));
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
                question.headers.push((name, value));
            }
        }
        let answer = self.web.ask(question).await?.accepted().await?;
        if answer.status == StatusCode::NOT_MODIFIED
            && let Some(known) = known
        {
            return Ok(Indexed { taken: known.clone(), fresh: false });
        }
        let mut notes = BTreeMap::new();
        for (note, name) in [("etag", header::ETAG), ("lastModified", header::LAST_MODIFIED)] {
            if let Some(value) = answer.header(name) {
                notes.insert(note.to_owned(), value.to_owned());
            }
        }
        let mut receiving = blobs.receive()?;
        answer.each(LARGEST_INDEX, |piece| receiving.write(piece)).await?;
        let digest = receiving.digest();
        let fresh = known.is_none_or(|k| k.digest != digest);
        if !blobs.has(&digest) {
            let digest = receiving.keep()?;
            if let Err(error) = index::check(&blobs.path(&digest)) {
                let _ = std::fs::remove_file(blobs.path(&digest));
                return Err(error.into());
            }
        }
        Ok(Indexed { taken: Taken { url: shown, revision: digest.clone(), digest, notes }, fresh })
    }

    /// Takes a chart's archive, checks it against the index, and answers its digest.
    ///
    /// # Errors
    /// [`HelmError`].
    pub async fn chart(&self, blobs: &Blobs, entry: &Entry) -> Result<String, HelmError> {
        let wanted = entry.digest.as_deref().map(str::to_ascii_lowercase);
        let wanted = wanted
            .map(|d| d.strip_prefix("sha256:").map(str::to_owned).unwrap_or(d))
            .filter(|d| d.len() == 64 && d.bytes().all(|b| b.is_ascii_hexdigit()))
            .map(|hex| format!("sha256:{hex}"));
        if let Some(digest) = wanted.as_ref().filter(|d| blobs.has(d)) {
            return Ok(digest.clone());
        }
        let reference = entry.urls.first().ok_or_else(|| IndexError::NoUrl(entry.name.clone()))?;
        let base = format!("{}/", self.source.url.trim_end_matches('/'));
        let url = resolve(&base, reference)?;
        let ours = origin(&url) == origin(&self.source.url);
        let login =
            if ours || self.source.pass_credentials { self.source.login.header()? } else { None };
        let question = Question { login, ..Question::get(&url) };
        let answer = self.web.ask(question).await?.accepted().await?;
        let mut receiving = blobs.receive()?;
        answer.each(LARGEST_CHART, |piece| receiving.write(piece)).await?;
        let found = receiving.digest();
        if let Some(wanted) = wanted
            && wanted != found
        {
            let chart = format!("{}@{}", entry.name, entry.version);
            return Err(HelmError::Digest { chart, wanted, found });
        }
        Ok(receiving.keep()?)
    }
}

#[cfg(test)]
mod tests;
