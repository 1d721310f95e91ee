//! The record of a release.
