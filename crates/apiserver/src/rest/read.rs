//! `GET` of one object and of a collection.

use super::error::ApiError;
use super::{Answer, Api, Params, Selector, Target};
use crate::store::{ListQuery, StoreError, Stored};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use object::{Value, map};
use std::sync::Arc;

/// A part of a collection.
pub struct Page {
    /// `metadata.resourceVersion`.
    pub revision: u64,
    /// The objects.
    pub items: Vec<Arc<Stored>>,
    /// `metadata.continue`, empty at the end.
    pub continue_token: String,
    /// `metadata.remainingItemCount`.
    pub remaining: Option<usize>,
}

/// What a list asks for.
#[derive(Debug, Default)]
pub struct ListParams {
    /// Which objects.
    pub selector: Selector,
    /// At most so many.
    pub limit: usize,
    /// The list it continues.
    pub continue_token: Option<String>,
    /// `resourceVersion`.
    pub revision: Option<u64>,
    /// `resourceVersionMatch`.
    pub exact: Option<bool>,
}

/// A number of a query, `None` when it is absent.
pub(super) fn revision(params: &Params) -> Result<Option<u64>, ApiError> {
    let Some(text) = params.get("resourceVersion") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        ApiError::bad_request(format!(
            "Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    })
}

impl ListParams {
    /// From a query.
    ///
    /// # Errors
    /// 400 and 422 for values that cannot be.
    pub fn read(params: &Params, target: &Target) -> Result<Self, ApiError> {
        let limit = params.number("limit")?.unwrap_or(0);
        let exact = match params.get("resourceVersionMatch") {
            None => None,
            Some("Exact") => Some(true),
            Some("NotOlderThan") => Some(false),
            Some(other) => return Err(bad_match(other)),
        };
        Ok(Self {
            selector: selector(params, target)?,
            limit: usize::try_from(limit).unwrap_or(0),
            continue_token: params.get("continue").map(str::to_owned),
            revision: revision(params)?,
            exact,
        })
    }
}

fn bad_match(other: &str) -> ApiError {
    let mut error = ApiError::bad_request(format!(
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \
         {other:?}: supported values: \"Exact\", \"NotOlderThan\", \"\""
    ));
    error.code = http::StatusCode::UNPROCESSABLE_ENTITY;
    error.reason = "Invalid";
    error
}

/// The selectors of a query.
pub(super) fn selector(params: &Params, target: &Target) -> Result<Selector, ApiError> {
    use super::selector::{FieldSelector, LabelSelector};
    Ok(Selector {
        labels: LabelSelector::parse(params.get("labelSelector").unwrap_or_default())?,
        fields: FieldSelector::parse(
            params.get("fieldSelector").unwrap_or_default(),
            &target.served,
        )?,
    })
}

impl Api {
    /// One object.
    ///
    /// # Errors
    /// 404, and 504 when `at_least` is not reached yet.
    pub fn read(&self, target: &Target, at_least: Option<u64>) -> Result<Answer, ApiError> {
        let current = self.store().revision();
        if let Some(asked) = at_least.filter(|asked| *asked > current) {
            return Err(ApiError::too_large_version(asked, current));
        }
        let stored = self.store().get(&target.key());
        let stored = stored.ok_or_else(|| ApiError::not_found(&target.served, &target.name))?;
        Ok(Answer::Stored(stored))
    }

    /// A collection, or the next part of it.
    ///
    /// # Errors
    /// 400 for a token that is none, 410 for a version that is forgotten, 504 for one to come.
    pub fn list(&self, target: &Target, list: &ListParams) -> Result<Page, ApiError> {
        let token = list.continue_token.as_deref().map(Token::parse).transpose()?;
        let filter = |object: &Stored| list.selector.matches(object);
        let revision = match &token {
            Some(token) => token.revision,
            None => self.wanted_revision(list)?,
        };
        let query = ListQuery {
            namespace: target.namespace(),
            after: token.as_ref().map(|t| t.after.as_str()),
            revision,
            limit: list.limit,
            filter: if list.selector.is_empty() { None } else { Some(&filter) },
        };
        let listing =
            self.store().list(&target.served.id, &query).map_err(|e| match (&e, &token) {
                (StoreError::Gone { .. }, Some(token)) => {
                    let mut error = ApiError::expired(EXPIRED);
                    error.message.push_str(&Token { revision: None, ..token.clone() }.text());
                    error
                }
                (StoreError::Gone { asked, .. }, None) => ApiError::expired(format!(
                    "The resourceVersion for the provided list is too old: {asked}"
                )),
                _ => ApiError::from_store(&e, &target.served, ""),
            })?;
        let continue_token = match listing.items.last() {
            Some(last) if listing.more => {
                let after = last.key.path().to_owned();
                Token { revision: Some(listing.revision), after }.text()
            }
            _ => String::new(),
        };
        Ok(Page {
            revision: listing.revision,
            remaining: listing.remaining.filter(|n| *n > 0),
            items: listing.items,
            continue_token,
        })
    }

    /// The revision at which a list has to be, `None` for the newest.
    fn wanted_revision(&self, list: &ListParams) -> Result<Option<u64>, ApiError> {
        let Some(asked) = list.revision.filter(|r| *r > 0) else { return Ok(None) };
        let current = self.store().revision();
        if asked > current {
            return Err(ApiError::too_large_version(asked, current));
        }
        // A limit with a version and no word on how it matches means exactly it, as etcd had it.
        let exact = list.exact.unwrap_or(list.limit > 0);
        Ok(exact.then_some(asked))
    }
}

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list \
    result. You can start a new list without the continue parameter, or use the continue token in \
    this response to retrieve the remainder of the results. Continuing with the provided token \
    results in an inconsistent list - objects that were created, modified, or deleted between the \
    time the first chunk was returned and now may show up in the list. Token: ";

/// A continue token: the form is the real server's.
#[derive(Clone)]
struct Token {
    revision: Option<u64>,
    after: String,
}

impl Token {
    fn text(&self) -> String {
        let revision = self.revision.map_or(-1, |r| i64::try_from(r).unwrap_or(i64::MAX));
        let token: Value = map! {
            "v": "meta.k8s.io/v1",
            "rv": revision,
            "start": format!("{}\u{0}", self.after),
        }
        .into();
        URL_SAFE_NO_PAD.encode(object::to_json(&token))
    }

    fn parse(text: &str) -> Result<Self, ApiError> {
        let wrong = |e: &dyn std::fmt::Display| {
            ApiError::bad_request(format!("continue key is not valid: {e}"))
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|e| wrong(&e))?;
        let token = object::from_json(&bytes).map_err(|e| wrong(&e))?;
        let revision = token.get("rv").and_then(Value::as_int);
        let after = token.get("start").and_then(Value::as_str);
        match (token.get("v").and_then(Value::as_str), revision, after) {
            (Some("meta.k8s.io/v1"), Some(revision), Some(after)) => Ok(Self {
                revision: u64::try_from(revision).ok(),
                after: after.trim_end_matches('\u{0}').to_owned(),
            }),
            _ => Err(wrong(&"incorrect encoded continue token")),
        }
    }
}
