//! Asking for the objects of a commit.

use super::super::error::GitError;
use super::super::location::Location;
use super::packets::{self, Packet, Packets, refused};
use super::refs::list_v0;
use super::{Capabilities, Transport, greeting};
use bytes::Bytes;
use gix::ObjectId;
use tokio::sync::mpsc;

/// What is wanted and what is here.
#[derive(Clone, Debug)]
pub(crate) struct Wants {
    /// The commit, or an annotated tag that leads to it.
    pub(crate) commit: ObjectId,
    /// Where it can be found by name, for servers that give no commit by its id.
    pub(crate) name: Option<String>,
    /// Commits that are here with everything they need.
    pub(crate) have: Vec<ObjectId>,
    /// Those of them whose parents are not here.
    pub(crate) shallow: Vec<ObjectId>,
}

/// Asks for the objects and sends the pack, piece by piece, into `pack`. Gives the capabilities for next time
/// and how many bytes came.
pub(crate) async fn fetch<T: Transport>(
    transport: &mut T,
    wants: &Wants,
    known: Option<Capabilities>,
    pack: &mpsc::Sender<Bytes>,
) -> Result<(Capabilities, u64), GitError> {
    let location = transport.location().clone();
    let known = known.filter(|c| c.v2 && transport.stateless());
    let capabilities = match known {
        Some(capabilities) => capabilities,
        None => {
            let packets = transport.greet().await?;
            let (capabilities, first) = greeting(packets, &location).await?;
            if !capabilities.v2 {
                let refs = list_v0(packets, first, &location).await?;
                let request = request_v0(&capabilities, wants, &refs, &location)?;
                let packets = transport.ask(request).await?;
                receive(packets, &location, pack, true).await?;
                return Ok((capabilities, packets.received()));
            }
            capabilities
        }
    };
    let packets = transport.ask(request_v2(&capabilities, wants)).await?;
    receive(packets, &location, pack, false).await?;
    Ok((capabilities, packets.received()))
}

fn request_v2(capabilities: &Capabilities, wants: &Wants) -> Vec<u8> {
    let mut request = capabilities.v2_request("fetch");
    for feature in ["thin-pack", "ofs-delta", "no-progress"] {
        packets::line(&mut request, feature);
    }
    packets::line(&mut request, &format!("want {}", wants.commit));
    if capabilities.command_has("fetch", "shallow") {
        for id in &wants.shallow {
            packets::line(&mut request, &format!("shallow {id}"));
        }
        packets::line(&mut request, "deepen 1");
    }
    for id in &wants.have {
        packets::line(&mut request, &format!("have {id}"));
    }
    packets::line(&mut request, "done");
    request.extend_from_slice(packets::FLUSH);
    request
}

fn request_v0(
    capabilities: &Capabilities,
    wants: &Wants,
    refs: &[super::super::select::RemoteRef],
    location: &Location,
) -> Result<Vec<u8>, GitError> {
    let side_band = ["side-band-64k", "side-band"]
        .into_iter()
        .find(|band| capabilities.has(band))
        .ok_or_else(|| GitError::Protocol {
            url: location.to_string(),
            problem: "it offers no side-band".to_owned(),
        })?;
    let tip = refs.iter().any(|r| r.id == wants.commit || r.peeled == Some(wants.commit));
    let by_id = ["allow-any-sha1-in-want", "allow-reachable-sha1-in-want"]
        .iter()
        .any(|c| capabilities.has(c));
    // A commit that is no tip and may not be asked for comes with the history of its branch.
    let (want, whole_history) = if tip || by_id {
        (wants.commit, false)
    } else {
        let named = wants.name.as_ref().and_then(|name| refs.iter().find(|r| r.name == *name));
        let found = named.ok_or_else(|| GitError::NotFound {
            url: location.to_string(),
            wanted: format!("commit {} at the tip of a branch or tag", wants.commit),
            hint: "; the server gives no commit by its id, so set spec.ref.branch too".to_owned(),
        })?;
        (found.peeled.unwrap_or(found.id), true)
    };
    let mut words = vec![side_band];
    // Some servers (Azure DevOps) turn away clients that do not know multi_ack; its answers are passed over.
    words.extend(
        ["multi_ack_detailed", "thin-pack", "ofs-delta", "no-progress"]
            .into_iter()
            .filter(|c| capabilities.has(c)),
    );
    let deepen = !whole_history && capabilities.has("shallow");
    let mut request = Vec::new();
    packets::line(&mut request, &format!("want {want} {}", words.join(" ")));
    if capabilities.has("shallow") {
        for id in &wants.shallow {
            packets::line(&mut request, &format!("shallow {id}"));
        }
    }
    if deepen {
        packets::line(&mut request, "deepen 1");
    }
    request.extend_from_slice(packets::FLUSH);
    for id in &wants.have {
        packets::line(&mut request, &format!("have {id}"));
    }
    packets::line(&mut request, "done");
    Ok(request)
}

/// Reads past what comes before the pack, then passes the pack on.
async fn receive(
    packets: &mut Packets,
    location: &Location,
    pack: &mpsc::Sender<Bytes>,
    v0: bool,
) -> Result<(), GitError> {
    let mut in_pack = v0;
    let mut some = false;
    loop {
        let data = match packets.next(location).await? {
            Packet::Data(data) => data,
            // Version 0 ends its list of shallow commits with a flush, before anything of the pack.
            Packet::Flush if v0 && !some => continue,
            Packet::Flush | Packet::ResponseEnd if some => return Ok(()),
            Packet::Flush | Packet::ResponseEnd => {
                return Err(GitError::Protocol {
                    url: location.to_string(),
                    problem: "the answer holds no pack".to_owned(),
                });
            }
            Packet::Delimiter => continue,
        };
        if !in_pack {
            in_pack = packets::trimmed(data) == b"packfile";
            continue;
        }
        match data.split_first() {
            Some((1, bytes)) => {
                some = true;
                if pack.send(Bytes::copy_from_slice(bytes)).await.is_err() {
                    // The reader of the pack gave up; it says why.
                    return Ok(());
                }
            }
            // Progress, which nobody reads.
            Some((2, _)) => {}
            Some((3, words)) => return Err(refused(location, words)),
            // Acknowledgments and shallow commits of version 0.
            _ if v0 && !some => {}
            _ => {
                return Err(GitError::Protocol {
                    url: location.to_string(),
                    problem: "no side-band packet within the pack".to_owned(),
                });
            }
        }
    }
}
