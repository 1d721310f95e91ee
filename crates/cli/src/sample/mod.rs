//! The sample repository `windlass up` makes when it is given none.
//!
//! A working repository, written with `gix`: people are meant to edit and commit in it with their own Git.

use std::path::Path;

/// The sample's files, as they stand in `files/`.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("files/README.md")),
    ("apps/base/catalog/deployment.yaml", include_str!("files/apps/base/catalog/deployment.yaml")),
    (
        "apps/base/catalog/kustomization.yaml",
        include_str!("files/apps/base/catalog/kustomization.yaml"),
    ),
    ("apps/base/catalog/service.yaml", include_str!("files/apps/base/catalog/service.yaml")),
    ("apps/base/shop/deployment.yaml", include_str!("files/apps/base/shop/deployment.yaml")),
    ("apps/base/shop/kustomization.yaml", include_str!("files/apps/base/shop/kustomization.yaml")),
    ("apps/base/shop/service.yaml", include_str!("files/apps/base/shop/service.yaml")),
    (
        "apps/production/kustomization.yaml",
        include_str!("files/apps/production/kustomization.yaml"),
    ),
    ("apps/staging/kustomization.yaml", include_str!("files/apps/staging/kustomization.yaml")),
    ("clusters/demo/infrastructure.yaml", include_str!("files/clusters/demo/infrastructure.yaml")),
    ("clusters/demo/production.yaml", include_str!("files/clusters/demo/production.yaml")),
    ("clusters/demo/staging.yaml", include_str!("files/clusters/demo/staging.yaml")),
    ("infrastructure/kustomization.yaml", include_str!("files/infrastructure/kustomization.yaml")),
    ("infrastructure/namespaces.yaml", include_str!("files/infrastructure/namespaces.yaml")),
];

/// The branch the sample is on.
pub(crate) const BRANCH: &str = "main";
/// The directory with the sample's Kustomizations.
pub(crate) const PATH: &str = "./clusters/demo";

/// Why the sample could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SampleError {
    /// A file or folder could not be written.
    #[error("{0} cannot be written")]
    Write(String, #[source] std::io::Error),
    /// Git's part failed.
    #[error("the sample's Git repository cannot be {0}")]
    Git(&'static str, #[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Makes the sample at `folder`, unless a repository is there already: then it is the user's.
pub(crate) fn create(folder: &Path) -> Result<(), SampleError> {
    if folder.join(".git").exists() {
        return Ok(());
    }
    for (path, content) in FILES {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&file, content))
            .map_err(|e| SampleError::Write(file.display().to_string(), e))?;
    }
    commit(folder)
}

fn commit(folder: &Path) -> Result<(), SampleError> {
    let repository = gix::init(folder).map_err(|e| SampleError::Git("created", e.into()))?;
    // Whatever `init.defaultBranch` of this machine says, the sample is on its own branch.
    let head = folder.join(".git").join("HEAD");
    std::fs::write(&head, format!("ref: refs/heads/{BRANCH}\n"))
        .map_err(|e| SampleError::Write(head.display().to_string(), e))?;
    let write = |e: Box<dyn std::error::Error + Send + Sync>| SampleError::Git("written", e);
    let empty = repository.empty_tree();
    let mut editor = repository.edit_tree(empty.id).map_err(|e| write(e.into()))?;
    for (path, content) in FILES {
        let blob = repository.write_blob(content).map_err(|e| write(e.into()))?;
        editor
            .upsert(*path, gix::objs::tree::EntryKind::Blob, blob)
            .map_err(|e| write(e.into()))?;
    }
    let tree = editor.write().map_err(|e| write(e.into()))?.detach();
    let author = gix::actor::Signature {
        name: "Windlass".into(),
        email: "sample@windlass.example".into(),
        time: gix::date::Time::now_utc(),
    };
    let mut buffer = gix::date::parse::TimeBuf::default();
    let author = author.to_ref(&mut buffer);
    repository
        .commit_as(
            author,
            author,
            "HEAD",
            "A sample fleet: two applications in two environments",
            tree,
            gix::commit::NO_PARENT_IDS,
        )
        .map_err(|e| write(e.into()))?;
    let mut index = repository.index_from_tree(&tree).map_err(|e| write(e.into()))?;
    index.write(gix::index::write::Options::default()).map_err(|e| write(e.into()))
}

#[cfg(test)]
mod tests;
