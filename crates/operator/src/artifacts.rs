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
        let path = path.trim_start_matches('/');
        let mut parts = path.split('/');
        let (kind, namespace) = (parts.next()?, parts.next()?);
        let (name, file) = (parts.next()?, parts.next()?);
        let id = Id::new(namespace, name);
        if kind != "gitrepository" {
            return self.stored(kind, &id, path, file).await;
        }
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

impl Artifacts {
    /// A chart, an index or a layer, as it came.
    async fn stored(&self, kind: &str, id: &Id, path: &str, file: &str) -> Option<Vec<u8>> {
        let charts = &self.context.charts;
        let artifact = match kind {
            "helmchart" => charts.charts.get(id)?.status.artifact.clone(),
            "helmrepository" => charts.repositories.get(id)?.status.artifact.clone(),
            "ocirepository" => charts.artifacts.get(id)?.status.artifact.clone(),
            _ => None,
        }?;
        if artifact.path != path && !matches!(file, "latest.tar.gz" | "index.yaml") {
            return None;
        }
        let place = charts.blobs.path(&artifact.digest);
        tokio::fs::read(place).await.ok()
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
