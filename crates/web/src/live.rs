//! One watch of the API for all open pages: each page is told that something changed and asks anew.

use crate::pages::{git_repositories, kustomizations};
use axum::response::sse::{Event, KeepAlive, Sse};
use cluster::{Client, Follow, Followed, follow};
use futures::stream::{self, Stream};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

/// Counts changes; every page holds a receiver.
#[derive(Clone)]
pub(crate) struct Live(watch::Receiver<u64>);

/// Changes within this time are told as one.
const CALM: Duration = Duration::from_millis(150);

impl Live {
    /// Starts the watches. They end when the last receiver is dropped with the server.
    pub(crate) fn start(client: &Client) -> Self {
        let (sender, receiver) = watch::channel(0);
        for resource in [git_repositories(), kustomizations()] {
            let client = client.clone();
            let sender = sender.clone();
            tokio::spawn(async move {
                let what = Follow { resource, namespace: String::new(), labels: String::new() };
                follow(&client, &what, |told| {
                    if matches!(
                        told,
                        Followed::Applied(_) | Followed::Deleted(_) | Followed::Synced
                    ) {
                        sender.send_modify(|count| *count += 1);
                    }
                    !sender.is_closed()
                })
                .await;
            });
        }
        Self(receiver)
    }

    /// The stream of one page.
    pub(crate) fn stream(&self) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let mut receiver = self.0.clone();
        receiver.mark_unchanged();
        let events = stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            tokio::time::sleep(CALM).await;
            let count = *receiver.borrow_and_update();
            Some((Ok(Event::default().event("changed").data(count.to_string())), receiver))
        });
        Sse::new(events).keep_alive(KeepAlive::default())
    }
}
