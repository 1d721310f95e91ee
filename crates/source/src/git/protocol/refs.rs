//! Asking which references there are.

use super::super::error::GitError;
use super::super::location::Location;
use super::super::select::RemoteRef;
use super::packets::{self, Packet, Packets};
use super::{Capabilities, Transport, greeting};
use gix::ObjectId;

/// More references than this are not listed: the answer is a mistake or an attack.
const MOST: usize = 1_000_000;

/// The server's references whose names begin with one of `prefixes` (version 0 servers list all of them).
/// `known` are the capabilities of an earlier greeting: where the transport allows, they save the greeting, and
/// the whole question is one request.
pub(crate) async fn list<T: Transport>(
    transport: &mut T,
    prefixes: &[String],
    known: Option<Capabilities>,
) -> Result<(Vec<RemoteRef>, Capabilities), GitError> {
    let location = transport.location().clone();
    if let Some(capabilities) = known.filter(|c| c.v2 && transport.stateless()) {
        // A server that has become another since is asked again from the start.
        match list_v2(transport, prefixes, &capabilities, &location).await {
            Ok(refs) => return Ok((refs, capabilities)),
            Err(
                GitError::Protocol { .. } | GitError::Refused { .. } | GitError::NotFound { .. },
            ) => {}
            Err(e) => return Err(e),
        }
    }
    let packets = transport.greet().await?;
    let (capabilities, first) = greeting(packets, &location).await?;
    let refs = if capabilities.v2 {
        list_v2(transport, prefixes, &capabilities, &location).await?
    } else {
        let mut refs = list_v0(packets, first, &location).await?;
        refs.retain(|r| prefixes.iter().any(|prefix| r.name.starts_with(prefix)));
        refs
    };
    Ok((refs, capabilities))
}

async fn list_v2<T: Transport>(
    transport: &mut T,
    prefixes: &[String],
    capabilities: &Capabilities,
    location: &Location,
) -> Result<Vec<RemoteRef>, GitError> {
    let mut request = capabilities.v2_request("ls-refs");
    packets::line(&mut request, "peel");
    for prefix in prefixes {
        packets::line(&mut request, &format!("ref-prefix {prefix}"));
    }
    request.extend_from_slice(packets::FLUSH);
    let packets = transport.ask(request).await?;
    let mut refs = Vec::new();
    while let Packet::Data(data) = packets.next(location).await? {
        let text = String::from_utf8_lossy(packets::trimmed(data)).into_owned();
        let mut words = text.split(' ');
        let (Some(id), Some(name)) = (words.next(), words.next()) else {
            return Err(strange(location, &text));
        };
        // A branch without a commit yet.
        if id == "unborn" {
            continue;
        }
        let id = object_id(id).ok_or_else(|| strange(location, &text))?;
        let peeled = words.find_map(|word| word.strip_prefix("peeled:").and_then(object_id));
        push(&mut refs, RemoteRef { name: name.to_owned(), id, peeled }, location)?;
    }
    Ok(refs)
}

/// The references of a version 0 greeting, whose first packet was read already.
pub(super) async fn list_v0(
    packets: &mut Packets,
    first: Option<Vec<u8>>,
    location: &Location,
) -> Result<Vec<RemoteRef>, GitError> {
    let mut refs: Vec<RemoteRef> = Vec::new();
    let mut next = first;
    while let Some(packet) = next {
        let line = packets::trimmed(packet.split(|b| *b == 0).next().unwrap_or_default());
        let text = String::from_utf8_lossy(line).into_owned();
        if !text.starts_with("shallow ") {
            let (id, name) = text.split_once(' ').ok_or_else(|| strange(location, &text))?;
            let id = object_id(id).ok_or_else(|| strange(location, &text))?;
            match name.strip_suffix("^{}") {
                // An empty repository says so with a null id.
                Some("capabilities") => {}
                Some(tag) => {
                    if let Some(last) = refs.last_mut().filter(|r| r.name == tag) {
                        last.peeled = Some(id);
                    }
                }
                None => push(
                    &mut refs,
                    RemoteRef { name: name.to_owned(), id, peeled: None },
                    location,
                )?,
            }
        }
        next = match packets.next(location).await? {
            Packet::Data(data) => Some(data.to_vec()),
            _ => None,
        };
    }
    Ok(refs)
}

fn push(refs: &mut Vec<RemoteRef>, found: RemoteRef, location: &Location) -> Result<(), GitError> {
    if refs.len() >= MOST {
        return Err(GitError::TooLarge {
            url: location.to_string(),
            problem: format!("more than {MOST} references"),
        });
    }
    refs.push(found);
    Ok(())
}

fn object_id(hex: &str) -> Option<ObjectId> {
    (hex.len() == 40).then(|| ObjectId::from_hex(hex.as_bytes()).ok()).flatten()
}

fn strange(location: &Location, line: &str) -> GitError {
    GitError::Protocol {
        url: location.to_string(),
        problem: format!("no reference: '{}'", super::super::error::remote_words(line.as_bytes())),
    }
}
