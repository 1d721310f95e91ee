//! Which paths of a source are left out: Flux's reading of gitignore patterns.
//!
//! Source of the behaviour: `fluxcd/pkg/sourceignore` and the go-git matcher in it. It differs from Git: a
//! file is judged by its own path alone, so a later `!` pattern brings it back even when its directory is
//! ignored, and `dir/*` reaches everything below.

mod glob;
#[cfg(test)]
mod tests;

use crate::{ContentId, EntryKind, Tree, TreeError, TreePath};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Name of the file with patterns, in any directory.
pub const IGNORE_FILE: &str = ".sourceignore";

/// Always left out, unless a pattern brings it back.
const VCS: &str = ".git/\n.gitignore\n.gitmodules\n.gitattributes";

/// Left out of a source that has no pattern of its own.
const DEFAULTS: &str = "*.jpg\n*.jpeg\n*.gif\n*.png\n*.wmv\n*.flv\n*.tar.gz\n*.zip\n\
    .github/\n.circleci/\n.travis.yml\n.gitlab-ci.yml\nappveyor.yml\n.drone.yml\ncloudbuild.yaml\n\
    codeship-services.yml\ncodeship-steps.yml\n\
    **/.goreleaser.yml\n**/.sops.yaml\n**/.flux.yaml";

/// Most ignore files one source may have: links can show one directory at very many places.
const MAX_FILES: usize = 10_000;

/// Directories remembered from one revision to the next.
const MAX_KNOWN: usize = 200_000;

/// Longest line that is read, in bytes; Go's line scanner stops there and so does this one.
const MAX_LINE: usize = 64 * 1024;

/// Why the patterns of a source could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum IgnoreError {
    /// A directory or ignore file could not be read.
    #[error("cannot look for {IGNORE_FILE} files")]
    Tree(#[from] TreeError),
    /// There are too many of them.
    #[error(
        "more than {MAX_FILES} {IGNORE_FILE} files in one source; remove some, or links to them"
    )]
    TooMany,
}

/// Patterns, and what they say about a path.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    /// Lowest priority.
    built_in: Vec<Pattern>,
    /// Of each directory's ignore file, for what is below that directory; deeper ones win.
    directories: BTreeMap<TreePath, Vec<Pattern>>,
    /// Of the source's `spec.ignore`; highest priority.
    spec: Vec<Pattern>,
    /// Whether some pattern brings paths back.
    has_inclusion: bool,
    /// Changes when a pattern does.
    fingerprint: Fingerprint,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// Between slashes; an empty one before the first slash.
    segments: Vec<Segment>,
    inclusion: bool,
    directory_only: bool,
    /// Has a slash, so it is bound to its directory.
    anchored: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Empty,
    /// `**`
    Any,
    /// `**` with something around it, which never matches.
    Never,
    Literal(Box<str>),
    Glob(Box<str>),
}

/// FNV-1a: it need not withstand an attacker, who could only hide changes of a source from its own plans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    pub(crate) fn add(&mut self, text: &str) {
        // The length first, so that two texts cannot pass for one.
        for byte in (text.len() as u64).to_le_bytes().iter().chain(text.as_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        match text {
            "" => Self::Empty,
            "**" => Self::Any,
            _ if text.contains("**") => Self::Never,
            _ if text.contains(['*', '?', '[', '\\']) => Self::Glob(text.into()),
            _ => Self::Literal(text.into()),
        }
    }

    /// Whether a path segment matches; `None` for a malformed pattern.
    fn matches(&self, name: &str) -> Option<bool> {
        match self {
            Self::Literal(text) => Some(**text == *name),
            Self::Glob(text) => glob::matches(text, name).ok(),
            // A pattern that is nothing but a slash, and what only patterns with slashes have.
            Self::Empty | Self::Any | Self::Never => Some(false),
        }
    }
}

