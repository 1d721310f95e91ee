//! The Secret a record is kept in (`pkg/storage/driver/secrets.go`).

use super::Release;
use crate::Cause;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use object::{Manifest as _, Map, Value};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

/// `type` of the Secret.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";

/// Finds all records; `name=...` and `version=...` narrow it.
pub const OWNER_SELECTOR: &str = "owner=helm";

/// How much a record may unpack to. A Secret holds 1 MiB; Helm has no bound.
pub const MAX_RECORD_BYTES: usize = 128 << 20;

/// Labels Helm itself sets.
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// Why a record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The Secret has no `data.release`.
    #[error("Secret {0} holds no release record (data.release)")]
    Missing(String),
    /// It is not base64.
    #[error("the release record is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The compression is damaged.
    #[error("the release record cannot be decompressed")]
    Gzip(#[source] std::io::Error),
    /// It unpacks to more than [`MAX_RECORD_BYTES`].
    #[error("the release record unpacks to more than {MAX_RECORD_BYTES} bytes")]
    TooLarge,
    /// It is not JSON.
    #[error("the release record is not JSON")]
    Json(#[source] Cause),
}

/// What was done to the record last, in seconds since 1970: it becomes a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    Created(i64),
    /// It was there.
    Modified(i64),
}

/// The Secret's name: `sh.helm.release.v1.NAME.vN`.
pub fn secret_name(release: &str, version: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{version}")
}

/// The record as base64 of gzip of JSON, the value of the key `release` before the Secret's own base64.
///
/// # Errors
/// When compression fails.
pub fn encode(release: &Release) -> Result<String, RecordError> {
    let json = object::to_json_html(&release.to_value());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&json).map_err(RecordError::Gzip)?;
    Ok(STANDARD.encode(packed.finish().map_err(RecordError::Gzip)?))
}

/// The reverse of [`encode`]. Records from before Helm compressed them read, too.
///
/// # Errors
/// [`RecordError`]; a record that unpacks without end is refused.
pub fn decode(text: &str) -> Result<Release, RecordError> {
    let mut bytes = STANDARD.decode(text.trim()).map_err(RecordError::Base64)?;
    if bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
        let mut json = Vec::new();
        let stream = flate2::bufread::MultiGzDecoder::new(bytes.as_slice());
        let bound = MAX_RECORD_BYTES as u64 + 1;
        stream.take(bound).read_to_end(&mut json).map_err(RecordError::Gzip)?;
        if json.len() > MAX_RECORD_BYTES {
            return Err(RecordError::TooLarge);
        }
        bytes = json;
    }
    let value =
        object::from_json(&bytes).map_err(|e| RecordError::Json(Cause::new(e.to_string())))?;
    Ok(Release::from_value(value))
}

/// The Secret with a record.
///
/// # Errors
/// As [`encode`].
pub fn to_secret(release: &Release, written: Written) -> Result<Value, RecordError> {
    let mut labels: BTreeMap<&str, String> =
        release.labels.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    let (label, time) = match written {
        Written::Created(time) => ("createdAt", time),
        Written::Modified(time) => ("modifiedAt", time),
    };
    labels.insert(label, time.to_string());
    labels.insert("name", release.name.clone());
    labels.insert("owner", "helm".into());
    labels.insert("status", release.info.status.name().into());
    labels.insert("version", release.version.to_string());
    let labels: Map = labels.into_iter().collect();
    let data = STANDARD.encode(encode(release)?);
    Ok(Value::Map(object::map! {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": object::map! {
            "name": secret_name(&release.name, release.version),
            "namespace": release.namespace.as_str(),
            "labels": labels,
        },
        "type": SECRET_TYPE,
        "data": object::map! {"release": data},
    }))
}

/// The record in a Secret, with the labels that are not Helm's own.
///
/// # Errors
/// [`RecordError`].
pub fn from_secret(secret: &Value) -> Result<Release, RecordError> {
    let missing = || RecordError::Missing(secret.name().to_owned());
    let data = secret.at(["data", "release"]).and_then(Value::as_str).ok_or_else(missing)?;
    let text = STANDARD.decode(data).map_err(RecordError::Base64)?;
    let mut release = decode(&String::from_utf8_lossy(&text))?;
    let labels = secret.at(["metadata", "labels"]).and_then(Value::as_map);
    let own = labels.into_iter().flat_map(Map::iter).filter(|(k, _)| !SYSTEM_LABELS.contains(k));
    let own = own.filter_map(|(k, v)| Some((k.to_owned(), v.as_str()?.to_owned())));
    release.labels = own.collect();
    if release.namespace.is_empty() {
        release.namespace = secret.namespace().to_owned();
    }
    Ok(release)
}
