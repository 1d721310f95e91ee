//! A chart as a directory of a tree.

use super::archive::MAX_CHART_BYTES;
use super::ignore::{IGNORE_FILE, Rules};
use super::{BufferedFile, ChartError};
use tree::{EntryKind, Tree, TreeError, TreePath};

/// The files below `root`, without those `.helmignore` names, in the order of their paths.
pub(super) fn files(tree: &dyn Tree, root: &TreePath) -> Result<Vec<BufferedFile>, ChartError> {
    let text = match root.join(IGNORE_FILE).map(|path| tree.file(&path)) {
        Ok(Ok(text)) => Some(text),
        Ok(Err(TreeError::NotFound(_) | TreeError::WrongKind(..))) | Err(_) => None,
        Ok(Err(error)) => return Err(ChartError::Read(error)),
    };
    let rules = text.map(|t| String::from_utf8_lossy(&t).into_owned());
    let rules = Rules::parse(rules.as_deref())?;
    let mut walk = Walk { tree, rules, files: Vec::new(), left: MAX_CHART_BYTES };
    walk.directory(root, "")?;
    Ok(walk.files)
}

/// Directories may lie in each other as deep as this. A link to a directory above makes a tree endless.
const MAX_DEPTH: usize = 64;

struct Walk<'a> {
    tree: &'a dyn Tree,
    rules: Rules,
    files: Vec<BufferedFile>,
    left: usize,
}

impl Walk<'_> {
    fn directory(&mut self, path: &TreePath, inside: &str) -> Result<(), ChartError> {
        if inside.split('/').count() > MAX_DEPTH {
            return Err(ChartError::TooDeep(MAX_DEPTH));
        }
        for entry in self.tree.list(path).map_err(ChartError::Read)? {
            let name = if inside.is_empty() {
                entry.name.clone()
            } else {
                format!("{inside}/{}", entry.name)
            };
            let is_directory = entry.kind == EntryKind::Directory;
            if self.rules.ignores(&name, is_directory) {
                continue;
            }
            let Ok(below) = path.join(&entry.name) else { continue };
            match entry.kind {
                EntryKind::Directory => self.directory(&below, &name)?,
                EntryKind::BrokenLink => return Err(ChartError::Link(name)),
                EntryKind::File => self.file(&below, name)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &TreePath, name: String) -> Result<(), ChartError> {
        let data = self.tree.file(path).map_err(ChartError::Read)?;
        let Some(left) = self.left.checked_sub(data.len()) else {
            let text =
                format!("chart exceeds maximum decompressed size of {MAX_CHART_BYTES} bytes");
            return Err(ChartError::Invalid(format!("error reading {name}: {text}")));
        };
        self.left = left;
        let data = match data.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => rest.into(),
            None => data,
        };
        self.files.push(BufferedFile { name, modified: None, data });
        Ok(())
    }
}
