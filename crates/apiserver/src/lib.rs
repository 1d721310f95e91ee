//! A Kubernetes-style API server in one process: store, watch, discovery, CRDs, apply.
