//! Keeping the number of packs, and what no kept commit needs, bounded.

use super::super::error::GitError;
use super::super::objects::find;
use super::super::pack::PackWriter;
use super::{Repository, lock};
use std::path::{Path, PathBuf};

impl Repository {
    /// When there are too many packs: writes what kept commits need of the small ones (of all, once half of what
    /// is stored is needed by nobody) into one pack and removes the others. Readers with an old pack open go on.
    pub(super) fn merge_packs(&self) -> Result<(), GitError> {
        let mut packs = self.0.objects.packs()?;
        if packs.len() <= self.0.limits.packs.max(2) {
            return Ok(());
        }
        let mut keep = lock(&self.0.held).all();
        keep.extend(lock(&self.0.live).keys());
        let damaged = |problem: String| GitError::Damaged {
            url: self.0.directory.display().to_string(),
            problem,
        };
        let needed = self.reachable(&keep).map_err(|e| damaged(e.to_string()))?;

        packs.sort_by_key(|(_, size)| *size);
        let largest = packs.last().map(|(path, _)| path.clone()).unwrap_or_default();
        let largest_index = index(&largest).map_err(|e| damaged(e.to_string()))?;
        let mut stored = 0;
        for (pack, _) in &packs {
            stored += index(pack).map_err(|e| damaged(e.to_string()))?.num_objects() as usize;
        }
        let all = stored > needed.len() * 2;

        let failed = |e| GitError::storage("write a merged pack", e);
        let mut merged = PackWriter::create(&self.0.objects.pack_directory()).map_err(failed)?;
        let handle = self.0.objects.handle();
        let mut buffer = Vec::new();
        for (id, _) in needed {
            if !all && largest_index.lookup(id).is_some() {
                continue;
            }
            let (kind, data) =
                find(&handle, id, &mut buffer).map_err(|e| damaged(e.to_string()))?;
            merged.add(id, kind, data).map_err(failed)?;
        }
        let written = merged.finish().map_err(failed)?;
        for (pack, _) in packs {
            if (all || pack != largest) && Some(&pack) != written.as_ref() {
                remove(&pack)
                    .map_err(|e| GitError::storage(format!("remove '{}'", pack.display()), e))?;
            }
        }
        // What was whole may lack what was dropped.
        lock(&self.0.complete).clear();
        Ok(())
    }
}

fn index(pack: &Path) -> Result<gix_pack::index::File, gix::Error> {
    gix_pack::index::File::at(pack.with_extension("idx"), gix::hash::Kind::Sha1)
}

/// The index goes first: a pack without one is invisible, the reverse would be an error.
fn remove(pack: &PathBuf) -> std::io::Result<()> {
    std::fs::remove_file(pack.with_extension("idx"))?;
    std::fs::remove_file(pack)
}

#[cfg(test)]
mod tests;
