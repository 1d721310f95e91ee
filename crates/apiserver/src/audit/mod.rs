//! The audit log: who asked for what, and what came of it, as lines of `audit.k8s.io/v1` Events.
//!
//! `policy` says how much of a request is told, `event` tells it, `log` writes without making requests wait.
//!
//! Deliberately absent: webhooks as receivers of the log, batching settings.

mod event;
mod log;
mod policy;

pub(crate) use event::{Asked, Trace};
pub use policy::{Level, Policy, PolicyError};

use crate::access::{Attributes, Identity};
use crate::clock::Clock;
use log::Log;
use std::path::PathBuf;

/// Where the audit log goes, and what stands in it.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// The file that lines are appended to.
    pub path: PathBuf,
    /// What stands in it.
    pub policy: Policy,
    /// When the file is larger, it becomes `<path>.1` and a new one is begun; in bytes.
    pub largest: u64,
}

impl AuditOptions {
    /// By the default policy, in files of 100 MiB.
    pub fn new(path: PathBuf) -> Self {
        Self { path, policy: Policy::default(), largest: 100 << 20 }
    }
}

/// The audit of a server.
pub(crate) struct Audit {
    policy: Policy,
    log: Log,
    clock: Clock,
}

impl Audit {
    pub(crate) fn open(options: AuditOptions, clock: Clock) -> std::io::Result<Self> {
        let log = Log::open(options.path, options.largest)?;
        Ok(Self { policy: options.policy, log, clock })
    }

    /// Begins to follow a request; `None` when nothing of it is told.
    pub(crate) fn begin(
        &self,
        who: &Identity,
        other: Option<&Identity>,
        attributes: &Attributes,
        asked: &Asked<'_>,
    ) -> Option<Trace> {
        let told = self.policy.judge(other.unwrap_or(who), attributes);
        if told.level == Level::None {
            return None;
        }
        let trace = Trace::begin(told, self.log.clone(), self.clock.clone(), attributes, asked);
        let trace = trace.by(who, other);
        trace.tell("RequestReceived");
        Some(trace)
    }

    /// How many events were written, and how many were lost because the disk did not keep up.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.log.counts()
    }
}
