//! Git over SSH, in process: the key of the Secret, the hosts of its `known_hosts` and no others.
//!
//! Deliberately absent: agents, `~/.ssh`, passwords, host certificates, proxies and jumps.

use super::super::GitSource;
use super::super::credentials::Credentials;
use super::super::error::GitError;
use super::super::location::{Location, Way};
use super::super::protocol::{Chunks, Packets, Transport, refused};
use super::known_hosts::{HostKeys, Standing};
use russh::client::{Config, Handle, Handler};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Preferred, client::Msg};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A connection is used again for this long after it was last used: the fetch after a resolve.
const KEPT: Duration = Duration::from_secs(20);
/// The most of the server's error output that is kept for a message.
const WORDS: usize = 4096;
/// Pieces of an answer waiting to be read.
const WAITING: usize = 64;

/// A connection that was made, and for whom.
pub(crate) struct Kept {
    handle: Handle<HostCheck>,
    location: String,
    credentials: Credentials,
    used: Instant,
}

/// Where the last connection waits to be used again.
pub(crate) type KeptConnection = Mutex<Option<Kept>>;

/// Compares the key of the host and remembers why it was refused.
pub(crate) struct HostCheck {
    keys: HostKeys,
    refused: Arc<Mutex<Option<String>>>,
}

impl Handler for HostCheck {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let problem = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                let fingerprint = key.fingerprint(HashAlg::Sha256);
                match self.keys.standing(key) {
                    Standing::Known => return Ok(true),
                    Standing::Changed => format!(
                        "it shows the {} key {fingerprint}, but known_hosts of the Secret has another; if the host really changed its key, replace the line (ssh-keyscan)",
                        key.algorithm()
                    ),
                    Standing::Revoked => format!(
                        "it shows the key {fingerprint}, which known_hosts of the Secret revokes"
                    ),
                }
            }
            PublicKeyOrCertificate::Certificate(_) => {
                "it shows a certificate, which cannot be checked".to_owned()
            }
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
        Ok(false)
    }
}

/// One command on a connection.
pub(crate) struct SshTransport {
    location: Location,
    writer: Arc<ChannelWriteHalf<Msg>>,
    packets: Packets,
}

impl SshTransport {
    /// Starts `git-upload-pack` over there, on the kept connection when it is for the same place and key.
    pub(crate) async fn connect(
        source: &GitSource,
        location: &Location,
        credentials: &Credentials,
        kept: &KeptConnection,
        limit: u64,
    ) -> Result<Self, GitError> {
        let place = location.key();
        let again = kept.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|kept| {
            kept.location == place
                && kept.credentials == *credentials
                && kept.used.elapsed() < KEPT
                && !kept.handle.is_closed()
        });
        if let Some(connection) = again
            && let Ok(transport) = Self::start(&connection.handle, location, limit).await
        {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Kept { used: Instant::now(), ..connection });
            return Ok(transport);
        }
        let handle = dial(source, location, credentials).await?;
        let transport = Self::start(&handle, location, limit).await?;
        let connection = Kept {
            handle,
            location: place,
            credentials: credentials.clone(),
            used: Instant::now(),
        };
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(transport)
    }

    async fn start(
        handle: &Handle<HostCheck>,
        location: &Location,
        limit: u64,
    ) -> Result<Self, GitError> {
        let Way::Ssh { path, .. } = &location.way else { return Err(not_ssh(location)) };
        let broken = |e: russh::Error| unreachable(location, e);
        let channel = handle.channel_open_session().await.map_err(broken)?;
        // Servers that do not let the variable through answer with version 0.
        channel.set_env(false, "GIT_PROTOCOL", "version=2").await.map_err(broken)?;
        channel.exec(true, format!("git-upload-pack {}", quoted(path))).await.map_err(broken)?;
        let (reader, writer) = channel.split();
        let (sender, receiver) = mpsc::channel(WAITING);
        let writer = Arc::new(writer);
        let (reading, closing, place) = (sender.clone(), Arc::clone(&writer), location.clone());
        tokio::spawn(async move {
            // The channel is closed when the answer ended, and also when nobody wants the rest of it.
            tokio::select! {
                () = pump(reader, sender, place) => {}
                () = reading.closed() => {}
            }
            let _ = closing.close().await;
        });
        Ok(Self {
            location: location.clone(),
            writer,
            packets: Packets::new(Chunks::Channel(receiver), limit),
        })
    }
}

