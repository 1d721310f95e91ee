//! Watches: the changes of a collection as a stream of lines.

use super::encode::{self, Form};
use super::error::ApiError;
use super::read::{revision, selector};
use super::reply::{Reply, ReplyBody};
use super::{Api, Params, Selector, Target};
use crate::convert;
use crate::store::{self, Event, EventKind, LINE_END, StoreError, Stored};
use crate::table::{self, TableOptions};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use object::{Manifest, Value, map};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a watch lives when the client does not say, at least.
const LIFETIME: Duration = Duration::from_secs(1800);
/// Between two bookmarks.
const BOOKMARKS: Duration = Duration::from_secs(60);

struct Watching {
    api: Api,
    target: Target,
    selector: Selector,
    form: Form,
    watch: store::Watch,
    /// What was there at the start and is still to be sent.
    initial: std::vec::IntoIter<Arc<Stored>>,
    /// Whether a bookmark follows it.
    end_initial: bool,
    /// Lines that wait to be sent; bounded by the size of a store's batch.
    lines: VecDeque<Bytes>,
    bookmarks: bool,
    deadline: Instant,
    next_bookmark: Instant,
    headers: bool,
    done: bool,
}

impl Api {
    /// Follows a collection.
    ///
    /// # Errors
    /// 400 and 422 for a query that cannot be, 504 for a version to come.
    pub(super) fn watch(
        &self,
        target: &Target,
        params: &Params,
        form: Form,
    ) -> Result<Reply, ApiError> {
        let start = Start::read(params)?;
        let mut selector = selector(params, target)?;
        if !target.name.is_empty() {
            let field = format!("metadata.name={}", target.name);
            selector.fields = super::FieldSelector::parse(&field, &target.served)?;
        }
        let begun = self.begin(target, &selector, &start);
        let (watch, initial) = match begun {
            Ok(begun) => begun,
            Err(error @ StoreError::Gone { .. }) => {
                let error = ApiError::expired(error.to_string());
                return Ok(respond(Box::pin(futures::stream::iter([error_line(&error)]))));
            }
            Err(error) => return Err(ApiError::from_store(&error, &target.served, "")),
        };
        let seconds = params.number("timeoutSeconds")?.and_then(|n| u64::try_from(n).ok());
        let lifetime = match seconds {
            Some(seconds) if seconds > 0 => Duration::from_secs(seconds),
            // Spread, so that clients that came together do not come back together.
            _ => LIFETIME + Duration::from_millis(self.store().revision() * 7919 % 1_800_000),
        };
        let now = Instant::now();
        let watching = Watching {
            api: self.clone(),
            initial: initial.into_iter(),
            end_initial: start.send_initial == Some(true),
            target: target.clone(),
            selector,
            form,
            watch,
            lines: VecDeque::new(),
            bookmarks: start.bookmarks,
            deadline: now + lifetime,
            next_bookmark: now + BOOKMARKS,
            headers: true,
            done: false,
        };
        let stream = futures::stream::unfold(watching, |mut watching| async move {
            let line = watching.next().await?;
            Some((line, watching))
        });
        Ok(respond(Box::pin(stream)))
    }

    fn begin(
        &self,
        target: &Target,
        selector: &Selector,
        start: &Start,
    ) -> Result<(store::Watch, Vec<Arc<Stored>>), StoreError> {
        let id = &target.served.id;
        let from = match (start.send_initial, start.revision) {
            (Some(true), _) | (None, None | Some(0)) => None,
            (Some(false), None | Some(0)) => Some(self.store().revision()),
            (_, Some(revision)) => Some(revision),
        };
        if let Some(from) = from {
            return Ok((self.store().watch(Some(id), target.namespace(), from)?, Vec::new()));
        }
        let filter = |object: &Stored| selector.matches(object);
        let query = store::ListQuery {
            namespace: target.namespace(),
            filter: Some(&filter),
            ..store::ListQuery::default()
        };
        let listing = self.store().list(id, &query)?;
        let watch = self.store().watch(Some(id), target.namespace(), listing.revision)?;
        Ok((watch, listing.items))
    }
}

/// Where a watch begins.
struct Start {
    revision: Option<u64>,
    send_initial: Option<bool>,
    bookmarks: bool,
}

impl Start {
    fn read(params: &Params) -> Result<Self, ApiError> {
        let send_initial = params.get("sendInitialEvents").map(|v| v != "false" && v != "0");
        let matches = params.get("resourceVersionMatch");
        let refuse = |field: &str, why: &str| {
            let mut error = ApiError::bad_request(format!(
                "ListOptions.meta.k8s.io \"\" is invalid: {field}: Forbidden: {why}"
            ));
            error.code = StatusCode::UNPROCESSABLE_ENTITY;
            error.reason = "Invalid";
            Err(error)
        };
        match (send_initial, matches) {
            (Some(_), Some("NotOlderThan")) | (None, None) => {}
            (Some(_), _) => {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                return refuse("resourceVersionMatch", why);
            }
            (None, Some(_)) => {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is \
                           provided";
                return refuse("resourceVersionMatch", why);
            }
        }
        let bookmarks = params.flag("allowWatchBookmarks");
        Ok(Self { revision: revision(params)?, send_initial, bookmarks })
    }
}

