//! Chart, values and capabilities to manifests, hooks, notes and a release record.
