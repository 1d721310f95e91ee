//! Which kinds the server serves, and where.

use crate::{ApiError, Client, Resource, resource};
use object::Gvk;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What `GET /api` and `GET /apis` answer, kept until a kind is asked for that is not in it.
///
/// CustomResourceDefinitions come and go while we run, so a miss asks again, but not more often than once a
/// second: a thousand manifests of a missing kind must not become a thousand requests.
#[derive(Clone)]
pub struct Discovery {
    client: Client,
    table: Arc<RwLock<Table>>,
    refresh: Arc<Mutex<Option<Instant>>>,
}

#[derive(Default)]
struct Table {
    by_gvk: HashMap<Gvk, Resource>,
    complete: bool,
}

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

impl Discovery {
    /// An empty table; the first question fills it.
    pub fn new(client: Client) -> Self {
        Self { client, table: Arc::default(), refresh: Arc::default() }
    }

    /// The resource of `gvk` as far as it is known without asking.
    pub fn known(&self, gvk: &Gvk) -> Option<Resource> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).by_gvk.get(gvk).cloned()
    }

    /// The resource of `gvk`.
    ///
    /// # Errors
    /// [`ApiError::UnknownKind`] when the server does not serve it, or why the server could not be asked.
    pub async fn resource(&self, gvk: &Gvk) -> Result<Resource, ApiError> {
        if let Some(found) = self.known(gvk) {
            return Ok(found);
        }
        self.renew().await?;
        self.known(gvk).ok_or_else(|| ApiError::UnknownKind(gvk.to_string()))
    }

    /// The resource of a group and kind in any version, the server's preferred one first.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub async fn any_version(&self, group: &str, kind: &str) -> Result<Resource, ApiError> {
        let find = || {
            let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
            table
                .by_gvk
                .values()
                .filter(|r| r.gvk.group == group && r.gvk.kind == kind)
                .max_by(|a, b| stability(&a.gvk.version).cmp(&stability(&b.gvk.version)))
                .cloned()
        };
        if let Some(found) = find() {
            return Ok(found);
        }
        self.renew().await?;
        find().ok_or_else(|| ApiError::UnknownKind(format!("{group}/{kind}")))
    }

    /// Forgets how lately the server was asked: kinds have just come, so the next miss asks at once.
    pub async fn expect_new_kinds(&self) {
        *self.refresh.lock().await = None;
    }

    /// Every served kind that can be watched.
    ///
    /// # Errors
    /// Why the server could not be asked.
    pub async fn all(&self) -> Result<Vec<Resource>, ApiError> {
        if !self.table.read().unwrap_or_else(PoisonError::into_inner).complete {
            self.renew().await?;
        }
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        Ok(table.by_gvk.values().cloned().collect())
    }

    /// Asks the server, unless that was done less than a second ago.
    async fn renew(&self) -> Result<(), ApiError> {
        let mut last = self.refresh.lock().await;
        if last.is_some_and(|at| at.elapsed() < SHORTEST_INTERVAL) {
            return Ok(());
        }
        let mut found = Vec::new();
        for path in ["/api", "/apis"] {
            let list = self.client.raw(path, AGGREGATED).await?;
            found.extend(resource::from_discovery(&list));
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.by_gvk = found.into_iter().map(|r| (r.gvk.clone(), r)).collect();
        table.complete = true;
        *last = Some(Instant::now());
        Ok(())
    }
}

/// Orders versions as Kubernetes does: `v2` > `v1` > `v1beta2` > `v1alpha1` > anything else.
fn stability(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let Ok(major) = rest[..digits].parse() else { return (0, 0, 0) };
    let (stage, minor) = match &rest[digits..] {
        "" => return (3, major, 0),
        r if r.starts_with("beta") => (2, &r[4..]),
        r if r.starts_with("alpha") => (1, &r[5..]),
        _ => return (0, 0, 0),
    };
    (stage, major, minor.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests;
