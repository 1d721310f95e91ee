//! The custom resources users write, their conditions, inventories and annotations; no behaviour.
