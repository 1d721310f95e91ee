//! ResourceQuotas: how many objects, and how much of what Pods and claims ask for, a namespace may have.
//!
//! After `k8s.io/apiserver/pkg/admission/plugin/resourcequota` and `pkg/quota/v1`. What is used stands in the quota's
//! status: an admission adds to it, `recount` (after deletions, and now and then) says what is true. Deliberately
//! absent: quotas with scopes, which limit nothing here.

use crate::rest::{Api, ApiError, Call, Target};
use crate::store::{Key, ListQuery, Stored, View};
use object::{Manifest, Map, Value};
use schema::quantity::Quantity;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a count is tried while writes go on, and how long apart.
const TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(25);
const MANAGER: &str = "kube-controller-manager";

type Amounts = BTreeMap<String, Quantity>;

/// The quotas by namespace.
#[derive(Default)]
pub(super) struct Quotas(HashMap<String, Vec<Key>>);

impl View for Quotas {
    fn put(&mut self, object: &Stored) {
        let scoped = object.value();
        let scoped = ["scopes", "scopeSelector"]
            .iter()
            .any(|key| scoped.at(["spec", key]).is_some_and(|v| !v.is_null()));
        if !scoped {
            self.0.entry(object.namespace().to_owned()).or_default().push(object.key.clone());
        }
    }

    fn remove(&mut self, object: &Stored) {
        if let Some(keys) = self.0.get_mut(object.namespace()) {
            keys.retain(|key| *key != object.key);
            if keys.is_empty() {
                self.0.remove(object.namespace());
            }
        }
    }
}

/// What was charged to a quota, and is not stored yet: nobody counts meanwhile.
#[derive(Debug)]
pub(crate) struct Hold {
    namespace: String,
    pending: Pending,
}

/// How many writes are between their charge and their end, by namespace.
pub(super) type Pending = Arc<Mutex<HashMap<String, usize>>>;

impl Hold {
    fn take(api: &Api, namespace: &str) -> Self {
        let pending = api.admission().pending.clone();
        let mut counts = pending.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(namespace.to_owned()).or_default() += 1;
        drop(counts);
        Self { namespace: namespace.to_owned(), pending }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut counts = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.namespace) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.namespace);
            }
        }
    }
}

fn is_pending(api: &Api, namespace: &str) -> bool {
    let counts = api.admission().pending.lock().unwrap_or_else(PoisonError::into_inner);
    counts.contains_key(namespace)
}

/// Whether a quota's status does not speak of its spec: it is new, or was changed.
pub(crate) fn is_uncounted(quota: &Value) -> bool {
    quota.at(["spec", "hard"]) != quota.at(["status", "hard"])
}

fn keys(api: &Api, namespace: &str) -> Vec<Key> {
    api.admission().quotas.read().0.get(namespace).cloned().unwrap_or_default()
}

/// Whether a namespace has quotas.
pub(crate) fn is_counted(api: &Api, namespace: &str) -> bool {
    !namespace.is_empty() && api.admission().quotas.read().0.contains_key(namespace)
}

fn amounts(map: Option<&Value>) -> Amounts {
    let members = map.and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let read = |value: &Value| match value {
        Value::String(text) => Quantity::parse(text),
        Value::Int(number) => Quantity::parse(&number.to_string()),
        _ => None,
    };
    members.filter_map(|(name, value)| Some((name.to_owned(), read(value)?))).collect()
}

fn number(count: usize) -> Quantity {
    Quantity::parse(&count.to_string()).unwrap_or(Quantity::ZERO)
}

fn add(to: &mut Amounts, name: &str, amount: Quantity) {
    let sum = match to.get(name).filter(|sum| sum.sign().is_ne()) {
        Some(sum) => sum.plus(amount),
        // The unit is that of the first amount.
        None => Some(amount),
    };
    if let Some(sum) = sum {
        to.insert(name.to_owned(), sum);
    }
}

