use super::super::super::fixture::{Ours, Sample, git_is_here};
use super::super::super::{Reference, Secret};
use super::*;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::ssh_key::{LineEnding, PublicKey};
use russh::server::{self, Auth, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, Command};

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn public(key: &PrivateKey) -> String {
    key.public_key().to_openssh().unwrap()
}

/// An SSH server that lets one key in and runs `git-upload-pack`.
#[derive(Clone)]
struct Doors {
    allowed: PublicKey,
    old: bool,
    connections: Arc<Mutex<usize>>,
    running: Arc<tokio::sync::Mutex<HashMap<ChannelId, ChildStdin>>>,
    asked: Arc<Mutex<Vec<String>>>,
    version: Option<String>,
}

impl server::Server for Doors {
    type Handler = Self;

    fn new_client(&mut self, _: Option<SocketAddr>) -> Self {
        *self.connections.lock().unwrap() += 1;
        Self { running: Arc::default(), ..self.clone() }
    }
}

impl server::Handler for Doors {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        let known = key.public_key.key_data() == self.allowed.key_data() && user == "git";
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<server::Msg>,
        reply: server::ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn env_request(
        &mut self,
        _: ChannelId,
        name: &str,
        value: &str,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if name == "GIT_PROTOCOL" && !self.old {
            self.version = Some(value.to_owned());
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let command = String::from_utf8(command.to_vec()).unwrap();
        self.asked.lock().unwrap().push(command.clone());
        let mut child = Command::new("sh")
            .args([
                "-c",
                &command.replacen("git-upload-pack", "git -c safe.directory='*' upload-pack", 1),
            ])
            .env("GIT_PROTOCOL", self.version.clone().unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.running.lock().await.insert(channel, child.stdin.take().unwrap());
        let handle = session.handle();
        tokio::spawn(async move {
            let mut output = child.stdout.take().unwrap();
            let mut buffer = vec![0; 16 << 10];
            loop {
                let length = output.read(&mut buffer).await.unwrap();
                if length == 0 {
                    break;
                }
                handle.data(channel, buffer[..length].to_vec()).await.unwrap();
            }
            let mut words = Vec::new();
            child.stderr.take().unwrap().read_to_end(&mut words).await.unwrap();
            let _ = handle.extended_data(channel, 1, words).await;
            let code = child.wait().await.unwrap().code().unwrap_or(1);
            let _ = handle.exit_status_request(channel, u32::try_from(code).unwrap()).await;
            let _ = handle.close(channel).await;
        });
        session.channel_success(channel)?;
        Ok(())
    }

    async fn data(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if let Some(input) = self.running.lock().await.get_mut(&channel) {
            input.write_all(data).await?;
        }
        Ok(())
    }

    async fn channel_close(
        &mut self,
        channel: ChannelId,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.running.lock().await.remove(&channel);
        Ok(())
    }
}

struct Host {
    address: SocketAddr,
    doors: Doors,
}

impl Host {
    async fn start(host_key: PrivateKey, allowed: &PrivateKey, old: bool) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Arc::new(server::Config {
            keys: vec![host_key],
            auth_rejection_time: Duration::from_millis(1),
            ..server::Config::default()
        });
        let doors = Doors {
            allowed: allowed.public_key().clone(),
            old,
            connections: Arc::default(),
            running: Arc::default(),
            asked: Arc::default(),
            version: None,
        };
        let mut serving = doors.clone();
        tokio::spawn(async move {
            let _ = server::Server::run_on_socket(&mut serving, config, &listener).await;
        });
        Self { address, doors }
    }

    fn source(&self, path: &str, identity: &PrivateKey, known_hosts: String) -> GitSource {
        let mut source = GitSource::new(
            format!("ssh://git@{}{path}", self.address),
            Reference::Branch("main".into()),
        );
        let identity = identity.to_openssh(LineEnding::LF).unwrap();
        source.credentials = Credentials::Ssh {
            identity: Secret::new(identity.as_bytes()),
            password: None,
            known_hosts,
        };
        source
    }

    fn known(&self, key: &PrivateKey) -> String {
        format!("[127.0.0.1]:{} {}\n", self.address.port(), public(key))
    }
}

async fn followed(old: bool) {
    if !git_is_here() {
        return;
    }
    let sample = Sample::new();
    sample.write("a's/b.yaml", "kind: A\n");
    let first = sample.commit();
    let host = Host::start(key(1), &key(2), old).await;
    let source = host.source(&sample.path().display().to_string(), &key(2), host.known(&key(1)));
    let ours = Ours::new();
    let revision = ours.repository.resolve(&source).await.unwrap();
    assert_eq!(revision.to_string(), format!("main@sha1:{first}"));
    ours.repository.fetch(&source, &revision).await.unwrap();
    sample.write("a's/b.yaml", "kind: B\n");
    let second = sample.commit();
    let revision = ours.repository.resolve(&source).await.unwrap();
    let fetched = ours.repository.fetch(&source, &revision).await.unwrap();
    assert!(ours.repository.holds(second) && fetched.objects <= 4, "{fetched:?}");
    assert_eq!(
        *host.doors.connections.lock().unwrap(),
        1,
        "one connection serves resolve and fetch"
    );
    assert_eq!(host.doors.asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn ssh_version_2() {
    followed(false).await;
}

#[tokio::test]
async fn ssh_version_0() {
    followed(true).await;
}

async fn refused_with(source: &GitSource) -> GitError {
    Ours::new().repository.resolve(source).await.unwrap_err()
}

#[tokio::test]
async fn hosts_and_keys_that_do_not_fit_are_refused_in_clear_words() {
    let host = Host::start(key(1), &key(2), false).await;
    let unknown =
        refused_with(&host.source("/x", &key(2), "github.com ssh-ed25519 AAAA\n".into())).await;
    assert!(
        matches!(&unknown, GitError::HostKey { problem, .. } if problem.contains("ssh-keyscan")),
        "{unknown}"
    );
    let changed = refused_with(&host.source("/x", &key(2), host.known(&key(9)))).await;
    assert!(
        matches!(&changed, GitError::HostKey { problem, .. } if problem.contains("has another")),
        "{changed}"
    );
    let revoked = format!("@revoked * {}\n{}", public(&key(1)), host.known(&key(1)));
    let revoked = refused_with(&host.source("/x", &key(2), revoked)).await;
    assert!(revoked.to_string().contains("revokes"), "{revoked}");
    let denied = refused_with(&host.source("/x", &key(3), host.known(&key(1)))).await;
    assert_eq!(denied.reason().as_str(), "AuthenticationFailed");
    assert!(denied.to_string().contains("deploy key"), "{denied}");
    let mut source = host.source("/x", &key(2), host.known(&key(1)));
    source.credentials = Credentials::None;
    assert!(refused_with(&source).await.to_string().contains("identity and known_hosts"));
    source.credentials = Credentials::Ssh {
        identity: Secret::new("hunter2"),
        password: None,
        known_hosts: host.known(&key(1)),
    };
    let unreadable = refused_with(&source).await;
    assert_eq!(unreadable.reason().as_str(), "AuthenticationFailed");
    assert!(!format!("{unreadable} {unreadable:?} {source:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_the_server_complains_about_is_said() {
    if !git_is_here() {
        return;
    }
    let host = Host::start(key(1), &key(2), false).await;
    let missing = refused_with(&host.source("/nowhere", &key(2), host.known(&key(1)))).await;
    assert!(matches!(missing, GitError::NotFound { .. }), "{missing:?}");
}

/// A key made by ssh-keygen, if there is one. One ECDSA key in 256 is too short for the library below.
fn generated(
    directory: &std::path::Path,
    kind: &str,
    format: &str,
    passphrase: &str,
) -> Option<Vec<u8>> {
    let bits = if kind == "rsa" { "2048" } else { "256" };
    for attempt in 0..4 {
        let path = directory.join(format!("{kind}-{format}-{}-{attempt}", passphrase.len()));
        let made = std::process::Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-b", bits, "-m", format, "-N", passphrase, "-f"])
            .arg(&path)
            .status();
        if !made.is_ok_and(|s| s.success()) {
            println!("SKIPPED: no ssh-keygen on this machine");
            return None;
        }
        let pem = std::fs::read(&path).unwrap();
        let password = (!passphrase.is_empty()).then_some(passphrase.as_bytes());
        if !private_key(&pem, password).is_err_and(|e| e.contains("one in 256")) {
            return Some(pem);
        }
    }
    panic!("four keys in a row are too short");
}

#[tokio::test]
async fn keys_of_the_other_kinds_are_read() {
    let directory = tempfile::tempdir().unwrap();
    for (kind, format) in [
        ("rsa", "PEM"),
        ("rsa", "PKCS8"),
        ("rsa", "RFC4716"),
        ("ecdsa", "PEM"),
        ("ecdsa", "RFC4716"),
        ("ed25519", "RFC4716"),
    ] {
        for passphrase in ["", "open sesame"] {
            // The library below does not open encrypted SEC1 files, which ssh-keygen has not written since 2014.
            if (kind, format) == ("ecdsa", "PEM") && !passphrase.is_empty() {
                continue;
            }
            let Some(pem) = generated(directory.path(), kind, format, passphrase) else { return };
            let password = (!passphrase.is_empty()).then_some(passphrase.as_bytes());
            let read = private_key(&pem, password);
            assert!(read.is_ok(), "{kind} {format} {passphrase:?}: {read:?}");
            if password.is_some() {
                assert!(private_key(&pem, None).is_err());
                assert!(private_key(&pem, Some(b"wrong")).is_err());
            }
        }
    }
}

#[test]
fn a_path_is_one_word_for_the_shell() {
    assert_eq!(quoted("/a b/$(x)'y"), r"'/a b/$(x)'\''y'");
}
