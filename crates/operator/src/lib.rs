//! One thin file per kind: source, render, plan, execute, status.
