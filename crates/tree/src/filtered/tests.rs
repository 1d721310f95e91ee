use super::*;
use crate::{IgnoreFiles, MemoryTree};
use proptest::prelude::*;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

fn names(tree: &dyn Tree, directory: &str) -> Vec<String> {
    tree.list(&path(directory)).unwrap().into_iter().map(|e| e.name).collect()
}

fn tree(files: &[&str]) -> MemoryTree {
    let mut tree = MemoryTree::new();
    for file in files {
        tree.add(file, file).unwrap();
    }
    tree
}

fn spec(patterns: &str) -> Ignore {
    let mut ignore = Ignore::new();
    ignore.add_spec(patterns);
    ignore
}

#[test]
fn ignored_paths_are_not_there() {
    let inner = tree(&["a.yaml", "docs/x.md", "docs/y.yaml", "vendor/v.go"]);
    let filtered = Filtered::new(&inner, spec("*.md\nvendor/"), None);
    assert_eq!(names(&filtered, ""), ["a.yaml", "docs"]);
    assert_eq!(names(&filtered, "docs"), ["y.yaml"]);
    assert!(matches!(filtered.file(&path("docs/x.md")), Err(TreeError::NotFound(_))));
    assert!(matches!(filtered.list(&path("vendor")), Err(TreeError::NotFound(_))));
    assert_eq!(filtered.kind(&path("vendor/v.go")).unwrap(), None);
    assert_eq!(filtered.id(&path("vendor")).unwrap(), None);
}

#[test]
fn a_directory_shows_for_what_is_brought_back_in_it() {
    let inner = tree(&["a/b/keep.yaml", "a/b/drop.txt", "c/drop.txt"]);
    let filtered = Filtered::new(&inner, spec("*\n!*.yaml"), None);
    assert_eq!(names(&filtered, ""), ["a"]);
    assert_eq!(names(&filtered, "a/b"), ["keep.yaml"]);
}

#[test]
fn a_sparse_checkout_keeps_what_begins_with_its_directories() {
    let inner = tree(&["deploy/prod/a", "deploy/dev/a", "deployments/a", "deploy.yaml", "top"]);
    let sparse = Sparse::new(["./deploy/prod", "nowhere"]);
    assert_eq!(sparse.missing_in(&inner).unwrap(), Some("nowhere"));
    let filtered = Filtered::new(&inner, Ignore::new(), Some(sparse));
    assert_eq!(names(&filtered, ""), ["deploy"]);
    assert_eq!(names(&filtered, "deploy"), ["prod"]);
    let wide = Filtered::new(&inner, Ignore::new(), Some(Sparse::new(["deploy"])));
    assert_eq!(names(&wide, ""), ["deploy", "deploy.yaml", "deployments"]);
}

#[test]
fn the_identity_of_a_directory_follows_the_patterns() {
    let inner = tree(&["d/a", "d/b"]);
    let id = |patterns: &str| {
        Filtered::new(&inner, spec(patterns), None).id(&path("d")).unwrap().unwrap()
    };
    assert_eq!(id("x"), id("x"));
    assert_ne!(id("x"), id("/d/b"));
}

const FILE: &str = "(a|b|c|x\\.md|y\\.yaml)(/(a|b|c|x\\.md|y\\.yaml)){0,2}";

proptest! {
    /// A file is visible exactly when its own path is not ignored, and then every way to it is.
    #[test]
    fn what_is_listed_is_what_is_not_ignored(
        files in proptest::collection::btree_set(FILE, 1..12),
        patterns in proptest::collection::vec("!?/?(a|b|c|\\*|\\*\\*|\\*\\.md|y\\.yaml)(/(a|b|\\*))?/?", 0..4),
        nested in proptest::collection::vec("!?(\\*\\.md|a|b)", 0..2),
    ) {
        let mut inner = MemoryTree::new();
        for file in &files {
            // A file and a directory of one name: the first stays.
            let _ = inner.add(file, file);
        }
        if !nested.is_empty() {
            let _ = inner.add("a/.sourceignore", nested.join("\n"));
        }
        let ignore =
            Ignore::of_source(&inner, Some(&patterns.join("\n")), &mut IgnoreFiles::new()).unwrap();
        let filtered = Filtered::new(&inner, ignore.clone(), None);
        let mut listed = Vec::new();
        let mut open = vec![TreePath::root()];
        while let Some(directory) = open.pop() {
            for entry in filtered.list(&directory).unwrap() {
                let below = directory.join(&entry.name).unwrap();
                prop_assert_eq!(filtered.kind(&below).unwrap(), Some(entry.kind));
                match entry.kind {
                    EntryKind::Directory => open.push(below),
                    _ => listed.push(below),
                }
            }
        }
        listed.sort();
        let expected: Vec<TreePath> =
            inner.files().map(|(p, _)| p.clone()).filter(|p| !ignore.ignores(p, false)).collect();
        for file in inner.files().map(|(p, _)| p) {
            prop_assert_eq!(filtered.file(file).is_ok(), !ignore.ignores(file, false));
        }
        prop_assert_eq!(listed, expected);
    }
}
