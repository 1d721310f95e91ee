//! The running programs: started in order, watched, stopped in the opposite order.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The file in the data folder that says what runs: a line `NAME PID` for each.
pub(super) const PIDS: &str = "pids";

/// How long one program may take to stop before it is killed. The API server lets open requests end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The running programs.
pub(super) struct Processes {
    programs: PathBuf,
    data: PathBuf,
    children: Vec<(&'static str, Child)>,
}

impl Processes {
    /// None yet. `programs` is the folder with the executables, `data` the one for logs.
    pub(super) fn new(programs: PathBuf, data: PathBuf) -> Self {
        Self { programs, data, children: Vec::new() }
    }

    /// Starts one, its output going to `NAME.log`.
    pub(super) fn spawn(&mut self, name: &'static str, flags: &[String]) -> Result<(), String> {
        let path = self.data.join(format!("{name}.log"));
        let log = File::create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let both = log.try_clone().map_err(|e| format!("{}: {e}", path.display()))?;
        let child = Command::new(self.programs.join(name))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(both)
            // A group of its own: Ctrl-C reaches only us, and we stop them in order.
            .process_group(0)
            .spawn()
            .map_err(|e| format!("{name} cannot start: {e}"))?;
        self.children.push((name, child));
        let lines: String =
            self.children.iter().map(|(name, child)| format!("{name} {}\n", child.id())).collect();
        let pids = self.data.join(PIDS);
        std::fs::write(&pids, lines).map_err(|e| format!("{}: {e}", pids.display()))
    }

    /// Says which program has ended, if one has.
    pub(super) fn all_alive(&mut self) -> Result<(), String> {
        for (name, child) in &mut self.children {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("{name} ended with {status}"));
            }
        }
        Ok(())
    }

    /// Whether kubectl succeeds.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> bool {
        Command::new(self.programs.join("kubectl"))
            .arg("--kubeconfig")
            .arg(self.data.join("kubeconfig"))
            .arg("--request-timeout=5s")
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Waits for Ctrl-C, a request to end, or the end of a program; then stops all.
    pub(super) fn until_interrupted(mut self) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| format!("cannot wait for signals: {e}"))?;
        let outcome = runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let message = |e: std::io::Error| format!("cannot wait for signals: {e}");
            let mut interrupt = signal(SignalKind::interrupt()).map_err(message)?;
            let mut terminate = signal(SignalKind::terminate()).map_err(message)?;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => return Ok(()),
                    _ = terminate.recv() => return Ok(()),
                    () = tokio::time::sleep(Duration::from_millis(500)) => self.all_alive()?,
                }
            }
        });
        self.stop();
        outcome
    }

    /// Stops all, the last started first.
    pub(super) fn stop(&mut self) {
        while let Some((name, mut child)) = self.children.pop() {
            signal("-TERM", child.id());
            let begin = Instant::now();
            while matches!(child.try_wait(), Ok(None)) {
                if begin.elapsed() > PATIENCE {
                    eprintln!("{name} does not stop and is killed");
                    drop(child.kill());
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        drop(std::fs::remove_file(self.data.join(PIDS)));
    }
}

/// Whether a program named in `data` still runs.
pub(super) fn any_running(data: &Path) -> bool {
    !running(data).is_empty()
}

/// Stops what an earlier call left running.
pub(super) fn stop_detached(data: &Path) -> Result<(), String> {
    let mut left = running(data);
    if left.is_empty() {
        return Err(format!("no control plane runs in {}", data.display()));
    }
    left.reverse();
    for (name, pid) in left {
        signal("-TERM", pid);
        let begin = Instant::now();
        while is(&name, pid) {
            if begin.elapsed() > PATIENCE {
                eprintln!("{name} does not stop and is killed");
                signal("-KILL", pid);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    std::fs::remove_file(data.join(PIDS)).map_err(|e| format!("{}: {e}", data.display()))
}

/// Those of the noted programs whose number still belongs to a program of that name.
fn running(data: &Path) -> Vec<(String, u32)> {
    let noted = std::fs::read_to_string(data.join(PIDS)).unwrap_or_default();
    let lines = noted.lines().filter_map(|line| line.split_once(' '));
    let known = lines.filter_map(|(name, pid)| Some((name.to_owned(), pid.parse().ok()?)));
    known.filter(|(name, pid)| is(name, *pid)).collect()
}

/// Whether process `pid` is the program `name`: numbers are used again.
fn is(name: &str, pid: u32) -> bool {
    let shown = Command::new("ps")
        .args(["-o", "stat=,args=", "-p", &pid.to_string()])
        .stderr(Stdio::null())
        .output();
    let Ok(shown) = shown else { return false };
    let line = String::from_utf8_lossy(&shown.stdout);
    let mut words = line.split_whitespace();
    let ended = words.next().is_none_or(|state| state.starts_with('Z'));
    !ended && words.next().is_some_and(|program| Path::new(program).ends_with(name))
}

fn signal(which: &str, pid: u32) {
    let sent = Command::new("kill").args([which, &pid.to_string()]).stderr(Stdio::null()).status();
    if let Err(e) = sent {
        eprintln!("`kill` cannot start: {e}");
    }
}