impl Pattern {
    fn parse(line: &str) -> Self {
        let (inclusion, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let text = if text.ends_with("\\ ") { text } else { text.trim_end_matches(' ') };
        let (directory_only, text) = match text.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let anchored = text.contains('/');
        let segments = if anchored {
            text.split('/').map(Segment::parse).collect()
        } else if text.contains("**") {
            // `**` is two stars to the matcher of one segment.
            vec![Segment::Glob(text.into())]
        } else {
            vec![Segment::parse(text)]
        };
        Self { segments, inclusion, directory_only, anchored }
    }

    /// Whether the pattern is about the path, given as segments below the pattern's directory.
    fn matches(&self, path: &[&str], is_directory: bool) -> bool {
        if self.anchored {
            self.matches_from_the_top(path, is_directory)
        } else {
            self.matches_a_name(path, is_directory)
        }
    }

    fn matches_a_name(&self, path: &[&str], is_directory: bool) -> bool {
        let Some(segment) = self.segments.first() else { return false };
        for (i, name) in path.iter().enumerate() {
            match segment.matches(name) {
                None => return false,
                Some(false) => {}
                Some(true) => return !self.directory_only || is_directory || i + 1 < path.len(),
            }
        }
        false
    }

    fn matches_from_the_top(&self, mut path: &[&str], is_directory: bool) -> bool {
        let mut matched = false;
        let mut any_depth = false;
        for (i, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Empty => {
                    any_depth = false;
                    continue;
                }
                Segment::Any if i + 1 == self.segments.len() => break,
                Segment::Any => {
                    any_depth = true;
                    continue;
                }
                Segment::Never => return false,
                Segment::Literal(_) | Segment::Glob(_) => {}
            }
            if path.is_empty() {
                return false;
            }
            if std::mem::take(&mut any_depth) {
                while let Some((name, rest)) = path.split_first() {
                    path = rest;
                    match segment.matches(name) {
                        None => return false,
                        Some(true) => {
                            matched = true;
                            break;
                        }
                        Some(false) if path.is_empty() => matched = false,
                        Some(false) => {}
                    }
                }
            } else {
                if segment.matches(path[0]) != Some(true) {
                    return false;
                }
                matched = true;
                path = &path[1..];
            }
        }
        matched && (!self.directory_only || is_directory || !path.is_empty())
    }
}

fn read(text: &str) -> Vec<Pattern> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .take_while(|line| line.len() < MAX_LINE)
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(Pattern::parse)
        .collect()
}

impl Ignore {
    /// No pattern: nothing is left out.
    pub fn new() -> Self {
        Self::default()
    }

    /// What Flux leaves out of an artifact: version control files always; by the patterns of all ignore
    /// files of `tree` and of `spec.ignore`; and when there is not a single such pattern, by the built-in
    /// ones (images and archives, files of CI systems, some tools' settings).
    ///
    /// # Errors
    /// [`IgnoreError`] when the tree cannot be read.
    pub fn of_source(
        tree: &dyn Tree,
        spec_ignore: Option<&str>,
        files: &mut IgnoreFiles,
    ) -> Result<Self, IgnoreError> {
        let mut ignore = Self::new();
        for path in files.find(tree)? {
            let text = tree.file(&path)?;
            ignore.add_file(&path.parent().unwrap_or_default(), &String::from_utf8_lossy(&text));
        }
        if let Some(text) = spec_ignore {
            ignore.add_spec(text);
        }
        let bare = ignore.directories.is_empty() && ignore.spec.is_empty();
        ignore.add_built_in(VCS);
        if bare {
            ignore.add_built_in(DEFAULTS);
        }
        Ok(ignore)
    }

    /// Puts Flux's built-in patterns below everything else, whatever other patterns there are: what Flux does
    /// where it filters outside of the source controller.
    pub fn add_defaults(&mut self) {
        self.add_built_in(VCS);
        self.add_built_in(DEFAULTS);
    }

    /// Adds the patterns of the ignore file in `directory`; they are about paths below it.
    pub fn add_file(&mut self, directory: &TreePath, text: &str) {
        let patterns = read(text);
        if !patterns.is_empty() {
            self.note("file", directory.as_str(), text, &patterns);
            self.directories.entry(directory.clone()).or_default().extend(patterns);
        }
    }

    /// Adds the patterns of `spec.ignore`, which win over all ignore files.
    pub fn add_spec(&mut self, text: &str) {
        let patterns = read(text);
        self.note("spec", "", text, &patterns);
        self.spec.extend(patterns);
    }

