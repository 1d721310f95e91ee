//! OpenAPI facts of the built-in kinds and structural schemas of custom ones: validate, prune, default.
