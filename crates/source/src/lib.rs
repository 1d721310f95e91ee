//! Git, registries and Helm repositories, and later buckets, to verified revisions.
//!
//! [`git`] resolves a reference to a [`git::Revision`], fetches it into a bare object database and reads it as a
//! [`tree::Tree`]; [`store`] lays the databases out under one data directory and remembers the last verified
//! revision of every source. [`helm`] and [`oci`] do the same for charts and for artifacts of registries, over
//! [`web`], into [`blobs`], from which an [`archive`] is read as a tree; [`overlay`] puts one tree into another; [`artifact`] packs a tree for other
//! consumers of Flux artifacts. Deliberately absent: check-outs, child processes, and any knowledge of
//! Kubernetes objects (the caller turns a `GitRepository` and its Secret into a [`git::GitSource`]).

pub mod archive;
pub mod artifact;
pub mod blobs;
pub mod directory;
pub mod git;
pub mod helm;
pub mod oci;
pub mod overlay;
pub mod store;
pub mod web;
