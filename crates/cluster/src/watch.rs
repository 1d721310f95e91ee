//! A collection followed for ever: list, watch, resume, and start anew when the server forgot.

use crate::{ApiError, Client, Resource};
use futures::StreamExt;
use http_body_util::BodyExt;
use kube::client::Body;
use object::{Manifest, Value};
use std::time::Duration;

/// What following a collection tells.
#[derive(Debug)]
pub enum Followed {
    /// A list begins: what the follower knows is not shown again until [`Followed::Synced`].
    Restarted,
    /// An object is there, or changed.
    Applied(Value),
    /// An object is gone; its last state.
    Deleted(Value),
    /// The list is complete: objects not shown since [`Followed::Restarted`] are gone.
    Synced,
    /// The connection failed; it is tried again by itself.
    Failed(ApiError),
}

/// What to follow.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The kind.
    pub resource: Resource,
    /// One namespace, or all when empty.
    pub namespace: String,
    /// Label selector, everything when empty.
    pub labels: String,
}

const PAGE: &str = "500";
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a watch ended.
enum End {
    /// The server closed it: go on from the last version seen.
    Resume,
    /// The server no longer has that version: list again.
    Relist,
}

/// Follows a collection until `tell` answers `false`.
///
/// States: listing (pages of 500) -> watching from the list's version -> on a closed stream watching again from
/// the last version seen (bookmarks move it) -> on 410 listing again. Failures pause 0.1 s, doubling to 30 s.
pub async fn follow(client: &Client, what: &Follow, mut tell: impl FnMut(Followed) -> bool) {
    let mut pause = Duration::from_millis(100);
    loop {
        let mut version = match list(client, what, &mut tell).await {
            Ok(Some(version)) => version,
            Ok(None) => return,
            Err(error) => {
                if !tell(Followed::Failed(error)) {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
        };
        pause = Duration::from_millis(100);
        loop {
            match watch(client, what, &mut version, &mut tell).await {
                Ok(Some(End::Resume)) => {}
                Ok(Some(End::Relist)) => break,
                Ok(None) => return,
                Err(error) if error.is_gone() => break,
                Err(error) => {
                    if !tell(Followed::Failed(error)) {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Lists every page; the answer is the version to watch from, `None` when the follower had enough.
async fn list(
    client: &Client,
    what: &Follow,
    tell: &mut impl FnMut(Followed) -> bool,
) -> Result<Option<String>, ApiError> {
    let mut token = String::new();
    let mut started = false;
    loop {
        let mut query = vec![("limit", PAGE)];
        if !what.labels.is_empty() {
            query.push(("labelSelector", &what.labels));
        }
        if !token.is_empty() {
            query.push(("continue", &token));
        }
        let mut page = client.list(&what.resource, &what.namespace, &query).await?;
        if !started {
            started = true;
            if !tell(Followed::Restarted) {
                return Ok(None);
            }
        }
        let version = page.meta("resourceVersion").unwrap_or_default().to_owned();
        token = page.meta("continue").unwrap_or_default().to_owned();
        let items = page.get_mut("items").map(std::mem::take);
        if let Some(Value::List(items)) = items {
            for mut item in items {
                name_kind(&mut item, &what.resource);
                if !tell(Followed::Applied(item)) {
                    return Ok(None);
                }
            }
        }
        if token.is_empty() {
            return Ok(tell(Followed::Synced).then_some(version));
        }
    }
}

/// Items of a list come without `apiVersion` and `kind` for built-in types.
fn name_kind(item: &mut Value, resource: &Resource) {
    if let Some(map) = item.as_map_mut()
        && !map.contains_key("kind")
    {
        map.insert("apiVersion", resource.gvk.api_version());
        map.insert("kind", resource.gvk.kind.as_str());
    }
}

async fn watch(
    client: &Client,
    what: &Follow,
    version: &mut String,
    tell: &mut impl FnMut(Followed) -> bool,
) -> Result<Option<End>, ApiError> {
    let mut query = vec![
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version.as_str()),
        ("timeoutSeconds", "290"),
    ];
    if !what.labels.is_empty() {
        query.push(("labelSelector", &what.labels));
    }
    let body = client.watch(&what.resource, &what.namespace, &query).await?;
    let mut lines = Lines::new(body);
    while let Some(line) = lines.next().await? {
        let mut event = object::from_json(&line).map_err(|e| ApiError::Answer(e.to_string()))?;
        let Some(object) = event.get_mut("object").map(std::mem::take) else { continue };
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind == "ERROR" {
            let error = ApiError::from_status(500, None, &object);
            if error.is_gone() {
                return Ok(Some(End::Relist));
            }
            return Err(error);
        }
        if let Some(seen) = object.meta("resourceVersion") {
            seen.clone_into(version);
        }
        let go_on = match kind {
            "ADDED" | "MODIFIED" => tell(Followed::Applied(object)),
            "DELETED" => tell(Followed::Deleted(object)),
            _ => true,
        };
        if !go_on {
            return Ok(None);
        }
    }
    Ok(Some(End::Resume))
}

/// The lines of a streaming body.
struct Lines {
    body: futures::stream::BoxStream<'static, Result<bytes::Bytes, ApiError>>,
    buffer: Vec<u8>,
    /// Up to here the buffer is known to hold no line end.
    searched: usize,
}

impl Lines {
    fn new(body: Body) -> Self {
        let stream = body
            .into_data_stream()
            .map(|chunk| chunk.map_err(|e| ApiError::Connection(crate::client::chain(&e))));
        Self { body: stream.boxed(), buffer: Vec::new(), searched: 0 }
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        loop {
            if let Some(at) = self.buffer[self.searched..].iter().position(|b| *b == b'\n') {
                let rest = self.buffer.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                self.searched = 0;
                line.pop();
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            match self.body.next().await {
                Some(chunk) => self.buffer.extend_from_slice(&chunk?),
                None => return Ok(None),
            }
        }
    }
}
