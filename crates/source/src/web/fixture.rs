//! A web server of a few lines, for tests: it answers what a closure says and remembers what it was asked.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as far as tests look at it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// `name: value`, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// An answer: status, headers, body.
pub(crate) type Told = (u16, Vec<(&'static str, String)>, Vec<u8>);

pub(crate) struct Server {
    /// `127.0.0.1:port`.
    pub(crate) address: String,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (log, answer) = (log.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = socket.read_u8().await else { return };
                        head.push(byte);
                    }
                    let text = String::from_utf8(head).unwrap();
                    let mut lines = text.lines();
                    let mut first = lines.next().unwrap().split(' ');
                    let request = Asked {
                        method: first.next().unwrap().to_owned(),
                        path: first.next().unwrap().to_owned(),
                        headers: lines
                            .filter_map(|l| l.split_once(": "))
                            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
                            .collect(),
                    };
                    let (status, headers, body) = answer(&request);
                    let head_only = request.method == "HEAD";
                    log.lock().unwrap().push(request);
                    let mut reply = format!(
                        "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n",
                        body.len()
                    );
                    for (name, value) in headers {
                        reply.push_str(&format!("{name}: {value}\r\n"));
                    }
                    reply.push_str("\r\n");
                    let _ = socket.write_all(reply.as_bytes()).await;
                    if !head_only {
                        let _ = socket.write_all(&body).await;
                    }
                    let _ = socket.shutdown().await;
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}
