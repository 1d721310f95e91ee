//! Trees made at random: whatever reading finds changed, the difference finds too.

use super::super::objects::Objects;
use super::super::pack::PackWriter;
use super::super::{Limits, Repository};
use super::*;
use gix::objs::{Kind, compute_hash};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use tree::Traced;

#[derive(Clone, Debug)]
enum Leaf {
    File(u8),
    Link(&'static str),
}

/// What stands in a tree: path -> leaf. Paths below a leaf are left out when it is built.
type Content = BTreeMap<String, Leaf>;

fn content() -> impl Strategy<Value = Content> {
    let segment = prop::sample::select(vec!["a", "b", "a-b", "c"]);
    let path = prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"));
    let targets = vec!["a", "../a", "b/c", "../../b", "/etc", "../../../x", "c", "a-b", "."];
    let leaf = prop_oneof![
        3 => (0..3_u8).prop_map(Leaf::File),
        1 => prop::sample::select(targets).prop_map(Leaf::Link),
    ];
    prop::collection::btree_map(path, leaf, 0..10)
}

/// A second tree that shares most of the first.
fn pair() -> impl Strategy<Value = (Content, Content)> {
    (content(), content(), prop::collection::vec(any::<bool>(), 10)).prop_map(
        |(first, other, keep)| {
            let mut second: Content = first
                .clone()
                .into_iter()
                .zip(&keep)
                .filter(|(_, k)| **k)
                .map(|(entry, _)| entry)
                .collect();
            second.extend(other.into_iter().take(3));
            (first, second)
        },
    )
}

struct Writer<'a> {
    pack: PackWriter,
    seen: std::collections::HashSet<ObjectId>,
    objects: &'a Objects,
}

impl Writer<'_> {
    fn add(&mut self, kind: Kind, data: &[u8]) -> ObjectId {
        let id = compute_hash(gix::hash::Kind::Sha1, kind, data).unwrap();
        if self.seen.insert(id) && !self.objects.contains(&id) {
            self.pack.add(id, kind, data).unwrap();
        }
        id
    }

    fn tree(&mut self, content: &Content) -> ObjectId {
        let mut entries: BTreeMap<String, (&str, ObjectId)> = BTreeMap::new();
        let mut below: BTreeMap<&str, Content> = BTreeMap::new();
        for (path, leaf) in content {
            match path.split_once('/') {
                Some((name, rest)) => {
                    below.entry(name).or_default().insert(rest.to_owned(), leaf.clone());
                }
                None => {
                    let (mode, data) = match leaf {
                        Leaf::File(n) => ("100644", vec![*n]),
                        Leaf::Link(target) => ("120000", target.as_bytes().to_vec()),
                    };
                    entries.insert(path.clone(), (mode, self.add(Kind::Blob, &data)));
                }
            }
        }
        for (name, content) in below {
            if !entries.contains_key(name) {
                entries.insert(format!("{name}/"), ("40000", self.tree(&content)));
            }
        }
        let mut data = Vec::new();
        for (name, (mode, id)) in entries {
            data.extend_from_slice(format!("{mode} {}\0", name.trim_end_matches('/')).as_bytes());
            data.extend_from_slice(id.as_slice());
        }
        self.add(Kind::Tree, &data)
    }
}

fn written(directory: &Path, contents: [&Content; 2]) -> [GitTree; 2] {
    let objects = Objects::open(&directory.join("objects"), 1 << 20).unwrap();
    let mut writer = Writer {
        pack: PackWriter::create(&objects.pack_directory()).unwrap(),
        seen: Default::default(),
        objects: &objects,
    };
    let commits = contents.map(|content| {
        let tree = writer.tree(content);
        let commit = format!("tree {tree}\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nx\n");
        super::super::CommitId(writer.add(Kind::Commit, commit.as_bytes()))
    });
    writer.pack.finish().unwrap();
    let repository = Repository::open(directory, Limits::default()).unwrap();
    commits.map(|commit| repository.tree(commit, false).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_changed_is_missed((first, second) in pair()) {
        let directory = tempfile::tempdir().unwrap();
        let [old, new] = written(directory.path(), [&first, &second]);
        let changes = old.changes_to(&new).unwrap();
        let mut asked = vec![String::new()];
        let names = ["a", "b", "a-b", "c"];
        for one in names {
            asked.push(one.to_owned());
            for two in names {
                asked.push(format!("{one}/{two}"));
                asked.extend(names.map(|three| format!("{one}/{two}/{three}")));
            }
        }
        for text in asked {
            let at = TreePath::parse(&text).unwrap();
            for way in 0..4 {
                let traced = Traced::new(&old);
                match way {
                    0 => drop(traced.file(&at)),
                    1 => drop(traced.list(&at)),
                    2 => drop(traced.kind(&at)),
                    _ => drop(traced.id(&at)),
                }
                let reads = traced.into_reads();
                let changed = !reads.unchanged_in(&new).unwrap();
                let found = changes.touches(&reads, &new).unwrap();
                prop_assert!(found || !changed, "'{}' differs and is not found: {:?}", text, reads);
                prop_assert!(changed || !found || !changes.is_empty());
            }
        }
        prop_assert!(old.changes_to(&old).unwrap().is_empty());
    }
}
