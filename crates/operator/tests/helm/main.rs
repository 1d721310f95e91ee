//! A release's life against our own API server, in one process: installed, upgraded, failed and rolled back, tested,
//! changed by others, uninstalled. Charts come out of a Helm repository that the test serves.

#![expect(clippy::unwrap_used, reason = "a failed step ends the test")]

mod charts;
mod lifecycle;
mod real;
mod world;
