//! The one door to a Kubernetes API: observing and executing.
