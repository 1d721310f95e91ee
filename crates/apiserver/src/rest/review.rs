//! Reviews and other objects that are answered and not stored.
//!
//! Whoever is authenticated may do everything here: access is reviewed accordingly.

use super::error::ApiError;
use super::{Answer, Api, Identity, Target, metadata};
use crate::store::ResourceId;
use object::{Manifest, Value, map};

impl Api {
    /// Answers a `POST` to a resource that is not stored.
    ///
    /// # Errors
    /// 405 when there is nothing to answer.
    pub fn review(
        &self,
        who: &Identity,
        target: &Target,
        mut value: Value,
    ) -> Result<Answer, ApiError> {
        let groups: Vec<Value> = who.groups.iter().map(|g| g.as_str().into()).collect();
        let user = map! {"username": who.user.as_str(), "groups": groups};
        let status = match target.served.kind.kind.as_str() {
            "SelfSubjectReview" => map! {"userInfo": user},
            "SubjectAccessReview" | "SelfSubjectAccessReview" | "LocalSubjectAccessReview" => {
                map! {"allowed": true}
            }
            "SelfSubjectRulesReview" => {
                let all = || vec![Value::from("*")];
                let resources = map! {"verbs": all(), "apiGroups": all(), "resources": all()};
                let others = map! {"verbs": all(), "nonResourceURLs": all()};
                map! {
                    "resourceRules": vec![Value::from(resources)],
                    "nonResourceRules": vec![Value::from(others)],
                    "incomplete": false,
                }
            }
            "TokenReview" => map! {"authenticated": false},
            _ => return Err(ApiError::method_not_allowed()),
        };
        value.make_map().insert("status", status);
        value.metadata_mut();
        Ok(Answer::Value(value))
    }

    /// A token for a ServiceAccount. It identifies nobody: simulated workloads cannot use it.
    ///
    /// # Errors
    /// 404 when there is no such account.
    pub fn request_token(&self, target: &Target, mut value: Value) -> Result<Answer, ApiError> {
        if self.store().get(&target.key()).is_none() {
            return Err(ApiError::not_found(&target.served, &target.name));
        }
        let seconds = value.at(["spec", "expirationSeconds"]).and_then(Value::as_int);
        let seconds = seconds.unwrap_or(3600).clamp(600, 1 << 32);
        let until = self.clock().now() + jiff::SignedDuration::from_secs(seconds);
        let status = map! {
            "token": format!("simulated-{}", metadata::new_uid()),
            "expirationTimestamp": crate::clock::seconds(until),
        };
        value.make_map().insert("status", status);
        Ok(Answer::Value(value))
    }

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
