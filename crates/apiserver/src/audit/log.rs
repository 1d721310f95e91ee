//! Lines of the audit log, written by a thread of their own.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How many lines may wait for the disk.
const WAITING: usize = 8192;

/// A way to write lines; the file is closed when the last clone is dropped.
#[derive(Clone)]
pub(super) struct Log {
    lines: SyncSender<Vec<u8>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    written: AtomicU64,
    lost: AtomicU64,
}

impl Log {
    pub(super) fn open(path: PathBuf, largest: u64) -> std::io::Result<Self> {
        let file = append(&path)?;
        let (lines, waiting) = sync_channel(WAITING);
        let counts = Arc::new(Counts::default());
        std::thread::Builder::new()
            .name("audit-log".to_owned())
            .spawn(move || run(&waiting, &path, file, largest))?;
        Ok(Self { lines, counts })
    }

    /// Queues a line. A request never waits for the log: what does not fit is counted as lost.
    pub(super) fn write(&self, line: Vec<u8>) {
        let counter = match self.lines.try_send(line) {
            Ok(()) => &self.counts.written,
            Err(_) => &self.counts.lost,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> (u64, u64) {
        (self.counts.written.load(Ordering::Relaxed), self.counts.lost.load(Ordering::Relaxed))
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn run(waiting: &Receiver<Vec<u8>>, path: &Path, file: File, largest: u64) {
    let mut size = file.metadata().map_or(0, |m| m.len());
    let mut out = BufWriter::new(file);
    while let Ok(line) = waiting.recv() {
        let mut next = Some(line);
        while let Some(line) = next {
            size += line.len() as u64;
            if let Err(error) = out.write_all(&line) {
                tracing::error!(%error, "the audit log cannot be written");
            }
            next = waiting.try_recv().ok();
        }
        if let Err(error) = out.flush() {
            tracing::error!(%error, "the audit log cannot be written");
        }
        if size > largest {
            let mut old = path.as_os_str().to_owned();
            old.push(".1");
            match std::fs::rename(path, &old).and_then(|()| append(path)) {
                Ok(file) => (out, size) = (BufWriter::new(file), 0),
                Err(error) => tracing::error!(%error, "the audit log cannot be begun anew"),
            }
        }
    }
}
