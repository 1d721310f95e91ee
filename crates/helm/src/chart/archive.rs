//! A packed chart: gzip around tar, with the checks of `helm.sh/helm/v4/pkg/chart/loader/archive`.

use super::tar::{Reader, TarError};
use super::{BufferedFile, ChartError};
use crate::gotext::quoted;
use crate::path::clean;
use std::io::Read as _;

/// Bytes all files of an archive may have together (Helm's `MaxDecompressedChartSize`).
pub const MAX_CHART_BYTES: usize = 100 << 20;

/// What headers and padding may take on top. Helm has no such bound, and reads an archive of headers for ever.
const MAX_OVERHEAD: usize = 64 << 20;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes do not begin as gzip does.
    #[error("gzip: invalid header")]
    NoGzip,
    /// The compression is damaged.
    #[error("the chart archive cannot be decompressed")]
    Gzip(#[source] std::io::Error),
    /// The archive inside is none.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// An absolute file name.
    #[error("chart illegally contains absolute paths")]
    Absolute,
    /// A file that would lie beside the chart.
    #[error("chart illegally contains content outside the base directory: {0}")]
    Outside(String),
    /// `..` leads out of the chart.
    #[error("chart illegally references parent directory")]
    Parent,
    /// A name that Windows would read as one with a drive.
    #[error("chart contains illegally named files")]
    Drive,
    /// `Chart.yaml` with no directory around it.
    #[error("chart yaml not in base directory")]
    NoBase,
    /// More than [`MAX_CHART_BYTES`].
    #[error("decompressed chart is larger than the maximum size {MAX_CHART_BYTES}")]
    TooLarge,
    /// Nothing inside.
    #[error("no files in chart archive")]
    Empty,
}

/// The files of an archive, in its order. `left` is what all archives of one chart may still unpack to, those inside
/// it included.
pub(super) fn files(packed: &[u8], left: &mut usize) -> Result<Vec<BufferedFile>, ChartError> {
    let unpacked = decompress(packed, *left)?;
    let mut reader = Reader::new(&unpacked);
    let mut files = Vec::new();
    let mut remaining = MAX_CHART_BYTES.min(*left);
    while let Some(entry) = reader.next().map_err(ArchiveError::from)? {
        if entry.is_directory || entry.is_description {
            continue;
        }
        let name = checked_name(&entry.name)?;
        if entry.content.len() >= remaining {
            return Err(ArchiveError::TooLarge.into());
        }
        remaining -= entry.content.len();
        let content = entry.content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(entry.content);
        files.push(BufferedFile { name, modified: Some(entry.modified), data: content.into() });
    }
    *left = left.saturating_sub(unpacked.len());
    if files.is_empty() {
        return Err(ArchiveError::Empty.into());
    }
    Ok(files)
}

fn decompress(packed: &[u8], left: usize) -> Result<Vec<u8>, ArchiveError> {
    if !packed.starts_with(&[0x1f, 0x8b, 0x08]) {
        return Err(ArchiveError::NoGzip);
    }
    let bound = (MAX_CHART_BYTES + MAX_OVERHEAD).min(left);
    let mut unpacked = Vec::with_capacity(packed.len().saturating_mul(6).min(bound));
    let stream = flate2::bufread::MultiGzDecoder::new(packed);
    stream.take(bound as u64 + 1).read_to_end(&mut unpacked).map_err(ArchiveError::Gzip)?;
    if unpacked.len() > bound {
        return Err(ArchiveError::TooLarge);
    }
    Ok(unpacked)
}

/// The name below the chart's own directory.
fn checked_name(full: &str) -> Result<String, ArchiveError> {
    let delimiter = if full.contains('\\') { '\\' } else { '/' };
    let (base, inside) = full.split_once(delimiter).unwrap_or((full, ""));
    let inside = inside.replace(delimiter, "/");
    if inside.starts_with('/') {
        return Err(ArchiveError::Absolute);
    }
    let inside = clean(&inside);
    if inside == "." {
        return Err(ArchiveError::Outside(quoted(full)));
    }
    if inside.starts_with("..") {
        return Err(ArchiveError::Parent);
    }
    if let [letter, b':', b'/', ..] = inside.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err(ArchiveError::Drive);
    }
    if base == "Chart.yaml" {
        return Err(ArchiveError::NoBase);
    }
    Ok(inside)
}
