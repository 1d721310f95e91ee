//! Versions of a custom resource that are converted by a webhook (`ConversionReview` v1).
//!
//! After `k8s.io/apiextensions-apiserver/pkg/apiserver/conversion`. Converting is asked for in the midst of work that
//! cannot wait as tasks do, so the exchange runs on a thread of its own, and what was converted is remembered. Lists
//! ask once for all their objects.

use crate::admission::call::Webhook;
use crate::rest::{ApiError, WeakApi, new_uid};
use object::{Manifest, Value, map};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

/// How long a webhook may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many converted objects are remembered.
const REMEMBERED: usize = 4096;

/// Hash of the object, wanted version. Not its resourceVersion: an object on its way into the store has that of the one
/// before it.
type Wanted = ([u8; 32], String);

/// The webhook of one CustomResourceDefinition.
pub struct Conversion {
    webhook: Webhook,
    api: WeakApi,
    remembered: Mutex<HashMap<Wanted, Value>>,
}

impl std::fmt::Debug for Conversion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Conversion")
    }
}

fn wanted(object: &Value, version: &str) -> Wanted {
    (Sha256::digest(object::to_json(object)).into(), version.to_owned())
}

impl Conversion {
    /// Of a definition whose strategy is `Webhook`.
    pub(crate) fn read(definition: &Value, api: WeakApi) -> Option<Arc<Self>> {
        let conversion = definition.at(["spec", "conversion"])?;
        if conversion.get("strategy")?.as_str() != Some("Webhook") {
            return None;
        }
        let webhook = Webhook::read(conversion.at(["webhook", "clientConfig"])?);
        Some(Arc::new(Self { webhook, api, remembered: Mutex::default() }))
    }

    /// One object in another version.
    pub(super) fn convert(
        self: &Arc<Self>,
        object: Value,
        version: &str,
    ) -> Result<Value, ApiError> {
        let converted = self.convert_all(vec![object], version)?;
        converted.into_iter().next().ok_or_else(|| ApiError::internal("nothing was converted"))
    }

    /// Objects in another version, in their order.
    pub(super) fn convert_all(
        self: &Arc<Self>,
        objects: Vec<Value>,
        version: &str,
    ) -> Result<Vec<Value>, ApiError> {
        let mut results: Vec<Option<Value>> = vec![None; objects.len()];
        let mut open = Vec::new();
        {
            let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            for (at, object) in objects.iter().enumerate() {
                if object.api_version() == version {
                    results[at] = Some(object.clone());
                } else if let Some(known) = remembered.get(&wanted(object, version)) {
                    results[at] = Some(known.clone());
                } else {
                    open.push(at);
                }
            }
        }
        if !open.is_empty() {
            let asked: Vec<Value> = open.iter().map(|at| objects[*at].clone()).collect();
            let converted = self.ask(&asked, version).map_err(|why| {
                let (of, kind) = (asked[0].api_version(), asked[0].kind());
                ApiError::unclassified(format!(
                    "conversion webhook for {of}, Kind={kind} failed: {why}"
                ))
            })?;
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.len() + open.len() > REMEMBERED {
                remembered.clear();
            }
            for (at, converted) in open.into_iter().zip(converted) {
                remembered.insert(wanted(&objects[at], version), converted.clone());
                results[at] = Some(converted);
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    fn ask(self: &Arc<Self>, objects: &[Value], version: &str) -> Result<Vec<Value>, String> {
        let uid = new_uid();
        let review = map! {
            "kind": "ConversionReview",
            "apiVersion": "apiextensions.k8s.io/v1",
            "request": map! {
                "uid": uid.as_str(),
                "desiredAPIVersion": version,
                "objects": objects.to_vec(),
            },
        };
        let answer = self.post(review.into())?;
        let response = answer.get("response").ok_or("the response was absent")?;
        if response.get("uid").and_then(Value::as_str) != Some(&uid) {
            return Err("expected response.uid to be that of the request".to_owned());
        }
        let result = |key: &str| response.at(["result", key]).and_then(Value::as_str);
        if result("status") != Some("Success") {
            return Err(result("message").unwrap_or("the webhook gave no message").to_owned());
        }
        let converted =
            response.get("convertedObjects").and_then(Value::as_list).unwrap_or_default();
        if converted.len() != objects.len() {
            return Err(format!(
                "expected {} converted objects, got {}",
                objects.len(),
                converted.len()
            ));
        }
        objects
            .iter()
            .zip(converted)
            .enumerate()
            .map(|(at, (old, new))| checked(at, old, new, version))
            .collect()
    }

    /// Waits for the exchange without keeping other tasks from their turn, where there are threads for that.
    fn post(self: &Arc<Self>, review: Value) -> Result<Value, String> {
        static THREAD: LazyLock<Option<Runtime>> = LazyLock::new(|| {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).thread_name("conversion").enable_all().build().ok()
        });
        let thread = THREAD.as_ref().ok_or("there is no thread for it")?;
        let api = self.api.upgrade().ok_or("the server is shutting down")?;
        let (done, waiting) = mpsc::channel();
        let this = self.clone();
        thread.spawn(async move {
            // Whoever asked has gone when nobody listens.
            let _ = done.send(this.webhook.post(&api, &review, PATIENCE).await);
        });
        let wait = || waiting.recv_timeout(PATIENCE + Duration::from_secs(1));
        let threads =
            Handle::try_current().is_ok_and(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread);
        let answer = if threads { tokio::task::block_in_place(wait) } else { wait() };
        answer.map_err(|_| "context deadline exceeded".to_owned())?
    }
}

/// A converted object, of whose metadata only labels and annotations may be other than before.
fn checked(at: usize, old: &Value, new: &Value, version: &str) -> Result<Value, String> {
    let invalid = |why: String| Err(format!("invalid converted object at index {at}: {why}"));
    if new.api_version() != version || new.kind() != old.kind() {
        return invalid(format!(
            "invalid groupVersion or kind, expected {version}, {}, got {}, {}",
            old.kind(),
            new.api_version(),
            new.kind()
        ));
    }
    for key in ["name", "namespace", "uid"] {
        if new.meta(key).unwrap_or_default() != old.meta(key).unwrap_or_default() {
            return invalid(format!("metadata.{key} must not change"));
        }
    }
    let mut result = new.clone();
    let mut metadata = old.get("metadata").cloned().unwrap_or_else(Value::map);
    for key in ["labels", "annotations"] {
        match new.at(["metadata", key]) {
            Some(value) => drop(metadata.make_map().insert(key, value.clone())),
            None => drop(metadata.make_map().remove(key)),
        }
    }
    result.make_map().insert("metadata", metadata);
    Ok(result)
}
