//! Artifacts for other consumers of Flux sources: tarballs made on request, straight out of Git's objects.

use crate::Id;
use crate::context::Context;
use std::sync::Arc;
use tree::{Tree, TreeError};

/// Size and digest of an artifact.
pub(crate) struct Packed {
    /// `sha256:<hex>` of the tarball.
    pub(crate) digest: String,
    /// Bytes.
    pub(crate) size: u64,
}

/// The door to artifacts.
#[derive(Clone)]
pub struct Artifacts {
    context: Arc<Context>,
}

impl Artifacts {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// The tarball at `path`, as in `status.artifact.path`; `None` when no source holds that revision now.
    pub async fn tarball(&self, path: &str) -> Option<Vec<u8>> {
        let rest = path.trim_start_matches('/').strip_prefix("gitrepository/")?;
        let mut parts = rest.split('/');
        let (namespace, name, file) = (parts.next()?, parts.next()?, parts.next()?);
        let id = Id::new(namespace, name);
        let held = self.context.fleet.held(&id)?;
        let commit = held.revision.rsplit(':').next()?;
        if file != format!("{commit}.tar.gz") && file != "latest.tar.gz" {
            return None;
        }
        let packed = tokio::task::spawn_blocking(move || source::artifact::pack(&*held.tree)).await;
        match packed {
            Ok(Ok(bytes)) => Some(bytes),
            Ok(Err(error)) => {
                tracing::error!(source = %id, %error, "the artifact cannot be packed");
                None
            }
            Err(_) => None,
        }
    }
}

/// Where an artifact stands below the server's root.
pub(crate) fn path(id: &Id, commit: &str) -> String {
    format!("gitrepository/{}/{}/{commit}.tar.gz", id.namespace, id.name)
}

/// Digest and size, computed without keeping the tarball.
pub(crate) async fn measure(tree: Arc<dyn Tree>) -> Result<Packed, TreeError> {
    let measured = tokio::task::spawn_blocking(move || source::artifact::measure(&*tree)).await;
    match measured {
        Ok(result) => result.map(|m| Packed { digest: m.digest, size: m.size }),
        Err(error) => Err(TreeError::Storage {
            path: tree::TreePath::root(),
            source: Box::new(error),
        }),
    }
}
