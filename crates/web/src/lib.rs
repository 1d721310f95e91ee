//! HTTP, live events and pages; a client of the Kubernetes API like any other.
//!
//! Read-only so far. Deliberately absent: any state of its own and any access that does not go through the
//! Kubernetes API.

mod live;
mod model;
mod pages;
mod server;

pub use server::{Options, Tarballs, serve};
