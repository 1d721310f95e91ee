use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;

fn header(name: &str, kind: u8, size: usize) -> Vec<u8> {
    let mut block = vec![0_u8; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[148..156].copy_from_slice(b"        ");
    block[156] = kind;
    block[257..263].copy_from_slice(b"ustar\0");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// A gzipped tar of these entries: name, type, content.
pub(crate) fn packed(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for (name, kind, content) in entries {
        gzip.write_all(&header(name, *kind, content.len())).unwrap();
        gzip.write_all(content).unwrap();
        gzip.write_all(&vec![0; content.len().next_multiple_of(512) - content.len()]).unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    gzip.finish().unwrap()
}

fn open(content: &[u8], limits: ArchiveLimits) -> Result<ArchiveTree, ArchiveError> {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(directory.path()).unwrap();
    let digest = blobs.put(content).unwrap();
    ArchiveTree::open(&blobs, &digest, limits)
}

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

#[test]
fn files_are_read_and_links_are_left_out() {
    let long = format!("{}/file", "d".repeat(150));
    let pax = format!("{} path=pax/ä\n", "path=pax/ä".len() + 4);
    let bytes = packed(&[
        ("./a/", b'5', b""),
        ("./a/one.yaml", b'0', b"1"),
        ("a/link", b'2', b""),
        ("././@LongLink", b'L', long.as_bytes()),
        ("cut", b'0', b"long"),
        ("pax", b'x', pax.as_bytes()),
        ("cut", b'0', &[7; 2000]),
    ]);
    let tree = open(&bytes, ArchiveLimits::default()).unwrap();
    assert_eq!(&*tree.file(&path("a/one.yaml")).unwrap(), b"1");
    assert_eq!(&*tree.file(&path(&long)).unwrap(), b"long");
    assert_eq!(&*tree.file(&path("pax/ä")).unwrap(), &[7; 2000]);
    assert_eq!(tree.kind(&path("a/link")).unwrap(), None);
    let names: Vec<String> =
        tree.list(&TreePath::root()).unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["a", &"d".repeat(150), "pax"]);
}

#[test]
fn the_identity_of_a_directory_is_that_of_what_is_in_it() {
    let one = open(&packed(&[("a/x", b'0', b"1"), ("b", b'0', b"2")]), ArchiveLimits::default());
    let two = open(&packed(&[("b", b'0', b"3"), ("a/x", b'0', b"1")]), ArchiveLimits::default());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.id(&path("a")).unwrap(), two.id(&path("a")).unwrap());
    assert_ne!(one.id(&path("")).unwrap(), two.id(&path("")).unwrap());
}

#[test]
fn bombs_and_ways_out_are_refused() {
    let limits = ArchiveLimits { bytes: 4096, entries: 2 };
    let big = open(&packed(&[("a", b'0', &[0; 8192])]), limits);
    assert!(matches!(big, Err(ArchiveError::TooLarge(_))));
    let many = open(&packed(&[("a", b'0', b""), ("b", b'0', b""), ("c", b'0', b"")]), limits);
    assert!(matches!(many, Err(ArchiveError::TooLarge(_))));
    let out = open(&packed(&[("../../etc/passwd", b'0', b"")]), limits);
    assert!(matches!(out, Err(ArchiveError::Broken(_))));
    assert!(matches!(open(b"no gzip", limits), Err(ArchiveError::Broken(_))));
    let both = open(&packed(&[("a", b'0', b""), ("a/b", b'0', b"")]), limits);
    assert!(matches!(both, Err(ArchiveError::Broken(_))));
    let mut cut = packed(&[("a", b'0', &[1; 3000])]);
    cut.truncate(cut.len() / 2);
    assert!(matches!(open(&cut, limits), Err(ArchiveError::Broken(_))));
}

#[test]
fn reads_what_artifacts_are_packed_as() {
    let mut memory = tree::MemoryTree::new();
    let long = format!("{}/{}", "x".repeat(120), "y".repeat(120));
    memory.add("deep/er/file.yaml", b"content").unwrap();
    memory.add(&long, b"long").unwrap();
    let mut bytes = Vec::new();
    crate::artifact::write_plain(&memory, &mut bytes).unwrap();
    let tree = open(&bytes, ArchiveLimits::default()).unwrap();
    assert_eq!(&*tree.file(&path("deep/er/file.yaml")).unwrap(), b"content");
    assert_eq!(&*tree.file(&path(&long)).unwrap(), b"long");
    assert_eq!(tree.len(), 2);
}
