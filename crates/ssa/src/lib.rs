//! Structured merge: typed values, field sets, managed fields, conflicts, owned projections.
