//! A pack from the wire into the object database.

use super::super::error::GitError;
use super::super::protocol::{self, Transport, Wants};
use super::{Fetched, Repository, lock};
use bytes::{Buf, Bytes};
use gix_pack::bundle::write::Options;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Pieces of a pack waiting to be read: at most a few MB.
const WAITING: usize = 64;

impl Repository {
    /// Fetches over `transport` and indexes the pack while it arrives.
    pub(super) async fn receive<T: Transport>(
        &self,
        transport: &mut T,
        wants: Wants,
    ) -> Result<Fetched, GitError> {
        let location = transport.location().clone();
        let key = location.key();
        let known = lock(&self.0.capabilities).get(&key).cloned();
        let (sender, receiver) = mpsc::channel(WAITING);
        // Dropped with this future: when the time is up, the work on what arrived ends too.
        let given_up = GivenUp::default();
        let (this, interrupt) = (self.clone(), Arc::clone(&given_up.0));
        let writing = tokio::task::spawn_blocking(move || {
            this.write_pack(ChannelReader { receiver, piece: Bytes::new() }, &interrupt)
        });
        let received = protocol::fetch(transport, &wants, known, &sender).await;
        drop(sender);
        let written = writing.await.unwrap_or_else(|e| Err(io::Error::other(e)));
        // When the connection broke, that is the cause and the pack cut short the consequence.
        let (capabilities, bytes) = received?;
        let objects = written.map_err(|e| GitError::Damaged {
            url: location.to_string(),
            problem: format!("the pack that arrived cannot be used: {e}"),
        })?;
        lock(&self.0.capabilities).insert(key, capabilities);
        Ok(Fetched { objects, bytes })
    }

    /// Indexes a pack, which computes the id of every object anew, completes it with the objects it builds on,
    /// and puts it in place. Gives the number of its objects.
    fn write_pack(&self, mut pack: ChannelReader, interrupt: &AtomicBool) -> io::Result<usize> {
        let options = Options {
            alloc_limit_bytes: usize::try_from(self.0.limits.object).ok(),
            ..Options::default()
        };
        let outcome = gix_pack::Bundle::write_to_directory(
            &mut pack,
            Some(&self.0.objects.pack_directory()),
            &mut gix::progress::Discard,
            interrupt,
            Some(self.0.objects.handle()),
            gix::hash::Kind::Sha1,
            options,
        )
        .map_err(|e| io::Error::other(e.to_string()))?;
        for path in [&outcome.data_path, &outcome.index_path].into_iter().flatten() {
            File::open(path)?.sync_data()?;
        }
        if let Some(keep) = &outcome.keep_path {
            std::fs::remove_file(keep)?;
        }
        Ok(outcome.index.num_objects as usize)
    }
}

/// Says on being dropped that nobody waits any more.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A channel as a blocking reader.
struct ChannelReader {
    receiver: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Read for ChannelReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        out[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for ChannelReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => break,
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, length: usize) {
        self.piece.advance(length);
    }
}

#[cfg(test)]
mod tests;
