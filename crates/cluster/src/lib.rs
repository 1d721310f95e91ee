//! The one door to a Kubernetes API.
//!
//! Deliberately absent: deciding anything. What to write is a [`reconcile::Plan`]; this crate carries it out.

mod client;
mod discovery;
mod error;
mod executor;
mod lease;
mod observer;
mod resource;
mod watch;

pub use client::{Client, ConnectError, Propagation, WriteOptions};
pub use discovery::Discovery;
pub use error::{ApiError, Cause};
pub use executor::Executor;
pub use lease::{LeaseOptions, lead};
pub use observer::{Change, Noticed, Observer};
pub use resource::Resource;
pub use watch::{Follow, Followed, follow};
