//! Artifacts for other consumers of Flux sources: tarballs made on request, straight out of Git's objects.

use crate::Id;
use crate::context::Context;
use crate::fleet::Held;
use source::artifact::{self, ArtifactError, Described};
use std::sync::Arc;

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
        let packed = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            artifact::write(&*held.tree, &held.repository, &mut bytes).map(|_| bytes)
        });
        match packed.await {
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

/// Digest and size, computed without keeping the tarball; known already when the files are the same as before.
pub(crate) async fn describe(
    context: &Arc<Context>,
    held: Held,
) -> Result<Described, ArtifactError> {
    let context = context.clone();
    let described =
        tokio::task::spawn_blocking(move || context.descriptions.of(&*held.tree, &held.repository));
    described.await.unwrap_or_else(|e| Err(ArtifactError::Write(std::io::Error::other(e))))
}
