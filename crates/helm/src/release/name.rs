//! Names of releases.

/// A name no release may have. The text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The empty name.
    #[error("no name provided")]
    Missing,
    /// Too long, or with other characters.
    #[error(
        "invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ \
         and the length must not be longer than 53"
    )]
    Invalid,
}

/// How long a name may be, so that what charts add to it stays below Kubernetes' 63.
pub const MAX_NAME: usize = 53;

/// Checks a release's name (`chartutil.ValidateReleaseName`).
///
/// # Errors
/// [`NameError`].
pub fn validate_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Missing);
    }
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        match (bytes.first(), bytes.last()) {
            (Some(first), Some(last)) => {
                fits(*first) && fits(*last) && bytes.iter().all(|b| fits(*b) || *b == b'-')
            }
            _ => false,
        }
    };
    if name.len() > MAX_NAME || !name.split('.').all(part) {
        return Err(NameError::Invalid);
    }
    Ok(())
}