/// What one object uses.
fn usage(resource: &str, value: &Value) -> Amounts {
    let mut used = Amounts::new();
    let one = number(1);
    add(&mut used, &format!("count/{resource}"), one);
    match resource {
        "pods" => {
            let phase = value.at(["status", "phase"]).and_then(Value::as_str);
            if !matches!(phase, Some("Succeeded" | "Failed")) {
                add(&mut used, "pods", one);
                compute(value, &mut used);
            }
        }
        "services" => {
            add(&mut used, "services", one);
            let ports = value.at(["spec", "ports"]).and_then(Value::as_list).map_or(0, <[_]>::len);
            let type_ = value.at(["spec", "type"]).and_then(Value::as_str).unwrap_or_default();
            if matches!(type_, "NodePort" | "LoadBalancer") {
                add(&mut used, "services.nodeports", number(ports));
            }
            if type_ == "LoadBalancer" {
                add(&mut used, "services.loadbalancers", one);
            }
        }
        "persistentvolumeclaims" => {
            add(&mut used, resource, one);
            let storage = amounts(value.at(["spec", "resources", "requests"]));
            if let Some(storage) = storage.get("storage") {
                add(&mut used, "requests.storage", *storage);
            }
        }
        "configmaps" | "secrets" | "replicationcontrollers" | "resourcequotas" => {
            add(&mut used, resource, one);
        }
        _ => {}
    }
    used
}

/// What the containers of a Pod ask for: all of them together, or one that runs before if that is more.
fn compute(pod: &Value, used: &mut Amounts) {
    for member in ["requests", "limits"] {
        let mut sums = Amounts::new();
        let of = |key: &str| pod.at(["spec", key]).and_then(Value::as_list).unwrap_or_default();
        for container in of("containers") {
            for (name, amount) in amounts(container.at(["resources", member])) {
                add(&mut sums, &name, amount);
            }
        }
        for container in of("initContainers") {
            for (name, amount) in amounts(container.at(["resources", member])) {
                if sums.get(&name).is_none_or(|sum| *sum < amount) {
                    sums.insert(name, amount);
                }
            }
        }
        for (name, amount) in sums {
            if member == "requests"
                && matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage")
            {
                add(used, &name, amount);
            }
            add(used, &format!("{member}.{name}"), amount);
        }
    }
}

/// Adds a new or changed object to what its namespace uses.
///
/// # Errors
/// 403 when a quota does not allow it.
pub(super) async fn admit(
    api: &Api,
    call: &mut Call,
    target: &Target,
    value: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let resource = target.served.id.as_str();
    if !target.served.kind.namespaced || resource == "events" {
        return Ok(());
    }
    let quotas = keys(api, &target.namespace);
    if quotas.is_empty() {
        return Ok(());
    }
    let mut delta = usage(resource, value);
    if let Some(old) = old {
        let before = usage(resource, old);
        delta = delta
            .into_iter()
            .filter_map(|(name, now)| {
                let more = match before.get(&name) {
                    Some(before) => now.plus(before.negated())?,
                    None => now,
                };
                more.sign().is_gt().then_some((name, more))
            })
            .collect();
    }
    if !call.dry_run && call.hold.is_none() {
        call.hold = Some(Arc::new(Hold::take(api, &target.namespace)));
    }
    for key in quotas {
        charge(api, call, target, value, &key, &delta).await?;
    }
    Ok(())
}

async fn charge(
    api: &Api,
    call: &Call,
    target: &Target,
    value: &Value,
    key: &Key,
    delta: &Amounts,
) -> Result<(), ApiError> {
    let Some(stored) = api.store().newest(key) else { return Ok(()) };
    let quota = stored.value();
    let hard = amounts(quota.at(["spec", "hard"]));
    let delta: Amounts = delta
        .iter()
        .filter(|(name, _)| hard.contains_key(*name))
        .map(|(n, a)| (n.clone(), *a))
        .collect();
    if delta.is_empty() || delta.values().all(|amount| amount.sign().is_eq()) {
        return Ok(());
    }
    if quota.at(["status", "used"]).is_none() {
        // Nobody has counted yet.
        count_now(api, key).await?;
    }
    let mut refused = None;
    let change = |quota: &mut Value| {
        let mut used = amounts(quota.at(["status", "used"]));
        let limits = amounts(quota.at(["spec", "hard"]));
        let exceeds = |name: &str, amount: &Quantity| {
            let sum = used.get(name).copied().unwrap_or(Quantity::ZERO).plus(*amount);
            limits.get(name).is_some_and(|limit| sum.is_none_or(|sum| sum > *limit))
        };
        let exceeded: Vec<String> =
            delta.iter().filter(|(n, a)| exceeds(n, a)).map(|(n, _)| n.clone()).collect();
        if !exceeded.is_empty() {
            refused = Some(refusal(quota.name(), &exceeded, [&delta, &used, &limits]));
            return;
        }
        refused = None;
        for (name, amount) in &delta {
            add(&mut used, name, *amount);
        }
        set_used(quota, &used);
    };
    if call.dry_run {
        let mut copy = api.store().newest(key).map(|s| s.value()).unwrap_or_default();
        let mut change = change;
        change(&mut copy);
    } else {
        // Boxed: to write the quota's status is a write like that which is admitted here.
        let written = Box::pin(api.modify_object(key, "status", MANAGER, change)).await;
        match written {
            Err(e) if e.reason == "NotFound" => return Ok(()),
            written => drop(written?),
        }
    }
    match refused {
        None => Ok(()),
        Some(why) => {
            let shown = value.meta("name").or(value.meta("generateName")).unwrap_or("Unknown");
            Err(ApiError::forbidden(&target.served, shown, &why))
        }
    }
}

