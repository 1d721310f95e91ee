//! Speaking with one repository.

use super::login::{Challenge, OciLogin};
use super::name::Repository;
use super::{LARGEST_LAYER, OciError, OciSource};
use crate::blobs::{self, Blobs};
use crate::git::Secret;
use crate::web::{Answer, Login, Question, Web, WebError, resolve};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use regex::Regex;
use semver::{Constraint, Version};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

const LARGEST_MANIFEST: u64 = 4 << 20;
const LARGEST_PAGE: u64 = 16 << 20;
const MOST_TAGS: usize = 500_000;

const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// What to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// `sha256:<hex>`.
    Digest(String),
    /// The highest tag within a range, of those that match a regular expression.
    Semver {
        /// The range.
        range: String,
        /// The expression.
        filter: Option<String>,
    },
    /// A tag.
    Tag(String),
}

/// What a wish came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The tag; none where a digest was asked for.
    pub tag: Option<String>,
    /// `sha256:<hex>` of the manifest, or of the index the tag stands for.
    pub digest: String,
}

impl fmt::Display for Resolved {
    /// As Flux writes revisions: `tag@sha256:<hex>`, or the digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tag {
            Some(tag) => write!(f, "{tag}@{}", self.digest),
            None => f.write_str(&self.digest),
        }
    }
}

/// A layer of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Layer {
    /// What it is.
    pub media_type: String,
    /// `sha256:<hex>`.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    platform: Option<Platform>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Platform {
    architecture: String,
    os: String,
}

/// A manifest, as far as artifacts need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// What it holds.
    pub layers: Vec<Layer>,
    /// What is known about it.
    pub annotations: BTreeMap<String, String>,
    manifests: Vec<Layer>,
}

impl Manifest {
    /// The first layer of a media type, or simply the first.
    ///
    /// # Errors
    /// [`OciError::Layer`] when there is none.
    pub fn layer(&self, media_type: Option<&str>) -> Result<&Layer, OciError> {
        let found = match media_type {
            None => self.layers.first(),
            Some(wanted) => self.layers.iter().find(|l| l.media_type == wanted),
        };
        found.ok_or_else(|| {
            OciError::Layer(match media_type {
                None => "no layers found in artifact".to_owned(),
                Some(wanted) => {
                    let found: Vec<&str> =
                        self.layers.iter().map(|l| l.media_type.as_str()).collect();
                    format!(
                        "failed to find layer with media type '{wanted}' in artifact; it has {}",
                        found.join(", ")
                    )
                }
            })
        })
    }
}

/// A client of one repository.
pub struct Registry {
    repository: Repository,
    base: String,
    login: OciLogin,
    web: Web,
    /// What the registry accepted last.
    pass: Mutex<Option<HeaderValue>>,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl Registry {
    /// A client of the repository that `source` names.
    ///
    /// # Errors
    /// When the name or the certificates cannot be used.
    pub fn new(source: &OciSource) -> Result<Self, OciError> {
        Self::at(Repository::parse(&source.url)?, source)
    }

    /// A client of `repository`, for the rest as `source` says.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub fn at(repository: Repository, source: &OciSource) -> Result<Self, OciError> {
        let scheme = if source.insecure { "http" } else { "https" };
        let base = format!("{scheme}://{}/v2/{}", repository.host(), repository.path);
        let web = Web::new(&source.tls, source.timeout)?;
        Ok(Self { repository, base, login: source.login.clone(), web, pass: Mutex::default() })
    }

    /// Every tag.
    ///
    /// # Errors
    /// [`OciError`].
    pub async fn tags(&self) -> Result<Vec<String>, OciError> {
        let mut all = Vec::new();
        let mut next = Some(format!("{}/tags/list?n=1000", self.base));
        while let Some(url) = next.take() {
            let answer = self.get(Method::GET, &url, &[]).await?;
            let link = answer.header(header::LINK).and_then(next_page).map(str::to_owned);
            let page = answer.collect(LARGEST_PAGE).await?;
            let page: Tags = read(&url, &page)?;
            let before = all.len();
            all.extend(page.tags.unwrap_or_default());
            if all.len() > MOST_TAGS {
                return Err(OciError::Protocol {
                    url,
                    problem: format!("more than {MOST_TAGS} tags"),
                });
            }
            // A registry that answers nothing new but has a next page would keep us for ever.
            if let Some(link) = link
                && all.len() > before
            {
                next = Some(resolve(&url, &link)?);
            }
        }
        Ok(all)
    }

