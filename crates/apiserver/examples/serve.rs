//! The API server alone, on a socket: `cargo run --example serve -- DATA_DIR [PORT]`. Writes `DATA_DIR/kubeconfig`.
//!
//! For trying it with `kubectl`; the product starts it with `windlass up`.

use std::path::PathBuf;
use windlass_apiserver::{ApiServer, Options, serve, workloads};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("say where the data shall be kept")?);
    let port = arguments.next().unwrap_or_else(|| "0".to_owned());
    let options = Options {
        data_dir: Some(folder.clone()),
        workloads: Some(workloads::Settings::default()),
        ..Options::default()
    };
    let server = ApiServer::open(options).await?;
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let address = listener.local_addr()?.to_string();
    std::fs::write(folder.join("kubeconfig"), server.kubeconfig(&address))?;
    println!("https://{address}");
    let tls = server.credentials().tls(&[])?;
    let stop = async {
        // Without signals there is only the kill; either way the data is safe.
        let _ = tokio::signal::ctrl_c().await;
    };
    serve(listener, server.clone(), tls, stop).await?;
    server.shutdown().await;
    Ok(())
}
