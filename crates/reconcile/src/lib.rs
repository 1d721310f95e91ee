//! Desired, observed, policy and now to a plan; outcome and health to a verdict.
