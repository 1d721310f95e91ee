use super::super::fixture::{Manner, Ours, Sample, Server, git_is_here};
use super::super::{GitSource, Reference};
use super::*;
use std::process::Command;

/// A key pair in files, or nothing when there is no ssh-keygen.
fn key_pair(directory: &std::path::Path, name: &str, kind: &str) -> Option<(String, String)> {
    let path = directory.join(name);
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-f"]).arg(&path).status();
    if !made.is_ok_and(|s| s.success()) {
        println!("SKIPPED: no ssh-keygen on this machine");
        return None;
    }
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    Some((path.display().to_string(), public))
}

fn signed(sample: &Sample, key: &str, arguments: &[&str]) {
    let signing = format!("user.signingkey={key}");
    let mut all = vec!["-c", "gpg.format=ssh", "-c", &signing];
    all.extend(arguments);
    sample.git(&all);
}

async fn fetched(ours: &Ours, source: &GitSource) -> Revision {
    let revision = ours.repository.resolve(source).await.unwrap();
    ours.repository.fetch(source, &revision).await.unwrap();
    revision
}

#[tokio::test]
async fn commits_and_tags_signed_with_ssh() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let Some((key, public)) = key_pair(sample.directory.path(), kind, kind) else { return };
        let Some((_, other)) =
            key_pair(sample.directory.path(), &format!("{kind}-other"), "ed25519")
        else {
            return;
        };
        sample.write("a", kind);
        sample.git(&["add", "-A"]);
        signed(&sample, &key, &["commit", "-q", "-S", "-m", "signed"]);
        signed(&sample, &key, &["tag", "-f", "-s", "v1.0.0", "-m", "signed"]);
        let server = Server::start(sample.directory.path(), Manner::default()).await;
        for mut source in [sample.source(), server.source()] {
            source.reference = Reference::Tag("v1.0.0".into());
            let ours = Ours::new();
            let revision = fetched(&ours, &source).await;
            let both = format!("# ours\n\n{other}{public}");
            for (mode, count) in
                [(VerifyMode::Head, 1), (VerifyMode::Tag, 1), (VerifyMode::TagAndHead, 2)]
            {
                let found = ours.repository.verify(&revision, mode, &both).unwrap();
                assert_eq!(found.len(), count);
                assert!(found[0].starts_with("SHA256:"), "{found:?}");
                let error = ours.repository.verify(&revision, mode, &other).unwrap_err();
                assert!(matches!(error, VerifyError::Untrusted { keys: 1, .. }), "{error}");
            }
            assert!(ours.repository.verify(&revision, VerifyMode::Head, "").is_err());
            assert!(matches!(
                ours.repository.verify(&revision, VerifyMode::Head, "nonsense"),
                Err(VerifyError::Key { line: 1 })
            ));
        }
    }
}

#[tokio::test]
async fn what_is_not_signed_or_altered_is_not_trusted() {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    let Some((key, public)) = key_pair(sample.directory.path(), "key", "ed25519") else { return };
    sample.write("a", "1").commit();
    let ours = Ours::new();
    let revision = fetched(&ours, &sample.source()).await;
    assert!(matches!(
        ours.repository.verify(&revision, VerifyMode::Head, &public),
        Err(VerifyError::Unsigned(_))
    ));
    assert!(matches!(
        ours.repository.verify(&revision, VerifyMode::Tag, &public),
        Err(VerifyError::NoTag(_))
    ));

    signed(&sample, &key, &["commit", "-q", "-S", "--allow-empty", "-m", "signed"]);
    let content = sample.git(&["cat-file", "commit", "HEAD"]);
    let (payload, signature) = of_commit(content.as_bytes()).unwrap();
    assert!(!String::from_utf8_lossy(&payload).contains("gpgsig") && signature.starts_with(SSH));
    let forged = content.replace("\nsigned", "\nsigned?");
    std::fs::write(sample.path().join("forged"), forged + "\n").unwrap();
    let forged = sample.git(&["hash-object", "-w", "-t", "commit", "forged"]);
    sample.git(&["update-ref", "refs/heads/main", &forged]);
    let revision = fetched(&ours, &sample.source()).await;
    assert!(matches!(
        ours.repository.verify(&revision, VerifyMode::Head, &public),
        Err(VerifyError::Untrusted { .. })
    ));
}

#[test]
fn pgp_is_recognised() {
    let (payload, signature) =
        of_tag(b"object x\n\nmessage\n-----BEGIN PGP SIGNATURE-----\n\nabc\n").unwrap();
    assert_eq!(payload, b"object x\n\nmessage\n");
    assert!(signature.contains("PGP"));
    assert!(of_tag(b"object x\n\nmessage\n").is_none());
    assert!(of_commit(b"tree x\n\ngpgsig no header\n").is_none());
}
