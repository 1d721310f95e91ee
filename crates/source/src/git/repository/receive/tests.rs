use super::super::super::GitError;
use super::super::super::fixture::Ours;
use super::super::super::location::Location;
use super::super::super::protocol::{Chunks, Packets};
use super::*;
use std::time::Duration;

/// A server that sends the beginning of a pack and then nothing, without hanging up.
struct Stalled {
    location: Location,
    packets: Packets,
    keep: Vec<mpsc::Sender<Result<Bytes, GitError>>>,
    pack: Vec<u8>,
}

impl Stalled {
    fn say(&mut self, packets: &[&[u8]]) -> &mut Packets {
        let (sender, receiver) = mpsc::channel(8);
        let mut bytes = Vec::new();
        for packet in packets {
            match packet.len() {
                0 => bytes.extend_from_slice(b"0000"),
                length => bytes.extend_from_slice(format!("{:04x}", length + 4).as_bytes()),
            }
            bytes.extend_from_slice(packet);
        }
        sender.try_send(Ok(bytes.into())).unwrap();
        self.keep.push(sender);
        self.packets = Packets::new(Chunks::Channel(receiver), 1 << 30);
        &mut self.packets
    }
}

impl Transport for Stalled {
    async fn greet(&mut self) -> Result<&mut Packets, GitError> {
        Ok(self.say(&[b"version 2\n", b"fetch=shallow\n", b""]))
    }

    async fn ask(&mut self, _: Vec<u8>) -> Result<&mut Packets, GitError> {
        let pack = [b"\x01", self.pack.as_slice()].concat();
        Ok(self.say(&[b"packfile\n", &pack]))
    }

    fn stateless(&self) -> bool {
        true
    }

    fn location(&self) -> &Location {
        &self.location
    }
}

async fn given_up(pack: Vec<u8>) {
    let ours = Ours::new();
    let location = Location::parse("https://example.com/x").unwrap();
    let packets = Packets::new(Chunks::Channel(mpsc::channel(1).1), 1);
    let mut transport = Stalled { location, packets, keep: Vec::new(), pack };
    let commit = gix::ObjectId::null(gix::hash::Kind::Sha1);
    let wants = Wants { commit, name: None, have: Vec::new(), shallow: Vec::new() };
    let waited = tokio::time::timeout(
        Duration::from_millis(200),
        ours.repository.receive(&mut transport, wants),
    )
    .await;
    assert!(waited.is_err(), "it stalls");
    drop(transport);
    for _ in 0..50 {
        let left = std::fs::read_dir(ours.directory.path().join("objects/pack")).unwrap().count();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("temporary files stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_stalls_leaves_nothing() {
    given_up(b"PACK\0\0\0\x02\0\0\0\x05".to_vec()).await;
    given_up(b"PA".to_vec()).await;
}