    /// What a wish comes to now.
    ///
    /// # Errors
    /// [`OciError`].
    pub async fn resolve(&self, want: &Want) -> Result<Resolved, OciError> {
        let tag = match want {
            Want::Digest(digest) => {
                return Ok(Resolved { tag: None, digest: digest.clone() });
            }
            Want::Tag(tag) => tag.clone(),
            Want::Semver { range, filter } => self.highest(range, filter.as_deref()).await?,
        };
        let digest = self.digest_of(&tag).await?;
        Ok(Resolved { tag: Some(tag), digest })
    }

    /// The highest tag within a range. In a tag an underscore may stand for the plus sign of a version.
    async fn highest(&self, range: &str, filter: Option<&str>) -> Result<String, OciError> {
        let pattern = |what, text: &str, problem: String| OciError::Pattern {
            text: text.to_owned(),
            what,
            problem,
        };
        let wanted = Constraint::parse(range)
            .map_err(|e| pattern("range of versions", range, e.to_string()))?;
        let filter = filter
            .filter(|f| !f.is_empty())
            .map(|f| Regex::new(f).map_err(|e| pattern("regular expression", f, e.to_string())));
        let filter = filter.transpose()?;
        let tags = self.tags().await?;
        let fitting = tags.iter().filter_map(|tag| {
            if filter.as_ref().is_some_and(|f| !f.is_match(tag)) {
                return None;
            }
            let version = Version::parse(&tag.replace('_', "+")).ok()?;
            wanted.matches(&version).then_some((version, tag))
        });
        let best = fitting.max_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        best.map(|(_, tag)| tag.clone()).ok_or_else(|| OciError::NoTag {
            repository: self.repository.to_string(),
            range: range.to_owned(),
        })
    }

    /// The digest of what a tag stands for: asked for, or computed where the registry does not tell.
    async fn digest_of(&self, tag: &str) -> Result<String, OciError> {
        let url = format!("{}/manifests/{tag}", self.base);
        match self.get(Method::HEAD, &url, &MANIFESTS).await {
            Ok(answer) => {
                if let Some(digest) = answer.header("docker-content-digest")
                    && is_digest(digest)
                {
                    return Ok(digest.to_owned());
                }
            }
            Err(OciError::Web(WebError::Status { status, .. }))
                if status == StatusCode::METHOD_NOT_ALLOWED => {}
            Err(error) => return Err(error),
        }
        let answer = self.get(Method::GET, &url, &MANIFESTS).await?;
        Ok(blobs::digest(&answer.collect(LARGEST_MANIFEST).await?))
    }

    /// The manifest of that digest. Of an index, that of linux/amd64, or the only one.
    ///
    /// # Errors
    /// [`OciError`].
    pub async fn manifest(&self, digest: &str) -> Result<Manifest, OciError> {
        let manifest = self.one_manifest(digest).await?;
        if manifest.manifests.is_empty() {
            return Ok(manifest);
        }
        let usual = |l: &&Layer| {
            l.platform.as_ref().is_some_and(|p| p.os == "linux" && p.architecture == "amd64")
        };
        let only = match manifest.manifests.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let chosen = manifest.manifests.iter().find(usual).or(only).ok_or_else(|| {
            OciError::Layer("the index has no manifest for linux/amd64".to_owned())
        })?;
        let inner = self.one_manifest(&chosen.digest).await?;
        if !inner.manifests.is_empty() {
            return Err(OciError::Layer("the index names another index".to_owned()));
        }
        Ok(inner)
    }

    async fn one_manifest(&self, digest: &str) -> Result<Manifest, OciError> {
        let url = format!("{}/manifests/{digest}", self.base);
        let answer = self.get(Method::GET, &url, &MANIFESTS).await?;
        let content = answer.collect(LARGEST_MANIFEST).await?;
        let found = blobs::digest(&content);
        if found != digest {
            return Err(OciError::Digest { url, wanted: digest.to_owned(), found });
        }
        read(&url, &content)
    }

    /// Takes a layer into the store, unless it is there.
    ///
    /// # Errors
    /// [`OciError`].
    pub async fn layer(&self, blobs: &Blobs, layer: &Layer) -> Result<(), OciError> {
        if blobs.has(&layer.digest) {
            return Ok(());
        }
        let url = format!("{}/blobs/{}", self.base, layer.digest);
        let answer = self.get(Method::GET, &url, &[]).await?;
        let mut receiving = blobs.receive()?;
        answer.each(LARGEST_LAYER, |piece| receiving.write(piece)).await?;
        let found = receiving.digest();
        if found != layer.digest {
            return Err(OciError::Digest { url, wanted: layer.digest.clone(), found });
        }
        receiving.keep()?;
        Ok(())
    }

