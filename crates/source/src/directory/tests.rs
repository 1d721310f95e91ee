use super::{DirectoryTree, open_for_build};
use std::fs;
use std::os::unix::fs::symlink;
use tree::{EntryKind, Tree, TreeError, TreePath};

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

#[test]
fn links_inside_are_followed_and_links_outside_are_not() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::write(folder.path().join("a/file"), "content").unwrap();
    symlink("a/file", folder.path().join("inside")).unwrap();
    symlink(outside.path().join("secret"), folder.path().join("outside")).unwrap();
    symlink("circle", folder.path().join("circle")).unwrap();
    let tree = DirectoryTree::open(folder.path()).unwrap();
    assert_eq!(&*tree.file(&path("inside")).unwrap(), b"content");
    for name in ["outside", "circle"] {
        let error = tree.file(&path(name)).unwrap_err();
        assert!(matches!(error, TreeError::Link(_)), "{name}: {error:?}");
    }
    let kinds: Vec<_> = tree.list(&TreePath::root()).unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(
        kinds,
        [EntryKind::Directory, EntryKind::BrokenLink, EntryKind::File, EntryKind::BrokenLink]
    );
}

#[test]
fn a_directory_is_another_when_a_file_below_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::write(folder.path().join("a/file"), "one").unwrap();
    let tree = DirectoryTree::open(folder.path()).unwrap();
    let before = tree.id(&TreePath::root()).unwrap();
    assert_eq!(before, tree.id(&TreePath::root()).unwrap());
    fs::write(folder.path().join("a/file"), "two").unwrap();
    assert_ne!(before, tree.id(&TreePath::root()).unwrap());
}

#[test]
fn building_sees_the_repository_around_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".git")).unwrap();
    fs::create_dir_all(folder.path().join("overlays/prod")).unwrap();
    let (tree, at) = open_for_build(&folder.path().join("overlays/prod")).unwrap();
    assert_eq!(at.as_str(), "overlays/prod");
    assert!(tree.kind(&path("overlays")).unwrap().is_some());
}
