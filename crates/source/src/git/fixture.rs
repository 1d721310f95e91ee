//! For tests: repositories made with the installed `git`, served over HTTP by `git http-backend`. Tests say so
//! and pass over when there is no `git`.

use super::{CommitId, GitSource, Limits, Reference, Repository};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Whether there is a `git`; says visibly that a test is passed over when not.
pub(crate) fn git_is_here() -> bool {
    let here = Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success());
    if !here {
        println!("SKIPPED: no git program on this machine");
    }
    here
}

/// A repository with a working copy.
pub(crate) struct Sample {
    pub(crate) directory: TempDir,
}

impl Sample {
    /// An empty repository with the branch `main`.
    pub(crate) fn new() -> Self {
        let sample = Self { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir(sample.path()).unwrap();
        sample.git(&["init", "-q", "-b", "main"]);
        sample
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("repo")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.path(), arguments)
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> &Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    pub(crate) fn commit(&self) -> CommitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// As a source read from the disk.
    pub(crate) fn source(&self) -> GitSource {
        GitSource::new(self.path().display().to_string(), Reference::Branch("main".into()))
    }
}

pub(crate) fn git_in(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A database of ours in a directory that goes away.
pub(crate) struct Ours {
    pub(crate) directory: TempDir,
    pub(crate) repository: Repository,
}

impl Ours {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let repository = Repository::open(directory.path(), limits).unwrap();
        Self { directory, repository }
    }
}

/// What a server saw of one request.
#[derive(Clone)]
pub(crate) struct Seen {
    line: String,
    pub(crate) authorization: Option<String>,
    request: Vec<u8>,
    pub(crate) answered: usize,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let request = String::from_utf8_lossy(&self.request);
        write!(
            f,
            "{} ({:?}): {request:?} -> {} bytes",
            self.line, self.authorization, self.answered
        )
    }
}

/// How the server behaves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Speaks version 0 only.
    pub(crate) old: bool,
    /// The `Authorization` it wants.
    pub(crate) authorization: Option<String>,
    /// Cuts packs short after so many bytes.
    pub(crate) cut: Option<usize>,
    /// Flips a bit at this place of a pack's answer, counted from the end.
    pub(crate) flip: Option<usize>,
    /// Never answers.
    pub(crate) hang: bool,
    /// Redirects everything there.
    pub(crate) redirect: Option<String>,
    /// Redirects paths that begin so to paths that begin otherwise.
    pub(crate) moved: Option<(&'static str, &'static str)>,
}

/// A smart HTTP server for the repositories below a directory.
pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) manner: Arc<Mutex<Manner>>,
}

impl Server {
    /// Serves on a free port until the test's runtime ends.
    pub(crate) async fn start(root: &Path, manner: Manner) -> Self {
        Self::start_with(root, manner, None).await
    }

    /// The same, with TLS.
    pub(crate) async fn start_with(
        root: &Path,
        manner: Manner,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, manner) = (Arc::new(Mutex::default()), Arc::new(Mutex::new(manner)));
        let root = root.to_owned();
        let (seen_by, manners) = (Arc::clone(&seen), Arc::clone(&manner));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let tls = tls.clone();
                let (root, seen, manner) =
                    (root.clone(), Arc::clone(&seen_by), Arc::clone(&manners));
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| {
                        let manner = manner.lock().unwrap().clone();
                        answer(request, root.clone(), Arc::clone(&seen), manner)
                    });
                    let builder =
                        hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let Some(tls) = tls else {
                        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                        return;
                    };
                    if let Ok(stream) = tokio_rustls::TlsAcceptor::from(tls).accept(stream).await {
                        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Self { address, seen, manner }
    }

    pub(crate) fn source(&self) -> GitSource {
        GitSource::new(
            format!("http://{}/repo/.git", self.address),
            Reference::Branch("main".into()),
        )
    }

    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn answer(
    request: Request<Incoming>,
    root: PathBuf,
    seen: Arc<Mutex<Vec<Seen>>>,
    manner: Manner,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let line = format!("{} {}", parts.method, parts.uri);
    let authorization = header("authorization");
    let note = |answered| {
        let seen_now = Seen {
            line: line.clone(),
            authorization: authorization.clone(),
            request: body.to_vec(),
            answered,
        };
        seen.lock().unwrap().push(seen_now);
    };
    if manner.hang {
        std::future::pending::<()>().await;
    }
    if let Some((rest, to)) = manner
        .moved
        .and_then(|(from, to)| Some((parts.uri.to_string().strip_prefix(from)?.to_owned(), to)))
    {
        note(0);
        return Ok(Response::builder()
            .status(301)
            .header("location", format!("{to}{rest}"))
            .body(Full::default())
            .unwrap());
    }
    if let Some(to) = &manner.redirect {
        note(0);
        let to = format!("{to}{}", parts.uri);
        return Ok(Response::builder()
            .status(301)
            .header("location", to)
            .body(Full::default())
            .unwrap());
    }
    if manner.authorization.is_some() && manner.authorization != authorization {
        note(0);
        return Ok(Response::builder().status(401).body(Full::default()).unwrap());
    }
    let protocol =
        if manner.old { String::new() } else { header("git-protocol").unwrap_or_default() };
    let content_type = header("content-type").unwrap_or_default();
    let (method, uri, input) = (parts.method.clone(), parts.uri.clone(), body.clone());
    let output = tokio::task::spawn_blocking(move || {
        backend(&root, &method, &uri, &content_type, &protocol, &input)
    })
    .await
    .unwrap();
    let at = output.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let mut content = output[at + 4..].to_vec();
    if parts.method == "POST" && content.windows(4).any(|w| w == b"PACK") {
        if let Some(cut) = manner.cut {
            content.truncate(cut);
        }
        if let Some(flip) = manner.flip {
            let at = content.len() - flip;
            content[at] ^= 0x10;
        }
    }
    note(content.len());
    let mut response = Response::builder();
    for header in String::from_utf8_lossy(&output[..at]).lines() {
        let (name, value) = header.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(value[..3].parse::<u16>().unwrap()),
            _ => response.header(name, value),
        };
    }
    Ok(response.body(Full::new(content.into())).unwrap())
}

fn backend(
    root: &Path,
    method: &http::Method,
    uri: &http::Uri,
    content_type: &str,
    protocol: &str,
    input: &[u8],
) -> Vec<u8> {
    let mut child = Command::new("git")
        .args(["-c", "safe.directory=*", "http-backend"])
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", method.as_str())
        .env("CONTENT_TYPE", content_type)
        .env("CONTENT_LENGTH", input.len().to_string())
        .env("GIT_PROTOCOL", protocol)
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().stdout
}
