use super::*;

#[test]
fn content_is_found_again_by_its_digest_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(directory.path()).unwrap();
    let digest = blobs.put(b"hello").unwrap();
    assert_eq!(digest, super::digest(b"hello"));
    let taken = Taken { digest: digest.clone(), revision: "1".into(), ..Taken::default() };
    blobs.remember("a/b", taken.clone()).unwrap();
    drop(blobs);
    let blobs = Blobs::open(directory.path()).unwrap();
    assert_eq!(blobs.taken("a/b"), Some(taken));
    assert_eq!(blobs.read(&digest).unwrap(), b"hello");
    assert!(!blobs.has("sha256:../../etc/passwd"));
}

#[test]
fn what_nobody_needs_any_more_goes_once_it_is_old() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(directory.path()).unwrap();
    let (one, two) = (blobs.put(b"one").unwrap(), blobs.put(b"two").unwrap());
    for digest in [&one, &two] {
        let old = std::time::SystemTime::now() - 2 * YOUNG;
        File::options().write(true).open(blobs.path(digest)).unwrap().set_modified(old).unwrap();
    }
    let taken = |digest: &str| Taken { digest: digest.to_owned(), ..Taken::default() };
    blobs.remember("a", taken(&one)).unwrap();
    assert!(blobs.has(&one) && !blobs.has(&two));
    blobs.forget("a").unwrap();
    assert!(!blobs.has(&one));
}

#[test]
fn half_of_something_is_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(directory.path()).unwrap();
    let mut receiving = blobs.receive().unwrap();
    receiving.write(b"half").unwrap();
    drop(receiving);
    assert_eq!(std::fs::read_dir(directory.path().join("sha256")).unwrap().count(), 0);
}
