//! Git, and later registries, repositories and buckets, to verified revisions.
