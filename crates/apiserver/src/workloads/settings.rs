//! How fast and how large the simulation is.

use jiff::SignedDuration;

/// Times and bounds of the simulation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Simulated Nodes.
    pub nodes: usize,
    /// From being placed to running.
    pub start: SignedDuration,
    /// How long a container that exits runs before it does.
    pub run: SignedDuration,
    /// From a Pod's deletion to its end.
    pub stop: SignedDuration,
    /// From the first failed pull to the back-off.
    pub back_off_pull: SignedDuration,
    /// From a Job's failed Pod to the next one; doubles with every failure, as Kubernetes' 10 s do.
    pub job_back_off: SignedDuration,
    /// Pods one workload may have. More are refused like a quota refuses them, so that a mistyped
    /// `replicas` cannot fill the memory.
    pub pods_per_workload: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nodes: 1,
            start: SignedDuration::from_millis(300),
            run: SignedDuration::from_millis(500),
            stop: SignedDuration::from_millis(100),
            back_off_pull: SignedDuration::from_secs(2),
            job_back_off: SignedDuration::from_secs(10),
            pods_per_workload: 500,
        }
    }
}
