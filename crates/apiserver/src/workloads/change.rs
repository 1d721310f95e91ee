//! What a step decides, as data.

use jiff::Timestamp;
use object::Value;

/// One write. Objects carry the `metadata.resourceVersion` they were decided on, so that a write that comes
/// too late is refused and decided again.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A new object. Its `status`, when it has one, is meant to be stored with it.
    Create(Value),
    /// The object's metadata and spec.
    Update(Value),
    /// The object's status, and annotations of its metadata, through the subresource.
    Status(Value),
    /// The object is deleted as a client would: a Pod gets time to end.
    Delete(Value),
    /// The object goes at once: a Pod that has ended, or whose Node is gone.
    Remove(Value),
}

impl Change {
    /// The object of the change.
    pub fn object(&self) -> &Value {
        match self {
            Self::Create(v)
            | Self::Update(v)
            | Self::Status(v)
            | Self::Delete(v)
            | Self::Remove(v) => v,
        }
    }
}

/// What one step of one controller decided: the writes in order, and when to look again though nothing
/// changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// The writes.
    pub changes: Vec<Change>,
    /// The next moment at which time alone makes a difference.
    pub wake: Option<Timestamp>,
}

impl Step {
    /// Looks again at `time`, or earlier when something else asks for that.
    pub(super) fn wake_at(&mut self, time: Timestamp) {
        self.wake = Some(self.wake.map_or(time, |wake| wake.min(time)));
    }

    /// Writes the status of `object` when it differs.
    pub(super) fn status(&mut self, object: &Value, status: Value) {
        if object.get("status") != Some(&status) {
            let mut changed = object.clone();
            changed.make_map().insert("status", status);
            self.changes.push(Change::Status(changed));
        }
    }
}
