use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn a_revision_prints_as_flux_prints_it_and_reads_back() {
    for text in [
        format!("main@sha1:{ID}"),
        format!("feature/a@b@sha1:{ID}"),
        format!("refs/pull/420/head@sha1:{ID}"),
        format!("sha1:{ID}"),
    ] {
        let revision: Revision = text.parse().unwrap();
        assert_eq!(revision.to_string(), text);
    }
}

#[test]
fn what_is_no_full_id_is_refused() {
    for text in [
        "",
        "main",
        "main@sha1:0123",
        "main@sha256:00",
        "main@sha1:zz23456789abcdef0123456789abcdef01234567",
    ] {
        assert!(text.parse::<Revision>().is_err(), "{text}");
    }
    assert!("HEAD".parse::<CommitId>().is_err());
}
