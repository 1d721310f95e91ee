//! One request as Events of the audit log.

use super::log::Log;
use super::policy::{Level, Told};
use crate::access::{Attributes, Identity};
use crate::clock::Clock;
use crate::rest::reply::{Reply, ReplyBody};
use crate::rest::{Annotations, new_uid};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use object::{Manifest, Map, Value, map};
use std::net::IpAddr;

/// What is known of a request from outside.
pub(crate) struct Asked<'a> {
    /// The path with its query.
    pub(crate) uri: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) peer: Option<IpAddr>,
}

/// A request that is followed.
#[derive(Clone)]
pub(crate) struct Trace {
    told: Told,
    log: Log,
    clock: Clock,
    event: Map,
}

/// The longest header value that is told, in bytes (`maxUserAgentLength`).
const LONGEST_AGENT: usize = 1024;

fn micro(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

impl Trace {
    pub(super) fn begin(
        told: Told,
        log: Log,
        clock: Clock,
        attributes: &Attributes,
        asked: &Asked<'_>,
    ) -> Self {
        let header = |name: &str| asked.headers.get(name).and_then(|v| v.to_str().ok());
        let id = header("audit-id").filter(|id| !id.is_empty() && id.len() <= 64);
        let mut event = map! {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": told.level.as_str(),
            "auditID": id.map_or_else(new_uid, str::to_owned),
            "requestURI": asked.uri,
            "verb": attributes.verb.as_str(),
            "requestReceivedTimestamp": micro(clock.now()),
        };
        if let Some(peer) = asked.peer {
            event.insert("sourceIPs", vec![Value::from(peer.to_string())]);
        }
        if let Some(agent) = header("user-agent") {
            event.insert("userAgent", &agent[..agent.floor_char_boundary(LONGEST_AGENT)]);
        }
        if attributes.is_resource() {
            event.insert("objectRef", reference(attributes));
        }
        Self { told, log, clock, event }
    }

    pub(super) fn by(mut self, who: &Identity, other: Option<&Identity>) -> Self {
        self.event.insert("user", who.user_info());
        if let Some(other) = other {
            self.event.insert("impersonatedUser", other.user_info());
        }
        self
    }

    /// What authorization said.
    pub(crate) fn decided(&mut self, allowed: bool, reason: &str) {
        self.annotate("authorization.k8s.io/decision", if allowed { "allow" } else { "forbid" });
        self.annotate("authorization.k8s.io/reason", reason);
    }

    fn annotate(&mut self, key: &str, value: &str) {
        self.event.entry("annotations").make_map().insert(key, value);
    }

    /// The body that came.
    pub(crate) fn received(&mut self, body: &Bytes, content_type: &str) {
        if body.is_empty() {
            return;
        }
        let media = crate::rest::body::Media::parse(content_type);
        let decoded = media.and_then(|media| crate::rest::body::decode(body, media).ok());
        let Some(mut object) = decoded else { return };
        if let Some(Value::Map(reference)) = self.event.get_mut("objectRef") {
            for key in ["name", "uid", "resourceVersion"] {
                let given = object.meta(key).filter(|text| !text.is_empty());
                if let Some(given) = given.filter(|_| !reference.contains_key(key)) {
                    reference.insert(key, given);
                }
            }
        }
        if self.told.level >= Level::Request {
            self.trim(&mut object);
            self.event.insert("requestObject", object);
        }
    }

    fn trim(&self, object: &mut Value) {
        if !self.told.omits_managed_fields {
            return;
        }
        if let Some(Value::Map(metadata)) = object.get_mut("metadata") {
            metadata.remove("managedFields");
        }
        if let Some(Value::List(items)) = object.get_mut("items") {
            items.iter_mut().for_each(|item| self.trim(item));
        }
    }

    /// The answer. A watch begins here, and is complete when the trace that is given back is told so.
    pub(crate) fn answered(mut self, reply: &Reply) -> Option<Self> {
        let code = reply.status();
        let mut status = map! {"metadata": Map::new(), "code": i64::from(code.as_u16())};
        if let Some(Annotations(annotations)) = reply.extensions().get() {
            for (key, value) in annotations {
                self.annotate(key, value);
            }
        }
        let streams = matches!(reply.body(), ReplyBody::Stream(_));
        if let ReplyBody::Full(Some(bytes)) = reply.body()
            && (code.is_client_error()
                || code.is_server_error()
                || self.told.level == Level::RequestResponse)
            && let Ok(mut object) = object::from_json(bytes)
        {
            if object.kind() == "Status" {
                for key in ["status", "message", "reason", "details"] {
                    if let Some(member) = object.get(key) {
                        status.insert(key, member.clone());
                    }
                }
            }
            if self.told.level == Level::RequestResponse {
                self.trim(&mut object);
                self.event.insert("responseObject", object);
            }
        }
        self.event.insert("responseStatus", status);
        if streams {
            self.tell("ResponseStarted");
            return Some(self);
        }
        self.tell("ResponseComplete");
        None
    }

    /// Writes what is known now, as this stage.
    pub(crate) fn tell(&self, stage: &str) {
        if self.told.omitted_stages.iter().any(|s| s == stage) {
            return;
        }
        let mut event = self.event.clone();
        event.insert("stage", stage);
        event.insert("stageTimestamp", micro(self.clock.now()));
        let mut line = object::to_json(&event.into());
        line.push(b'\n');
        self.log.write(line);
    }
}

fn reference(attributes: &Attributes) -> Map {
    let members = [
        ("resource", &attributes.resource),
        ("namespace", &attributes.namespace),
        ("name", &attributes.name),
        ("apiGroup", &attributes.group),
        ("apiVersion", &attributes.version),
        ("subresource", &attributes.subresource),
    ];
    members.into_iter().filter(|(_, text)| !text.is_empty()).map(|(k, t)| (k, t.as_str())).collect()
}
