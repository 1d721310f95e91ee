//! HTTP, live events and pages; a client of the Kubernetes API like any other.
