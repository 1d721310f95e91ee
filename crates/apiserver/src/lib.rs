//! A Kubernetes-style API server in one process.
//!
//! `store` keeps objects (durable, versioned, watched) and knows no kinds; `registry` knows which kinds are
//! served; `access` decides who may do what, `admission` what may be stored; `rest` is the path of one request; `kinds` what is particular to single built-in kinds; `discovery`
//! describes what is served; `lifecycle` keeps the promises that a real control plane keeps behind the API
//! (namespaces that end, garbage collection); `handle` is the way of one request through all of it, which
//! `audit` and `metrics` tell of; `serve` puts it on a socket.
//!
//! Deliberately absent: containers (workloads are simulated and say so), a distributed store.

pub mod access;
pub mod admission;
pub mod audit;
pub mod clock;
mod convert;
pub mod discovery;
mod handle;
mod kinds;
mod lifecycle;
mod metrics;
pub mod registry;
pub mod rest;
mod serve;
mod server;
pub mod store;
pub mod table;
pub mod workloads;

pub use access::Identity;
pub use handle::ApiService;
pub use serve::{Credentials, CredentialsError, serve};
pub use server::{ApiServer, OpenError, Options};
