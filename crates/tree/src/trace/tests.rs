use super::*;
use crate::MemoryTree;
use proptest::prelude::*;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

#[test]
fn misses_and_listings_are_remembered() {
    let mut tree = MemoryTree::new();
    tree.add("a/x.yaml", "1").unwrap();
    let traced = Traced::new(&tree);
    traced.list(&path("a")).unwrap();
    assert!(traced.file(&path("kustomization.yaml")).is_err());
    let reads = traced.into_reads();
    assert!(reads.unchanged_in(&tree).unwrap());

    // What a listed file holds was not read.
    tree.add("a/x.yaml", "2").unwrap();
    assert!(reads.unchanged_in(&tree).unwrap());
    let mut more = tree.clone();
    more.add("a/y.yaml", "").unwrap();
    assert!(!reads.unchanged_in(&more).unwrap());
    let mut appeared = tree.clone();
    appeared.add("kustomization.yaml", "").unwrap();
    assert!(!reads.unchanged_in(&appeared).unwrap());
}

#[derive(Clone, Debug)]
enum Step {
    File(String),
    List(String),
    Kind(String),
    Id(String),
}

const PATH: &str = "(a|b)(/(a|b|c)){0,2}";

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        PATH.prop_map(Step::File),
        PATH.prop_map(Step::List),
        PATH.prop_map(Step::Kind),
        PATH.prop_map(Step::Id),
    ];
    proptest::collection::vec(step, 0..6)
}

fn trees() -> impl Strategy<Value = MemoryTree> {
    proptest::collection::vec((PATH, "[xy]"), 0..6).prop_map(|files| {
        let mut tree = MemoryTree::new();
        for (file, content) in files {
            let _ = tree.add(&file, content);
        }
        tree
    })
}

/// Everything a reader sees, as text.
fn read(tree: &dyn Tree, steps: &[Step]) -> Vec<String> {
    let see = |step: &Step| match step {
        Step::File(p) => format!("{:?}", tree.file(&path(p)).ok()),
        Step::List(p) => format!("{:?}", tree.list(&path(p)).ok()),
        Step::Kind(p) => format!("{:?}", tree.kind(&path(p)).unwrap()),
        Step::Id(p) => format!("{:?}", tree.id(&path(p)).unwrap()),
    };
    steps.iter().map(see).collect()
}

proptest! {
    /// A record that holds in another tree means that the same reads see the same there; and one tree's record
    /// holds in that tree.
    #[test]
    fn an_unchanged_record_means_the_same_reads(before in trees(), after in trees(), steps in steps()) {
        let traced = Traced::new(&before);
        let seen = read(&traced, &steps);
        prop_assert_eq!(&seen, &read(&before, &steps));
        let reads = traced.into_reads();
        prop_assert!(reads.unchanged_in(&before).unwrap());
        if reads.unchanged_in(&after).unwrap() {
            prop_assert_eq!(seen, read(&after, &steps));
        }
    }

    /// Nothing is recorded that was not read: a change elsewhere leaves the record alone.
    #[test]
    fn changes_elsewhere_do_not_count(before in trees(), steps in steps(), content in "[xy]") {
        let traced = Traced::new(&before);
        read(&traced, &steps);
        let reads = traced.into_reads();
        let mut after = before.clone();
        after.add("elsewhere/file", content).unwrap();
        prop_assert!(reads.unchanged_in(&after).unwrap());
    }
}
