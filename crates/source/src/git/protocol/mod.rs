//! The client's half of Git's protocol: version 2, and versions 0 and 1 when the server knows no better.
//!
//! Two questions only: which references there are, and the objects of some commits. Formats:
//! gitprotocol-v2(5), gitprotocol-pack(5), gitprotocol-common(5). Deliberately absent: several rounds of
//! negotiation (we know which few commits we have), filters, bundle URIs, pushing.

mod fetch;
mod packets;
mod refs;

pub(crate) use fetch::{Wants, fetch};
pub(crate) use packets::{Chunks, Packets, refused};
pub(crate) use refs::list;

use super::error::GitError;
use super::location::Location;
use packets::Packet;
use std::future::Future;

/// How requests travel.
pub(crate) trait Transport: Send {
    /// Opens the conversation: packets from the server's greeting on (capabilities, or its references).
    fn greet(&mut self) -> impl Future<Output = Result<&mut Packets, GitError>> + Send;

    /// Sends a request and gives the packets of the answer.
    fn ask(
        &mut self,
        request: Vec<u8>,
    ) -> impl Future<Output = Result<&mut Packets, GitError>> + Send;

    /// Whether a request may be sent without a greeting before it (each one stands alone).
    fn stateless(&self) -> bool;

    /// For messages.
    fn location(&self) -> &Location;
}

/// What the server said it can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capabilities {
    /// Protocol version 2.
    pub(crate) v2: bool,
    words: Vec<String>,
}

impl Capabilities {
    fn value(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| match word.split_once('=') {
            Some((key, value)) => (key == name).then_some(value),
            None => (word == name).then_some(""),
        })
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether a feature of a version 2 command is offered, as in `fetch=shallow filter`.
    fn command_has(&self, command: &str, feature: &str) -> bool {
        self.value(command).is_some_and(|features| features.split(' ').any(|f| f == feature))
    }

    /// The lines common to all version 2 requests.
    fn v2_request(&self, command: &str) -> Vec<u8> {
        let mut out = Vec::new();
        packets::line(&mut out, &format!("command={command}"));
        if self.has("agent") {
            packets::line(&mut out, concat!("agent=windlass/", env!("CARGO_PKG_VERSION")));
        }
        if self.has("object-format") {
            packets::line(&mut out, "object-format=sha1");
        }
        out.extend_from_slice(packets::DELIMITER);
        out
    }

    fn check(&self, location: &Location) -> Result<(), GitError> {
        match self.value("object-format") {
            None | Some("sha1") => Ok(()),
            Some(other) => Err(GitError::Protocol {
                url: location.to_string(),
                problem: format!(
                    "it keeps {other} objects; only repositories of sha1 objects can be read"
                ),
            }),
        }
    }
}

/// Reads the greeting. With version 2 these are the capabilities; before, the references come with them and the
/// first of their packets is given back.
async fn greeting(
    packets: &mut Packets,
    location: &Location,
) -> Result<(Capabilities, Option<Vec<u8>>), GitError> {
    let mut first = match packets.next(location).await? {
        Packet::Data(data) => data.to_vec(),
        _ => return Ok((Capabilities::default(), None)),
    };
    if first.starts_with(b"version 1") {
        first = match packets.next(location).await? {
            Packet::Data(data) => data.to_vec(),
            _ => return Ok((Capabilities::default(), None)),
        };
    }
    if first.starts_with(b"version 2") {
        let mut capabilities = Capabilities { v2: true, words: Vec::new() };
        while let Packet::Data(data) = packets.next(location).await? {
            capabilities.words.push(String::from_utf8_lossy(packets::trimmed(data)).into_owned());
        }
        capabilities.check(location)?;
        return Ok((capabilities, None));
    }
    let words = match first.iter().position(|b| *b == 0) {
        Some(at) => String::from_utf8_lossy(packets::trimmed(&first[at + 1..]))
            .split(' ')
            .map(str::to_owned)
            .collect(),
        None => Vec::new(),
    };
    let capabilities = Capabilities { v2: false, words };
    capabilities.check(location)?;
    Ok((capabilities, Some(first)))
}

#[cfg(test)]
mod tests;
