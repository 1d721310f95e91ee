//! The ServiceAccount of a Pod: it must be there, and its token is mounted.
//!
//! After `plugin/pkg/admission/serviceaccount`. Deliberately absent: mirror Pods, mountable secrets.

use crate::rest::{Api, ApiError, Target, name_suffix};
use crate::store::{Key, ResourceId, Stored};
use object::{Manifest, Value, map};
use std::sync::Arc;
use std::time::Duration;

const VOLUME: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// How often, and how long apart, the account `default` of a new namespace is looked for.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn admit(api: &Api, target: &Target, pod: &mut Value) -> Result<(), ApiError> {
    // Where nobody vouches for accounts there are none.
    if api.authority().is_none() {
        return Ok(());
    }
    let given = pod.at(["spec", "serviceAccountName"]).and_then(Value::as_str).unwrap_or_default();
    let name = if given.is_empty() { "default".to_owned() } else { given.to_owned() };
    let spec = pod.make_map().entry("spec").make_map();
    spec.insert("serviceAccountName", name.as_str());
    spec.insert("serviceAccount", name.as_str());
    let namespace = &target.namespace;
    let account = find(api, namespace, &name).await.ok_or_else(|| {
        let shown = pod.meta("name").or(pod.meta("generateName")).unwrap_or("Unknown");
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
        );
        ApiError::forbidden(&target.served, shown, &why)
    })?;
    let account = account.value();
    let wanted = |of: &Value| of.as_bool();
    let mounts = pod
        .at(["spec", "automountServiceAccountToken"])
        .and_then(wanted)
        .or_else(|| account.get("automountServiceAccountToken").and_then(wanted));
    if mounts.unwrap_or(true) {
        mount(pod);
    }
    let secrets = account.get("imagePullSecrets").and_then(Value::as_list).unwrap_or_default();
    let own = pod.at(["spec", "imagePullSecrets"]).and_then(Value::as_list);
    if !secrets.is_empty() && own.is_none_or(<[Value]>::is_empty) {
        let secrets = secrets.to_vec();
        pod.make_map().entry("spec").make_map().insert("imagePullSecrets", secrets);
    }
    Ok(())
}

async fn find(api: &Api, namespace: &str, name: &str) -> Option<Arc<Stored>> {
    let key = Key::new(&ResourceId::new("", "serviceaccounts"), namespace, name);
    let there = || api.store().get(&key);
    let tries = if name == "default" { TRIES } else { 1 };
    for attempt in 0..tries {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if let Some(account) = there() {
            return Some(account);
        }
    }
    None
}

fn mount(pod: &mut Value) {
    let spec = pod.make_map().entry("spec").make_map();
    let volumes = spec.get("volumes").and_then(Value::as_list).unwrap_or_default();
    let existing = volumes.iter().filter_map(|v| v.get("name")?.as_str());
    let existing = existing.into_iter().find(|name| name.starts_with(VOLUME)).map(str::to_owned);
    let name = existing.clone().unwrap_or_else(|| format!("{VOLUME}{}", name_suffix()));
    let mut mounted = false;
    for key in ["initContainers", "containers"] {
        let Some(Value::List(containers)) = spec.get_mut(key) else { continue };
        for container in containers {
            let mounts = container.make_map().entry("volumeMounts");
            if mounts.is_null() {
                *mounts = Value::List(Vec::new());
            }
            let Some(mounts) = mounts.as_list_mut() else { continue };
            let path = |m: &Value| m.get("mountPath").and_then(Value::as_str) == Some(MOUNT_PATH);
            if !mounts.iter().any(path) {
                let mount = map! {"name": name.as_str(), "mountPath": MOUNT_PATH, "readOnly": true};
                mounts.push(mount.into());
                mounted = true;
            }
        }
    }
    if existing.is_some() || !mounted {
        return;
    }
    let volumes = spec.entry("volumes");
    if volumes.is_null() {
        *volumes = Value::List(Vec::new());
    }
    if let Some(volumes) = volumes.as_list_mut() {
        volumes.push(map! {"name": name, "projected": token_volume()}.into());
    }
}

fn token_volume() -> object::Map {
    let list = |item: object::Map| vec![Value::from(item)];
    let token = map! {"serviceAccountToken": map! {"expirationSeconds": 3607_i64, "path": "token"}};
    let certificate = map! {
        "configMap": map! {
            "name": "kube-root-ca.crt",
            "items": list(map! {"key": "ca.crt", "path": "ca.crt"}),
        },
    };
    let field = map! {"apiVersion": "v1", "fieldPath": "metadata.namespace"};
    let namespace =
        map! {"downwardAPI": map! {"items": list(map! {"path": "namespace", "fieldRef": field})}};
    map! {
        "defaultMode": 420_i64,
        "sources": [token, certificate, namespace].map(Value::from).to_vec(),
    }
}
