//! A file tree and a path to Kubernetes objects, as kustomize build prints them.
