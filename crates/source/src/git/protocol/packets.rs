//! The packet line format: four hexadecimal digits of length, then the bytes.

use super::super::error::{GitError, remote_words};
use super::super::location::Location;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

/// The packet that ends a message.
pub(super) const FLUSH: &[u8] = b"0000";
/// The packet between the parts of a message.
pub(super) const DELIMITER: &[u8] = b"0001";
/// The longest packet there is.
const LONGEST: usize = 65_520;

/// Appends a text line.
pub(super) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

/// A line without its line break.
pub(super) fn trimmed(data: &[u8]) -> &[u8] {
    data.strip_suffix(b"\n").unwrap_or(data)
}

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    Flush,
    Delimiter,
    ResponseEnd,
    Data(&'a [u8]),
}

/// Where bytes come from, piece by piece.
pub(crate) enum Chunks {
    /// The body of an HTTP answer.
    Http(hyper::body::Incoming),
    /// A channel fed by another task.
    Channel(mpsc::Receiver<Result<Bytes, GitError>>),
    /// Nothing is to come.
    Empty,
}

impl Chunks {
    async fn next(&mut self, location: &Location) -> Result<Option<Bytes>, GitError> {
        match self {
            Self::Empty => Ok(None),
            Self::Channel(receiver) => receiver.recv().await.transpose(),
            Self::Http(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                    Some(Err(e)) => {
                        return Err(GitError::Network {
                            url: location.to_string(),
                            problem: "the connection broke in the middle of the answer".to_owned(),
                            source: Some(Box::new(e)),
                        });
                    }
                }
            },
        }
    }
}

/// Packets out of chunks, with a limit on all bytes of a conversation.
pub(crate) struct Packets {
    chunks: Chunks,
    buffer: BytesMut,
    /// Length of the packet handed out last, still at the front of the buffer.
    consumed: usize,
    received: u64,
    limit: u64,
}

impl Packets {
    pub(crate) fn new(chunks: Chunks, limit: u64) -> Self {
        Self { chunks, buffer: BytesMut::new(), consumed: 0, received: 0, limit }
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Passes over the announcement of the service, which HTTP servers put before a greeting of version 0.
    pub(crate) async fn skip_service(&mut self, location: &Location) -> Result<(), GitError> {
        let announced = matches!(self.next(location).await?, Packet::Data(data) if data.starts_with(b"# service="));
        if announced {
            self.next(location).await?;
        } else {
            // It was the greeting itself: it comes again.
            self.consumed = 0;
        }
        Ok(())
    }

    async fn fill(&mut self, length: usize, location: &Location) -> Result<bool, GitError> {
        while self.buffer.len() < length {
            let Some(chunk) = self.chunks.next(location).await? else { return Ok(false) };
            self.received += chunk.len() as u64;
            if self.received > self.limit {
                return Err(GitError::TooLarge {
                    url: location.to_string(),
                    problem: format!("the answer has more than {} MB", self.limit >> 20),
                });
            }
            self.buffer.extend_from_slice(&chunk);
        }
        Ok(true)
    }

    /// The next packet. A server's `ERR` packet is an error.
    pub(crate) async fn next(&mut self, location: &Location) -> Result<Packet<'_>, GitError> {
        let strange = |problem: String| GitError::Protocol { url: location.to_string(), problem };
        let consumed = std::mem::take(&mut self.consumed);
        let _ = self.buffer.split_to(consumed);
        if !self.fill(4, location).await? {
            return Err(strange("the answer ends too early".to_owned()));
        }
        let length = std::str::from_utf8(&self.buffer[..4])
            .ok()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .ok_or_else(|| {
                strange(format!("no packet begins with '{}'", remote_words(&self.buffer[..4])))
            })?;
        self.consumed = length.max(4);
        match length {
            0 => return Ok(Packet::Flush),
            1 => return Ok(Packet::Delimiter),
            2 => return Ok(Packet::ResponseEnd),
            3 => return Err(strange("a packet of length 3".to_owned())),
            _ if length > LONGEST => return Err(strange(format!("a packet of {length} bytes"))),
            _ => {}
        }
        if !self.fill(length, location).await? {
            return Err(strange("the answer ends in the middle of a packet".to_owned()));
        }
        let data = &self.buffer[4..length];
        if let Some(words) = data.strip_prefix(b"ERR ") {
            return Err(refused(location, words));
        }
        Ok(Packet::Data(data))
    }
}

/// The server's own refusal, as close to its meaning as its words allow.
pub(crate) fn refused(location: &Location, words: &[u8]) -> GitError {
    let message = remote_words(words);
    let url = location.to_string();
    if message.contains("not our ref") || message.contains("no such remote ref") {
        return GitError::NotFound {
            url,
            wanted: "commit as asked for".to_owned(),
            hint: format!("; the server says: {message}"),
        };
    }
    if message.contains("access denied")
        || message.contains("Permission denied")
        || message.contains("not authorized")
    {
        return GitError::Authentication {
            url,
            problem: format!("the server says: {message}; check the Secret of spec.secretRef"),
        };
    }
    GitError::Refused { url, message }
}
