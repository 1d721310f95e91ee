//! `cargo xtask control-plane`: a real kube-apiserver, etcd and kube-controller-manager, to compare with.
//!
//! They are ordinary Go modules, built once from the small module in `xtask/control-plane` into a cache outside
//! the clone. A development tool: nothing of it ships. Deliberately absent: kubelet and scheduler, so that
//! Pods stay pending; high availability; anything a cluster for work would need.

mod build;
mod certificates;
mod processes;

use processes::Processes;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const HELP: &str = "cargo xtask control-plane [COMMAND] [OPTIONS]

  (none)             builds what is missing, starts, and stops everything on Ctrl-C
  build              builds only (about seven minutes the first time, needs Go 1.25 or newer)
  stop               stops what `--detach` left running

  --data DIR         where data, certificates, logs and the kubeconfig are (default: windlass-control-plane in the
                     folder for temporary files); emptied at the start
  --detach           returns when the server is ready, leaving everything running
  --audit            writes audit.log: one line for each request, with who asked for what
  --controllers LIST only these controllers, such as `namespace-controller,garbage-collector-controller`
  --no-controllers   without kube-controller-manager: no garbage collection, no ReplicaSets, namespaces never end

The programs are kept in $WINDLASS_CONTROL_PLANE, otherwise in ~/.cache/windlass-control-plane.
";

/// What the command line asked for.
struct Settings {
    data: PathBuf,
    detach: bool,
    /// As the flag of kube-controller-manager; empty for none at all.
    controllers: String,
    audit: bool,
}

/// Builds, starts or stops, as `arguments` say.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut settings = Settings {
        data: std::env::temp_dir().join("windlass-control-plane"),
        detach: false,
        controllers: "*".to_owned(),
        audit: false,
    };
    let mut command = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--data" => {
                settings.data =
                    rest.next().map(PathBuf::from).ok_or("--data wants a folder after it")?
            }
            "--detach" => settings.detach = true,
            "--audit" => settings.audit = true,
            "--controllers" => {
                settings.controllers =
                    rest.next().cloned().ok_or("--controllers wants a list after it")?
            }
            "--no-controllers" => settings.controllers.clear(),
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(());
            }
            "build" | "stop" if command.is_none() => command = Some(argument.as_str()),
            other => return Err(format!("control-plane does not know '{other}'\n\n{HELP}")),
        }
    }
    match command {
        Some("build") => build::programs().map(|at| println!("{}", at.display())),
        Some(_) => processes::stop_detached(&settings.data),
        None => start(&settings),
    }
}

/// Does `work`, given the kubeconfig, while a control plane with these controllers runs in `data`.
pub(crate) fn while_running(
    data: &Path,
    controllers: &str,
    work: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let settings = Settings {
        data: data.to_owned(),
        detach: false,
        controllers: controllers.to_owned(),
        audit: false,
    };
    let mut processes = started(&settings)?;
    let outcome = work(&data.join("kubeconfig"));
    processes.stop();
    outcome
}

fn start(settings: &Settings) -> Result<(), String> {
    let processes = started(settings)?;
    let kubeconfig = settings.data.join("kubeconfig");
    println!("{}", kubeconfig.display());
    if settings.detach {
        eprintln!("running; `cargo xtask control-plane stop` ends it");
        return Ok(());
    }
    eprintln!("running; Ctrl-C stops it. kubectl --kubeconfig {} get ns", kubeconfig.display());
    processes.until_interrupted()
}

fn started(settings: &Settings) -> Result<Processes, String> {
    let programs = build::programs()?;
    prepare(&settings.data)?;
    let files = certificates::write(&settings.data)?;
    let mut processes = Processes::new(programs, settings.data.clone());
    match start_all(settings, &files, &mut processes) {
        Ok(()) => Ok(processes),
        Err(message) => {
            processes.stop();
            Err(format!("{message}; logs are in {}", settings.data.display()))
        }
    }
}

