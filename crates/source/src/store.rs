//! The data directory: object databases by URL, and the last verified revision of every source.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file as a whole: whoever reads sees the old content or the new, also after a crash.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("writing");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_data()?;
    std::fs::rename(&temporary, path)
}