fn refusal(quota: &str, names: &[String], [delta, used, hard]: [&Amounts; 3]) -> String {
    let shown = |amounts: &Amounts| {
        let one = |name: &String| {
            let amount = amounts.get(name).copied().unwrap_or(Quantity::ZERO);
            format!("{name}={amount}")
        };
        names.iter().map(one).collect::<Vec<_>>().join(",")
    };
    format!(
        "exceeded quota: {quota}, requested: {}, used: {}, limited: {}",
        shown(delta),
        shown(used),
        shown(hard)
    )
}

fn set_used(quota: &mut Value, used: &Amounts) {
    let hard = quota.at(["spec", "hard"]).cloned().unwrap_or_else(Value::map);
    let known = |name: &str| hard.get(name).is_some();
    let used: Map = used
        .iter()
        .filter(|(name, _)| known(name))
        .map(|(name, amount)| (name.as_str(), amount.to_string()))
        .collect();
    let status = quota.make_map().entry("status").make_map();
    status.insert("hard", hard);
    status.insert("used", used);
}

/// Brings the status of every quota of a namespace to what is true.
///
/// # Errors
/// When one cannot be written.
pub(crate) async fn recount(api: &Api, namespace: &str) -> Result<(), ApiError> {
    for key in keys(api, namespace) {
        recount_one(api, &key).await?;
    }
    Ok(())
}

async fn recount_one(api: &Api, key: &Key) -> Result<(), ApiError> {
    for _ in 0..TRIES {
        if !is_pending(api, key.namespace()) && count_now(api, key).await? {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    // The next look for what is unfinished comes here again.
    Ok(())
}

/// Counts, and writes the count unless somebody was charged meanwhile.
async fn count_now(api: &Api, key: &Key) -> Result<bool, ApiError> {
    let Some(stored) = api.store().newest(key) else { return Ok(true) };
    let revision = stored.revision.to_string();
    let used = count(api, key, &amounts(stored.value().at(["spec", "hard"])));
    let mut current = true;
    let change = |quota: &mut Value| {
        current = quota.meta("resourceVersion") == Some(&revision);
        if current {
            set_used(quota, &used);
        }
    };
    match Box::pin(api.modify_object(key, "status", MANAGER, change)).await {
        Err(e) if e.reason != "NotFound" => Err(e),
        _ => Ok(current),
    }
}

fn count(api: &Api, key: &Key, hard: &Amounts) -> Amounts {
    let mut used: Amounts = hard.keys().map(|name| (name.clone(), Quantity::ZERO)).collect();
    let snapshot = api.registry().snapshot();
    for served in snapshot.all_stored().filter(|s| s.kind.namespaced) {
        let resource = served.id.as_str();
        if !concerns(resource, hard) {
            continue;
        }
        let query = ListQuery { namespace: Some(key.namespace()), ..ListQuery::default() };
        let Ok(listing) = api.store().list(&served.id, &query) else { continue };
        // Where only numbers count, nothing is decoded.
        if needs_contents(resource) {
            for object in &listing.items {
                for (name, amount) in usage(resource, &object.value()) {
                    add(&mut used, &name, amount);
                }
            }
        } else {
            for name in [resource.to_owned(), format!("count/{resource}")] {
                add(&mut used, &name, number(listing.items.len()));
            }
        }
    }
    used
}

fn needs_contents(resource: &str) -> bool {
    matches!(resource, "pods" | "services" | "persistentvolumeclaims")
}

fn concerns(resource: &str, hard: &Amounts) -> bool {
    hard.contains_key(resource)
        || hard.contains_key(&format!("count/{resource}"))
        || hard.keys().any(|name| match resource {
            "pods" => {
                name.starts_with("requests.")
                    || name.starts_with("limits.")
                    || matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage")
            }
            "services" => name.starts_with("services."),
            "persistentvolumeclaims" => name == "requests.storage",
            _ => false,
        })
}