/// An empty data folder. One that something else fills is not touched.
fn prepare(data: &Path) -> Result<(), String> {
    let mark = data.join(processes::PIDS);
    if mark.exists() && processes::any_running(data) {
        return Err(format!(
            "a control plane runs in {} already; `cargo xtask control-plane stop` ends it",
            data.display()
        ));
    }
    let ours = mark.exists() || data.join(certificates::AUTHORITY).exists();
    let filled = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
    if filled && !ours {
        return Err(format!(
            "{} is not empty and no control plane's; name another",
            data.display()
        ));
    }
    if filled {
        std::fs::remove_dir_all(data).map_err(|e| format!("{}: {e}", data.display()))?;
    }
    std::fs::create_dir_all(data).map_err(|e| format!("{}: {e}", data.display()))
}

fn start_all(
    settings: &Settings,
    files: &certificates::Files,
    processes: &mut Processes,
) -> Result<(), String> {
    let [etcd, peer, server] = free_ports::<3>()?;
    processes.spawn("etcd", &etcd_flags(&settings.data, etcd, peer))?;
    let mut flags = server_flags(files, etcd, server);
    if settings.audit {
        flags.extend(audit_flags(&settings.data)?);
    }
    processes.spawn("kube-apiserver", &flags)?;
    let kubeconfig = settings.data.join("kubeconfig");
    write_private(&kubeconfig, &files.kubeconfig(server))?;
    wait_until("the server is ready", processes, |p| p.kubectl(&["get", "--raw", "/readyz"]))?;
    if !settings.controllers.is_empty() {
        let mut flags = controller_flags(files, &kubeconfig);
        flags.push(format!("--controllers={}", settings.controllers));
        processes.spawn("kube-controller-manager", &flags)?;
        wait_until("the controllers work", processes, |p| {
            p.kubectl(&["get", "serviceaccount", "default", "--namespace", "default"])
        })?;
    }
    Ok(())
}

fn wait_until(
    what: &str,
    processes: &mut Processes,
    holds: impl Fn(&Processes) -> bool,
) -> Result<(), String> {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(120) {
        processes.all_alive()?;
        if holds(processes) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    Err(format!("waited 120 seconds until {what}, in vain"))
}

fn etcd_flags(data: &Path, client: u16, peer: u16) -> Vec<String> {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    vec![
        format!("--data-dir={}", data.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
    ]
}

fn server_flags(files: &certificates::Files, etcd: u16, port: u16) -> Vec<String> {
    let path = |name: &str| files.path(name).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        // The Endpoints of the Service `kubernetes` may not name a loopback address; nothing listens on this one.
        "--advertise-address=192.0.2.1".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        format!("--tls-cert-file={}", path("server.crt")),
        format!("--tls-private-key-file={}", path("server.key")),
        format!("--client-ca-file={}", path(certificates::AUTHORITY)),
        format!("--token-auth-file={}", path("tokens.csv")),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        format!("--service-account-key-file={}", path("service-accounts.pub")),
        format!("--service-account-signing-key-file={}", path("service-accounts.key")),
        format!("--requestheader-client-ca-file={}", path(certificates::AUTHORITY)),
        "--requestheader-allowed-names=front-proxy".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        format!("--proxy-client-cert-file={}", path("front-proxy.crt")),
        format!("--proxy-client-key-file={}", path("front-proxy.key")),
    ]
}

fn audit_flags(data: &Path) -> Result<[String; 2], String> {
    let policy = data.join("audit-policy.yaml");
    let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\n\
                rules: [{level: Metadata}]\n";
    std::fs::write(&policy, text).map_err(|e| format!("{}: {e}", policy.display()))?;
    Ok([
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", data.join("audit.log").display()),
    ])
}

fn controller_flags(files: &certificates::Files, kubeconfig: &Path) -> Vec<String> {
    let path = |name: &str| files.path(name).display().to_string();
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--use-service-account-credentials=true".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        "--secure-port=0".to_owned(),
        format!("--service-account-private-key-file={}", path("service-accounts.key")),
        format!("--root-ca-file={}", path(certificates::AUTHORITY)),
        format!("--cluster-signing-cert-file={}", path(certificates::AUTHORITY)),
        format!("--cluster-signing-key-file={}", path("ca.key")),
    ]
}

/// Ports nobody listens on at this moment, all different.
fn free_ports<const N: usize>() -> Result<[u16; N], String> {
    let message = |e: std::io::Error| format!("no free port on 127.0.0.1: {e}");
    let mut ports = [0; N];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(message)?;
        *port = listener.local_addr().map_err(message)?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, text: &str) -> Result<(), String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let open =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| format!("{}: {e}", path.display()))
}
