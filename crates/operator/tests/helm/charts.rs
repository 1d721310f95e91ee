//! Packed charts, and a web server that has them.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A chart with a Deployment, a ConfigMap, a hook and a test.
pub fn web(version: &str) -> Vec<u8> {
    let chart = format!("apiVersion: v2\nname: web\nversion: {version}\nappVersion: \"9\"\n");
    let deployment = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
      - name: web
        image: registry.example/web:{{ .Values.tag }}
"#;
    let config = r#"{{- if .Values.config }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  chart: {{ .Chart.Version }}
  revision: "{{ .Release.Revision }}"
  {{- range $k, $v := .Values.config }}
  {{ $k }}: {{ $v | quote }}
  {{- end }}
{{- end }}
"#;
    let job = |name: &str, hook: &str, tag: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{{{ .Release.Name }}}}-{name}\n  annotations:\n    helm.sh/hook: {hook}\n    helm.sh/hook-delete-policy: before-hook-creation\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: job\n        image: registry.example/job:{tag}\n"
        )
    };
    pack(&[
        ("web/Chart.yaml", chart),
        ("web/values.yaml", "replicas: 1\ntag: \"1\"\nconfig: {}\ntestTag: ok\n".to_owned()),
        ("web/templates/deployment.yaml", deployment.to_owned()),
        ("web/templates/config.yaml", config.to_owned()),
        ("web/templates/migrate.yaml", job("migrate", "pre-install,pre-upgrade", "1")),
        ("web/templates/test.yaml", job("test", "test", "{{ .Values.testTag }}")),
        ("web/templates/NOTES.txt", "Have fun with {{ .Release.Name }}.\n".to_owned()),
    ])
}

fn pack(files: &[(&str, String)]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for (name, text) in files {
        let mut block = [0_u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[100..107].copy_from_slice(b"0000644");
        block[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
        block[148..156].copy_from_slice(b"        ");
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        gzip.write_all(&block).unwrap();
        gzip.write_all(text.as_bytes()).unwrap();
        let padding = text.len().next_multiple_of(512) - text.len();
        gzip.write_all(&vec![0; padding]).unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    gzip.finish().unwrap()
}

/// A Helm repository of the `web` chart in some versions.
pub struct Repository {
    pub url: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Repository {
    pub async fn start(versions: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let files = Arc::new(Mutex::new(BTreeMap::new()));
        let served = files.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let served: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = served.clone();
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = socket.read_u8().await else { return };
                        head.push(byte);
                    }
                    let text = String::from_utf8_lossy(&head).into_owned();
                    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                    let found = served.lock().unwrap().get(&path).cloned();
                    let (status, body) = found.map_or((404, Vec::new()), |body| (200, body));
                    let reply = format!(
                        "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = socket.write_all(reply.as_bytes()).await;
                    let _ = socket.write_all(&body).await;
                });
            }
        });
        let repository = Self { url, files };
        repository.offer(versions);
        repository
    }

    /// Offers a version of the chart as a registry does, under `/charts/web`.
    pub fn push(&self, version: &str) {
        let chart = web(version);
        let digest = |bytes: &[u8]| source::blobs::digest(bytes);
        let manifest = format!(
            r#"{{"schemaVersion":2,"layers":[{{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"{}","size":{}}}]}}"#,
            digest(&chart),
            chart.len()
        );
        let mut files = self.files.lock().unwrap();
        let base = "/v2/charts/web";
        files.insert(format!("{base}/blobs/{}", digest(&chart)), chart);
        files.insert(format!("{base}/manifests/{version}"), manifest.clone().into_bytes());
        files.insert(
            format!("{base}/manifests/{}", digest(manifest.as_bytes())),
            manifest.into_bytes(),
        );
        let tags = format!(r#"{{"tags":["{version}"]}}"#).into_bytes();
        files.insert(format!("{base}/tags/list?n=1000"), tags);
    }

    pub fn offer(&self, versions: &[&str]) {
        let mut files = BTreeMap::new();
        let mut index = "apiVersion: v1\nentries:\n  web:\n".to_owned();
        for version in versions {
            index.push_str(&format!(
                "  - name: web\n    version: {version}\n    urls:\n    - web-{version}.tgz\n"
            ));
            files.insert(format!("/web-{version}.tgz"), web(version));
        }
        files.insert("/index.yaml".to_owned(), index.into_bytes());
        *self.files.lock().unwrap() = files;
    }
}
