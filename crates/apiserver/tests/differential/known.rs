//! `known-differences.txt`: what may differ, and why.

/// One entry: `CASE | PATH | REASON`; `*` stands for anything in the first two.
pub(crate) struct Entry {
    pub(crate) case: String,
    pub(crate) path: String,
}

pub(crate) struct Known {
    pub(crate) entries: Vec<Entry>,
    /// So many answers were the same when the list was made: wide entries must not hide that it becomes worse.
    pub(crate) same: usize,
}

/// The line that says [`Known::same`].
const SAME: &str = "same answers at least: ";

impl Known {
    pub(crate) fn read() -> Self {
        let text = include_str!("known-differences.txt");
        let same = text.lines().find_map(|l| l.strip_prefix(SAME)).unwrap().parse().unwrap();
        let lines = text
            .lines()
            .filter(|l| !l.trim().is_empty() && !l.starts_with('#') && !l.starts_with(SAME));
        let entries = lines.map(|line| {
            let parts: Vec<&str> = line.splitn(3, " | ").map(str::trim).collect();
            let [case, path, reason] = parts[..] else { panic!("no entry: {line}") };
            assert!(!reason.is_empty(), "no reason: {line}");
            Entry { case: case.to_owned(), path: path.to_owned() }
        });
        Self { entries: entries.collect(), same }
    }

    /// Which entry covers a difference.
    pub(crate) fn covers(&self, case: &str, path: &str) -> Option<usize> {
        self.entries.iter().position(|e| matches(&e.case, case) && matches(&e.path, path))
    }
}

/// Whether a text has the form of a pattern with `*`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
}

#[test]
fn a_star_stands_for_anything() {
    assert!(matches("apply/*", "apply/pods"));
    assert!(matches("*status*", "body.status.x"));
    assert!(!matches("apply/*/x", "apply/pods"));
    assert!(matches("a", "a") && !matches("a", "ab"));
}