    fn add_built_in(&mut self, text: &str) {
        let patterns = read(text);
        self.note("built in", "", text, &patterns);
        self.built_in.extend(patterns);
    }

    fn note(&mut self, origin: &str, directory: &str, text: &str, patterns: &[Pattern]) {
        self.has_inclusion |= patterns.iter().any(|p| p.inclusion);
        for part in [origin, directory, text] {
            self.fingerprint.add(part);
        }
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whether something below an ignored directory can be visible.
    pub(crate) fn has_inclusion(&self) -> bool {
        self.has_inclusion
    }

    /// Whether the path is left out: the last pattern about it decides.
    pub fn ignores(&self, path: &TreePath, is_directory: bool) -> bool {
        let segments: Vec<&str> = path.segments().collect();
        if segments.is_empty() {
            return false;
        }
        let decide = |patterns: &[Pattern], below: &[&str]| {
            let found = patterns.iter().rev().find(|p| p.matches(below, is_directory));
            found.map(|p| !p.inclusion)
        };
        if let Some(ignored) = decide(&self.spec, &segments) {
            return ignored;
        }
        if !self.directories.is_empty() {
            let mut directory = path.parent();
            while let Some(at) = directory {
                if let Some(patterns) = self.directories.get(&at)
                    && let Some(ignored) = decide(patterns, &segments[at.segments().count()..])
                {
                    return ignored;
                }
                directory = at.parent();
            }
        }
        decide(&self.built_in, &segments).unwrap_or(false)
    }
}

/// Where the ignore files of a source are. Keep it from one revision to the next: directories that did not
/// change are not looked through again.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFiles {
    /// Paths of ignore files within a directory, by the directory's identity.
    known: HashMap<ContentId, Arc<[String]>>,
}

impl IgnoreFiles {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ignore files of the tree, those in `.git` left out, a directory's own before those below it.
    ///
    /// # Errors
    /// [`IgnoreError`] when a directory cannot be read.
    pub fn find(&mut self, tree: &dyn Tree) -> Result<Vec<TreePath>, IgnoreError> {
        let mut search =
            Search { tree, before: &self.known, now: HashMap::new(), above: Vec::new() };
        let found = search.directory(&TreePath::root())?;
        let now = search.now;
        if self.known.len() + now.len() > MAX_KNOWN {
            self.known.clear();
        }
        self.known.extend(now);
        Ok(found.iter().filter_map(|path| TreePath::parse(path).ok()).collect())
    }
}

struct Search<'a> {
    tree: &'a dyn Tree,
    before: &'a HashMap<ContentId, Arc<[String]>>,
    now: HashMap<ContentId, Arc<[String]>>,
    /// Identities of the directories on the way down: a link may lead back up.
    above: Vec<ContentId>,
}

impl Search<'_> {
    fn directory(&mut self, path: &TreePath) -> Result<Arc<[String]>, IgnoreError> {
        let Some(id) = self.tree.id(path)? else { return Ok(Arc::default()) };
        if self.above.contains(&id) {
            return Ok(Arc::default());
        }
        if let Some(known) = self.now.get(&id) {
            return Ok(known.clone());
        }
        let found = match self.before.get(&id) {
            Some(known) => known.clone(),
            None => {
                self.above.push(id.clone());
                let found = self.look_through(path);
                self.above.pop();
                found?
            }
        };
        self.now.insert(id, found.clone());
        Ok(found)
    }

    fn look_through(&mut self, path: &TreePath) -> Result<Arc<[String]>, IgnoreError> {
        let mut found = Vec::new();
        let entries = self.tree.list(path)?;
        if entries.iter().any(|e| e.name == IGNORE_FILE && e.kind == EntryKind::File) {
            found.push(IGNORE_FILE.to_owned());
        }
        for entry in entries {
            if entry.kind != EntryKind::Directory || entry.name == ".git" {
                continue;
            }
            let Ok(below) = path.join(&entry.name) else { continue };
            let deeper = self.directory(&below)?;
            found.extend(deeper.iter().map(|file| format!("{}/{file}", entry.name)));
            if found.len() > MAX_FILES {
                return Err(IgnoreError::TooMany);
            }
        }
        Ok(found.into())
    }
}
