//! The shared cases of structured-merge-diff, and live objects of a real cluster. Where the cases lie is
//! told by `WINDLASS_CORPUS`; without them the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a broken case may end the test")]

mod fieldpath;
mod live;
mod report;
mod state;
mod tracked;
mod typed;
