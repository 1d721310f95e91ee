//! Objects that are answered and not stored: bindings and evictions of Pods. Reviews of access are in `access`.

use super::error::ApiError;
use super::{Answer, Api, Target};
use crate::store::ResourceId;
use object::{Value, map};

impl Api {
    /// Binds a Pod to a node.
    ///
    /// # Errors
    /// 404, and 409 when the Pod is bound already.
    pub async fn bind(&self, target: &Target, binding: &Value) -> Result<Answer, ApiError> {
        let node = binding.at(["target", "name"]).and_then(Value::as_str).unwrap_or_default();
        let plain = Target { subresource: "binding".to_owned(), ..target.clone() };
        let transform = |old: &Value| {
            let bound = old.at(["spec", "nodeName"]).and_then(Value::as_str).unwrap_or_default();
            if !bound.is_empty() {
                let why = format!("pod {} is already assigned to node {bound:?}", target.name);
                return Err(ApiError::conflict(&target.served, &target.name, &why));
            }
            let mut new = old.clone();
            new.make_map().entry("spec").make_map().insert("nodeName", node);
            Ok(new)
        };
        self.modify(&mut super::Call::of("kube-scheduler"), &plain, transform).await?;
        Ok(created_status())
    }

    /// Evicts a Pod: a deletion that a PodDisruptionBudget can refuse.
    ///
    /// # Errors
    /// 404, and 429 while a budget allows no disruption.
    pub async fn evict(
        &self,
        call: &mut super::Call,
        target: &Target,
        eviction: &Value,
    ) -> Result<Answer, ApiError> {
        let stored = self.store().get(&target.key());
        let pod = stored.ok_or_else(|| ApiError::not_found(&target.served, &target.name))?;
        let budgets = ResourceId::new("policy", "poddisruptionbudgets");
        let query = crate::store::ListQuery {
            namespace: Some(&target.namespace),
            ..crate::store::ListQuery::default()
        };
        let listing = self.store().list(&budgets, &query);
        let listing = listing.map_err(|e| ApiError::from_store(&e, &target.served, ""))?;
        for budget in listing.items {
            let budget = budget.value();
            let labels = budget.at(["spec", "selector", "matchLabels"]).and_then(Value::as_map);
            let covers = labels.is_some_and(|l| {
                !l.is_empty() && l.iter().all(|(k, v)| pod.label(k) == v.as_str())
            });
            let allowed = budget.at(["status", "disruptionsAllowed"]).and_then(Value::as_int);
            if covers && allowed.unwrap_or(0) <= 0 {
                let why = "Cannot evict pod as it would violate the pod's disruption budget.";
                return Err(ApiError::too_many_requests(why, 10));
            }
        }
        let none = Value::map();
        let options = eviction.get("deleteOptions").unwrap_or(&none);
        let options = super::DeleteOptions::default().read(options)?;
        let plain = Target { subresource: String::new(), ..target.clone() };
        self.delete(call, &plain, &options).await?;
        Ok(created_status())
    }
}

fn created_status() -> Answer {
    Answer::Value(
        map! {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": object::Map::new(),
            "status": "Success",
            "code": 201_i64,
        }
        .into(),
    )
}
