//! `.helmignore`: which files of a chart directory are left out. Rules as `helm.sh/helm/v4/pkg/ignore` has them,
//! which are not Git's: the first rule that applies decides, and a negated rule ignores all that it does *not* match.
//!
//! Deliberately absent: `**`, which Helm refuses; archives, for which Helm does not look at the file.

use crate::path::{BadPattern, Pattern, base};

/// Name of the file with the rules.
pub const IGNORE_FILE: &str = ".helmignore";

/// Why the rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// `**` in a rule.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A rule that is no pattern.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
}

struct Rule {
    pattern: Pattern,
    negated: bool,
    directories_only: bool,
    /// Without a slash only the last element of a path is compared.
    name_only: bool,
}

/// The rules of one chart directory.
pub(crate) struct Rules(Vec<Rule>);

impl Rules {
    /// The rules of a `.helmignore` (none when it is absent) and those that always hold.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, IgnoreError> {
        let mut rules = Self(Vec::new());
        let text = text.unwrap_or_default();
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
            rules.add(line)?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), IgnoreError> {
        let rule = line.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(());
        }
        if rule.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        Pattern::parse(rule)?;
        let (negated, rule) = match rule.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (directories_only, rule) = match rule.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (name_only, rule) = match rule.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!rule.contains('/'), rule),
        };
        self.0.push(Rule { pattern: Pattern::parse(rule)?, negated, directories_only, name_only });
        Ok(())
    }

    /// Whether what stands at `path` (from the chart's root) is left out.
    pub(crate) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        for rule in &self.0 {
            let wanted = is_directory || !rule.directories_only;
            let subject = if rule.name_only { base(path) } else { path };
            if rule.negated {
                if !wanted || !rule.pattern.matches(subject) {
                    return true;
                }
            } else if wanted && rule.pattern.matches(subject) {
                return true;
            }
        }
        false
    }
}
