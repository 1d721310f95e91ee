use super::*;
use crate::MemoryTree;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

fn ignores(patterns: &str, file: &str) -> bool {
    let mut ignore = Ignore::new();
    ignore.add_spec(patterns);
    ignore.ignores(&path(file.trim_end_matches('/')), file.ends_with('/'))
}

#[test]
fn globs_are_gos() {
    let cases = [
        ("*", "", Ok(true)),
        ("a*c", "abbc", Ok(true)),
        ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
        ("a*b?c*x", "abxbbxdbxebxczzy", Ok(false)),
        ("[^a-c]", "d", Ok(true)),
        ("[!a]", "b", Ok(false)),
        ("[a-b-c]", "a", Err(glob::BadPattern)),
        ("[", "a", Err(glob::BadPattern)),
        ("a[", "x", Err(glob::BadPattern)),
        ("\\", "a", Err(glob::BadPattern)),
        ("\\*", "*", Ok(true)),
        ("[\\]a]", "]", Ok(true)),
        ("[]a]", "]", Err(glob::BadPattern)),
        ("*é?", "xéy", Ok(true)),
        ("a***", "abc", Ok(true)),
        ("*.yaml", ".yaml", Ok(true)),
    ];
    for (pattern, name, expected) in cases {
        assert_eq!(glob::matches(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn the_last_pattern_decides_and_files_come_back_out_of_ignored_directories() {
    assert!(ignores("*\n!/deploy", "a.yaml"));
    assert!(!ignores("*\n!/deploy", "deploy/"));
    assert!(!ignores("*\n!*.yaml", "deep/below/a.yaml"));
    assert!(ignores("# a comment\n\n  \nfoo \r", "x/foo"));
    assert!(!ignores("dir/", "dir"));
    assert!(ignores("dir/", "dir/a"));
}

#[test]
fn patterns_of_a_directory_hold_below_it() {
    let mut ignore = Ignore::new();
    ignore.add_file(&TreePath::root(), "*.log");
    ignore.add_file(&path("dir"), "!keep.log\n/top.txt");
    assert!(ignore.ignores(&path("keep.log"), false));
    assert!(!ignore.ignores(&path("dir/deep/keep.log"), false));
    assert!(ignore.ignores(&path("dir/top.txt"), false));
    assert!(!ignore.ignores(&path("dir/deep/top.txt"), false));
    ignore.add_spec("*.log");
    assert!(ignore.ignores(&path("dir/keep.log"), false));
}

#[test]
fn any_pattern_of_the_source_replaces_the_defaults_but_not_those_of_version_control() {
    let mut tree = MemoryTree::new();
    tree.add("a.yaml", "").unwrap();
    let mut files = IgnoreFiles::new();
    let ignore = Ignore::of_source(&tree, None, &mut files).unwrap();
    assert!(ignore.ignores(&path("x/logo.png"), false));
    assert!(ignore.ignores(&path(".github"), true));
    tree.add("deep/.sourceignore", "*.txt").unwrap();
    let ignore = Ignore::of_source(&tree, None, &mut files).unwrap();
    assert!(!ignore.ignores(&path("x/logo.png"), false));
    assert!(ignore.ignores(&path("sub/.gitignore"), false));
    assert!(ignore.ignores(&path("deep/x/a.txt"), false));
    assert!(!ignore.ignores(&path("a.txt"), false));
    let ignore = Ignore::of_source(&MemoryTree::new(), Some("# nothing"), &mut files).unwrap();
    assert!(ignore.ignores(&path("logo.png"), false));
}

/// Counts listings, to see that unchanged directories are not looked through again.
struct Counting(MemoryTree, std::sync::atomic::AtomicUsize);

impl Tree for Counting {
    fn file(&self, path: &TreePath) -> Result<Arc<[u8]>, TreeError> {
        self.0.file(path)
    }
    fn list(&self, path: &TreePath) -> Result<Vec<crate::Entry>, TreeError> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.list(path)
    }
    fn kind(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        self.0.kind(path)
    }
    fn id(&self, path: &TreePath) -> Result<Option<ContentId>, TreeError> {
        self.0.id(path)
    }
}

#[test]
fn finding_ignore_files_again_reads_only_what_changed() {
    let mut tree = MemoryTree::new();
    for i in 0..50 {
        tree.add(&format!("apps/{i}/a.yaml"), format!("{i}")).unwrap();
    }
    tree.add("apps/7/.sourceignore", "x").unwrap();
    let mut files = IgnoreFiles::new();
    let mut find = |tree: &MemoryTree| {
        let counting = Counting(tree.clone(), Default::default());
        let found = files.find(&counting).unwrap();
        (found, counting.1.into_inner())
    };
    assert_eq!(find(&tree), (vec![path("apps/7/.sourceignore")], 52));
    assert_eq!(find(&tree).1, 0);
    tree.add("apps/9/a.yaml", "other").unwrap();
    assert_eq!(find(&tree).1, 3);
    tree.add("apps/8/.sourceignore", "x").unwrap();
    let (found, listings) = find(&tree);
    assert_eq!(found.len(), 2);
    assert_eq!(listings, 3);
}
