//! Plans in words; the only wording there is, for terminal, pages and events alike.

use super::{Action, Culprit, FieldChange, Plan, Reason, Step};
use std::fmt;

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Apply => "change",
            Self::Recreate => "recreate",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Skip => "skip",
            Self::Wait => "wait for",
        })
    }
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.manager)?;
        if !self.time.is_empty() {
            write!(f, " at {}", self.time)?;
        }
        Ok(())
    }
}

fn by(f: &mut fmt::Formatter<'_>, culprits: &[Culprit]) -> fmt::Result {
    for (i, culprit) in culprits.iter().enumerate() {
        write!(f, "{} {culprit}", if i == 0 { " by" } else { "," })?;
    }
    Ok(())
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new in the source"),
            Self::Missing => f.write_str("somebody deleted it"),
            Self::Vanished => f.write_str("done, and deleted by its ttlSecondsAfterFinished"),
            Self::Changed => f.write_str("changed in the source"),
            Self::Drift { by: who } => {
                f.write_str("changed in the cluster")?;
                by(f, who)
            }
            Self::Adopt { from: None } => f.write_str("there already, made by others"),
            Self::Adopt { from: Some(owner) } => write!(f, "taken over from {owner}"),
            Self::OwnershipLost { by: who } => {
                f.write_str("fields were taken")?;
                by(f, who)
            }
            Self::Unsettled => f.write_str("not as declared"),
            Self::HandOver => f.write_str("fields set by kubectl are taken over"),
            Self::ImmutableField { message } => write!(f, "a field is immutable: {message}"),
            Self::NotInSource => f.write_str("no longer in the source"),
            Self::OwnerDeleted => f.write_str("its owner is being deleted"),
            Self::InSync => f.write_str("as declared"),
            Self::Disabled { annotation } => write!(f, "annotated {annotation}"),
            Self::IfNotPresent => f.write_str("there already, annotated to be created only"),
            Self::NotOurs { owner: Some(owner) } => write!(f, "belongs to {owner}"),
            Self::NotOurs { owner: None } => f.write_str("no longer carries our labels"),
            Self::AlreadyGone => f.write_str("gone already"),
            Self::NotObserved { error } => write!(f, "could not be observed: {error}"),
            Self::Terminating => f.write_str("being deleted"),
            Self::UntilReady => f.write_str("to be ready, for the next stage"),
        }
    }
}

/// Longest value shown, in characters.
const SHOWN: usize = 120;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        let text = |v: &object::Value| shortened(&String::from_utf8_lossy(&object::to_json(v)));
        match (&self.live, &self.desired) {
            (Some(live), Some(desired)) => write!(f, ": {} -> {}", text(live), text(desired)),
            (None, Some(desired)) => write!(f, ": set to {}", text(desired)),
            (Some(live), None) => write!(f, ": removed (was {})", text(live)),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Step {
    /// `change Deployment/bench/web (apps/web.yaml:3): changed in the cluster by kubectl-edit`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.key)?;
        if !self.origin.is_empty() {
            write!(f, " ({})", self.origin)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for Plan {
    /// One line per step that does something, each followed by its changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(held) = &self.held {
            writeln!(f, "nothing is done: {held}")?;
        }
        for step in self.steps.iter().filter(|s| s.action != Action::Keep) {
            writeln!(f, "{step}")?;
            for change in &step.changes {
                writeln!(f, "    {change}")?;
            }
            for path in &step.unknown {
                writeln!(f, "    {path} is unknown to {} and left out", step.key.kind)?;
            }
        }
        if let Some(held) = &self.prune_held {
            writeln!(f, "nothing is deleted: {held}")?;
        }
        Ok(())
    }
}