/// Carries what the server writes to the reader of packets, and in the end what it complained about.
async fn pump(
    mut reader: ChannelReadHalf,
    sender: mpsc::Sender<Result<bytes::Bytes, GitError>>,
    location: Location,
) {
    let (mut words, mut failed) = (Vec::new(), false);
    while let Some(message) = reader.wait().await {
        match message {
            ChannelMsg::Data { data } => match sender.send(Ok(data)).await {
                Ok(()) => {}
                Err(_) => return,
            },
            ChannelMsg::ExtendedData { data, .. } => {
                let room = WORDS.saturating_sub(words.len());
                words.extend_from_slice(&data[..data.len().min(room)]);
            }
            ChannelMsg::ExitStatus { exit_status } => failed = exit_status != 0,
            ChannelMsg::Failure => {
                failed = true;
                words.extend_from_slice(b"the server does not run git-upload-pack");
            }
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    if failed && !words.is_empty() {
        // Nobody waits for it when all was well before.
        let _ = sender.send(Err(complaint(&location, &words))).await;
    }
}

/// What a server writes to its error output, by what hosting services say.
fn complaint(location: &Location, words: &[u8]) -> GitError {
    let text = String::from_utf8_lossy(words).to_lowercase();
    if [
        "not found",
        "does not appear to be a git repository",
        "does not exist",
        "could not be found",
    ]
    .iter()
    .any(|w| text.contains(w))
    {
        return GitError::NotFound {
            url: location.to_string(),
            wanted: "repository that this key may read".to_owned(),
            hint: format!("; the server says: {}", super::super::error::remote_words(words)),
        };
    }
    refused(location, words)
}

async fn dial(
    source: &GitSource,
    location: &Location,
    credentials: &Credentials,
) -> Result<Handle<HostCheck>, GitError> {
    let Way::Ssh { user, host, port, .. } = &location.way else { return Err(not_ssh(location)) };
    let denied = |problem: String| GitError::Authentication { url: location.to_string(), problem };
    let Credentials::Ssh { identity, password, known_hosts } = credentials else {
        return Err(denied(
            "an ssh URL needs a Secret with identity and known_hosts in spec.secretRef".to_owned(),
        ));
    };
    let key =
        private_key(identity.reveal(), password.as_ref().map(|p| p.reveal())).map_err(denied)?;
    let name = if *port == 22 { host.clone() } else { format!("{host}:{port}") };
    let keys = HostKeys::of(known_hosts, host.trim_matches(['[', ']']), *port);
    if keys.is_empty() {
        return Err(GitError::HostKey {
            host: name,
            problem: format!(
                "known_hosts of the Secret does not name it; add the output of 'ssh-keyscan -p {port} {host}' after checking it"
            ),
        });
    }
    let reason = Arc::new(Mutex::new(None));
    let config = config(&keys, source);
    let address = (host.trim_matches(['[', ']']), *port);
    let dialled =
        russh::client::connect(config, address, HostCheck { keys, refused: Arc::clone(&reason) })
            .await;
    let mut handle = dialled.map_err(|e| {
        match reason.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(problem) => GitError::HostKey { host: name, problem },
            None => unreachable(location, e),
        }
    })?;
    let broken = |e: russh::Error| unreachable(location, e);
    let rsa = matches!(key.algorithm(), Algorithm::Rsa { .. });
    let hash =
        if rsa { handle.best_supported_rsa_hash().await.map_err(broken)?.flatten() } else { None };
    let shown = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    let fingerprint = shown.public_key().fingerprint(HashAlg::Sha256);
    if !handle.authenticate_publickey(user.clone(), shown).await.map_err(broken)?.success() {
        return Err(denied(format!(
            "the server does not accept the key {fingerprint} of the Secret for the user '{user}'; add its public half as a deploy key"
        )));
    }
    Ok(handle)
}

fn config(keys: &HostKeys, source: &GitSource) -> Arc<Config> {
    let mut preferred = Preferred::default();
    // Only keys that can be compared: a host with several would otherwise show one that is not written down.
    let same = |a: &Algorithm, b: &Algorithm| {
        a == b || (matches!(a, Algorithm::Rsa { .. }) && matches!(b, Algorithm::Rsa { .. }))
    };
    let known: Vec<Algorithm> = keys.algorithms().collect();
    let comparable: Vec<Algorithm> =
        preferred.key.iter().filter(|a| known.iter().any(|k| same(a, k))).cloned().collect();
    if !comparable.is_empty() {
        preferred.key = comparable.into();
    }
    Arc::new(Config {
        preferred,
        inactivity_timeout: Some(source.timeout),
        nodelay: true,
        ..Config::default()
    })
}

fn private_key(pem: &[u8], password: Option<&[u8]>) -> Result<PrivateKey, String> {
    let pem = std::str::from_utf8(pem)
        .map_err(|_| "identity of the Secret is no PEM private key".to_owned())?;
    let password = password.map(String::from_utf8_lossy);
    russh::keys::decode_secret_key(pem, password.as_deref()).map_err(|e| match e {
        russh::keys::Error::KeyIsEncrypted => {
            "identity of the Secret is encrypted; add its passphrase as password".to_owned()
        }
        // A P-256 key whose number begins with a zero byte, which the library below does not read.
        e if e.to_string().contains("length invalid") => {
            "identity of the Secret is an ECDSA key of a rare form (one in 256) that cannot be read; make another, or an ed25519 key".to_owned()
        }
        _ if password.is_some() => {
            format!("identity of the Secret cannot be opened with its password: {e}")
        }
        _ => format!("identity of the Secret is no private key that can be used: {e}"),
    })
}

/// The path as one word of a POSIX shell, which is what runs it over there.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

fn not_ssh(location: &Location) -> GitError {
    GitError::Url { url: location.to_string(), problem: "it is no ssh URL".to_owned() }
}

fn unreachable(location: &Location, error: russh::Error) -> GitError {
    let problem = match &error {
        russh::Error::NoCommonAlgo { .. } => {
            "no algorithm that both sides know (is the host's key of the kind in known_hosts?)"
                .to_owned()
        }
        other => other.to_string(),
    };
    GitError::Network { url: location.to_string(), problem, source: Some(Box::new(error)) }
}

impl Transport for SshTransport {
    async fn greet(&mut self) -> Result<&mut Packets, GitError> {
        Ok(&mut self.packets)
    }

    async fn ask(&mut self, request: Vec<u8>) -> Result<&mut Packets, GitError> {
        self.writer.data(request.as_slice()).await.map_err(|e| unreachable(&self.location, e))?;
        Ok(&mut self.packets)
    }

    fn stateless(&self) -> bool {
        false
    }

    fn location(&self) -> &Location {
        &self.location
    }
}

#[cfg(test)]
mod tests;