fn respond(stream: std::pin::Pin<Box<dyn futures::Stream<Item = Bytes> + Send>>) -> Reply {
    let mut reply = http::Response::new(ReplyBody::Stream(stream));
    let json = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(header::CONTENT_TYPE, json);
    let cache = HeaderValue::from_static("no-cache, private");
    reply.headers_mut().insert(header::CACHE_CONTROL, cache);
    reply
}

fn error_line(error: &ApiError) -> Bytes {
    let mut line = b"{\"type\":\"ERROR\",\"object\":".to_vec();
    line.extend_from_slice(&object::to_json(&error.status()));
    line.extend_from_slice(LINE_END.as_bytes());
    line.into()
}

impl Watching {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(object) = self.initial.next() {
                return Some(self.line(EventKind::Added, &object, None));
            }
            if std::mem::take(&mut self.end_initial) {
                return Some(self.bookmark(true));
            }
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.done {
                return None;
            }
            let wake = self.next_bookmark.min(self.deadline);
            tokio::select! {
                events = self.watch.next() => self.take(events),
                () = tokio::time::sleep_until(wake) => self.tick(),
            }
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        self.done = now >= self.deadline;
        self.next_bookmark = now + BOOKMARKS;
        if self.bookmarks {
            // Events may have come since the last look: a bookmark must not run ahead of them.
            let events = self.watch.ready();
            self.take(events);
            let line = self.bookmark(false);
            self.lines.push_back(line);
        }
    }

    fn take(&mut self, events: Result<Vec<Event>, StoreError>) {
        match events {
            Ok(events) => {
                for event in events {
                    if let Some(line) = self.event_line(&event) {
                        self.lines.push_back(line);
                    }
                }
            }
            Err(StoreError::Closed) => self.done = true,
            Err(error) => {
                self.lines.push_back(error_line(&ApiError::expired(error.to_string())));
                self.done = true;
            }
        }
    }

    /// The event as this watcher sees it: an object that comes to match its selector is added, one that
    /// ceases to match is deleted.
    fn event_line(&mut self, event: &Event) -> Option<Bytes> {
        let object = &event.object;
        if self.selector.is_empty() {
            return Some(self.line(object.event, object, None));
        }
        let exists = object.event != EventKind::Deleted;
        let is = exists && self.selector.matches(object);
        let was = event.previous.as_ref().filter(|p| self.selector.matches(p));
        match (was, is) {
            (None, false) => None,
            (None, true) => Some(self.line(EventKind::Added, object, None)),
            (Some(_), true) => Some(self.line(EventKind::Modified, object, None)),
            (Some(_), false) if !exists => Some(self.line(EventKind::Deleted, object, None)),
            // The last state that matched, with the version that made it cease to.
            (Some(was), false) => Some(self.line(EventKind::Deleted, was, Some(object.revision))),
        }
    }

    fn line(&mut self, kind: EventKind, object: &Stored, revision: Option<u64>) -> Bytes {
        let served = &self.target.served;
        if self.form == Form::Json
            && revision.is_none()
            && convert::is_stored_form(served, &object.json())
        {
            if kind == object.event {
                return object.line();
            }
            return wrap(kind.prefix(), &object.json());
        }
        let mut value = match encode::decoded(served, object) {
            Ok(value) => value,
            Err(error) => {
                self.done = true;
                return error_line(&error);
            }
        };
        if let Some(revision) = revision {
            value.metadata_mut().insert("resourceVersion", revision.to_string());
        }
        let shown = match self.form {
            Form::Json | Form::Yaml => value,
            Form::Metadata => encode::metadata_only(&value),
            Form::Table(include) => {
                let version = value.meta("resourceVersion").unwrap_or_default();
                let meta = Value::Map(map! {"resourceVersion": version});
                let options = TableOptions { include, headers: self.headers };
                self.headers = false;
                table::table(&served.printer, meta, [&value], options, self.api.clock().now())
            }
        };
        wrap(kind.prefix(), &object::to_json(&shown))
    }

    fn bookmark(&self, initial_end: bool) -> Bytes {
        let kind = &self.target.served.kind;
        let mut meta = map! {"resourceVersion": self.watch.position().to_string()};
        if initial_end {
            meta.insert("annotations", map! {"k8s.io/initial-events-end": "true"});
        }
        let object: Value = match self.form {
            Form::Table(_) | Form::Metadata => map! {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": meta,
            },
            _ => map! {
                "kind": kind.kind.as_str(),
                "apiVersion": kind.api_version(),
                "metadata": meta,
            },
        }
        .into();
        wrap("{\"type\":\"BOOKMARK\",\"object\":", &object::to_json(&object))
    }
}

fn wrap(prefix: &str, object: &[u8]) -> Bytes {
    let mut line = Vec::with_capacity(prefix.len() + object.len() + LINE_END.len());
    line.extend_from_slice(prefix.as_bytes());
    line.extend_from_slice(object);
    line.extend_from_slice(LINE_END.as_bytes());
    line.into()
}
