use super::{FILES, create};

#[test]
fn the_sample_is_a_clean_repository_with_every_file_committed() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).unwrap();
    let repository = gix::open(folder.path()).unwrap();
    let tree = repository.head_commit().unwrap().tree().unwrap();
    for (path, content) in FILES {
        let entry = tree.lookup_entry_by_path(path).unwrap().expect(path);
        assert_eq!(entry.object().unwrap().data, content.as_bytes(), "{path}");
    }
}

#[test]
fn a_repository_that_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path()).unwrap();
    let file = folder.path().join("README.md");
    std::fs::write(&file, "mine").unwrap();
    create(folder.path()).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}
