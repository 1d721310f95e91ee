//! Which files of a repository those that use it see.

use api::GitRepositorySpec;
use std::sync::Arc;
use tree::{Filtered, Ignore, Sparse, Tree, TreeError};
use tree::{IgnoreError, IgnoreFiles};

/// Why the visible files cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The ignore files cannot be read.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A directory of `spec.sparseCheckout` is not in the repository.
    #[error("spec.sparseCheckout names '{0}', which is not in the repository")]
    Sparse(String),
}

/// The tree without what `.sourceignore` files, `spec.ignore` and `spec.sparseCheckout` leave out. `known` remembers
/// directories without ignore files from one revision to the next.
///
/// # Errors
/// [`FilesError`].
pub fn visible(
    tree: Arc<dyn Tree>,
    spec: &GitRepositorySpec,
    known: &mut IgnoreFiles,
) -> Result<Arc<dyn Tree>, FilesError> {
    let ignore = Ignore::of_source(&*tree, spec.ignore.as_deref(), known)?;
    let sparse = (!spec.sparse_checkout.is_empty()).then(|| Sparse::new(&spec.sparse_checkout));
    if let Some(sparse) = &sparse
        && let Some(missing) = sparse.missing_in(&*tree)?
    {
        return Err(FilesError::Sparse(missing.to_owned()));
    }
    Ok(Arc::new(Filtered::new(tree, ignore, sparse)))
}