    /// Asks with what was accepted last, and once more with what the registry then wants.
    async fn get(&self, method: Method, url: &str, accept: &[&str]) -> Result<Answer, OciError> {
        let first = self.send(method.clone(), url, accept).await?;
        if first.status != StatusCode::UNAUTHORIZED {
            return self.accepted(first).await;
        }
        let challenge =
            Challenge::parse(first.header(header::WWW_AUTHENTICATE).unwrap_or_default());
        let pass = match challenge.scheme.as_str() {
            "bearer" => Some(self.token(&challenge).await?),
            "basic" => self.login.basic().header()?,
            _ => None,
        };
        if pass.is_none() {
            return self.accepted(first).await;
        }
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = pass;
        let second = self.send(method, url, accept).await?;
        self.accepted(second).await
    }

    async fn send(&self, method: Method, url: &str, accept: &[&str]) -> Result<Answer, OciError> {
        let login = self.pass.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut question = Question { method, login, ..Question::get(url) };
        if !accept.is_empty()
            && let Ok(value) = HeaderValue::from_str(&accept.join(", "))
        {
            question.headers.push((header::ACCEPT, value));
        }
        Ok(self.web.ask(question).await?)
    }

    async fn accepted(&self, answer: Answer) -> Result<Answer, OciError> {
        let anonymous = self.login == OciLogin::Anonymous;
        answer.accepted().await.map_err(|error| match error {
            WebError::Status { status, words, .. } if matches!(status.as_u16(), 401 | 403) => {
                OciError::Refused {
                    registry: self.repository.registry.clone(),
                    repository: self.repository.path.clone(),
                    hint: if anonymous {
                        format!(" to anybody ({status}{words}); name a Secret in spec.secretRef")
                    } else {
                        format!(" ({status}{words}); check the Secret of spec.secretRef")
                    },
                }
            }
            other => other.into(),
        })
    }

    /// Docker's token dance: the registry says who gives tokens, who gives one for our login.
    async fn token(&self, challenge: &Challenge) -> Result<HeaderValue, OciError> {
        if let OciLogin::Registry(token) = &self.login {
            return self.bearer(token.clone());
        }
        let scope = if challenge.scope.is_empty() {
            format!("repository:{}:pull", self.repository.path)
        } else {
            challenge.scope.clone()
        };
        let question = |name: &str, value: &str| format!("{name}={}", encoded(value));
        let mut fields = vec![question("scope", &scope)];
        if !challenge.service.is_empty() {
            fields.push(question("service", &challenge.service));
        }
        let strange =
            |problem: String| OciError::Protocol { url: challenge.realm.clone(), problem };
        let joint = if challenge.realm.contains('?') { '&' } else { '?' };
        let answer = if let OciLogin::Identity(token) = &self.login {
            fields.push("grant_type=refresh_token".to_owned());
            fields.push("client_id=windlass".to_owned());
            fields.push(question("refresh_token", &String::from_utf8_lossy(token.reveal())));
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            let question = Question {
                method: Method::POST,
                headers: vec![(header::CONTENT_TYPE, form)],
                body: Bytes::from(fields.join("&")),
                ..Question::get(&challenge.realm)
            };
            self.web.ask(question).await?
        } else {
            let url = format!("{}{joint}{}", challenge.realm, fields.join("&"));
            let login = self.login.basic().header()?;
            self.web.ask(Question { login, ..Question::get(&url) }).await?
        };
        let body = self.accepted(answer).await?.collect(1 << 20).await?;
        let token: Token = read(&challenge.realm, &body)?;
        let token = if token.token.is_empty() { token.access_token } else { token.token };
        if token.is_empty() {
            return Err(strange("it gives no token".to_owned()));
        }
        self.bearer(Secret::new(token))
    }

    fn bearer(&self, token: Secret) -> Result<HeaderValue, OciError> {
        Login::Bearer(token).header()?.ok_or_else(|| OciError::Protocol {
            url: self.base.clone(),
            problem: "an empty token".to_owned(),
        })
    }
}

fn read<T: for<'a> Deserialize<'a>>(url: &str, json: &[u8]) -> Result<T, OciError> {
    serde_json::from_slice(json)
        .map_err(|e| OciError::Protocol { url: url.to_owned(), problem: e.to_string() })
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The address in `<...>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then_some(address)
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
