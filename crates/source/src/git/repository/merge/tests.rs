use super::super::{CommitId, Limits, Repository, lock};
use super::*;
use gix::ObjectId;
use gix::objs::{Kind, compute_hash};
use tree::{Tree, TreePath};

fn add(pack: &mut PackWriter, kind: Kind, data: &[u8]) -> ObjectId {
    let id = compute_hash(gix::hash::Kind::Sha1, kind, data).unwrap();
    pack.add(id, kind, data).unwrap();
    id
}

/// A long life: more packs come and go than the store has places for at a time.
#[test]
fn packs_come_and_go_without_end() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { packs: 4, revisions: 2, ..Limits::default() };
    let repository = Repository::open(directory.path(), limits).unwrap();
    let file = TreePath::parse("file").unwrap();
    for round in 0..540 {
        let content = format!("content {round}");
        let mut pack = PackWriter::create(&repository.0.objects.pack_directory()).unwrap();
        let blob = add(&mut pack, Kind::Blob, content.as_bytes());
        let tree = add(&mut pack, Kind::Tree, &[b"100644 file\0", blob.as_slice()].concat());
        let commit =
            format!("tree {tree}\nauthor a <a> {round} +0000\ncommitter a <a> 0 +0000\n\nx\n");
        let commit = add(&mut pack, Kind::Commit, commit.as_bytes());
        pack.finish().unwrap();
        repository.check_complete(commit).unwrap();
        lock(&repository.0.held).add(directory.path(), "there", commit, limits.revisions).unwrap();
        repository.merge_packs().unwrap();
        let read = repository.tree(CommitId(commit), false).unwrap().file(&file).unwrap();
        assert_eq!(&*read, content.as_bytes());
    }
    assert!(repository.0.objects.packs().unwrap().len() <= 4);
}
