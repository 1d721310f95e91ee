//! Questions about access: who am I, may I, may they, what may I, whose token is this.
//!
//! After `pkg/registry/authorization` and `pkg/registry/authentication`.

use super::authority::ISSUER;
use super::{Attributes, Identity, PolicyRule, accounts};
use crate::rest::{Answer, Api, ApiError, Cause, Target};
use object::{Manifest, Map, Value, map};

impl Api {
    /// Answers a `POST` to a resource that is not stored.
    ///
    /// # Errors
    /// 400 and 422 for questions that are none, 405 when there is nothing to answer.
    pub fn review(
        &self,
        who: &Identity,
        target: &Target,
        mut value: Value,
    ) -> Result<Answer, ApiError> {
        let status = match target.served.kind.kind.as_str() {
            "SelfSubjectReview" => map! {"userInfo": who.user_info()},
            kind @ ("SubjectAccessReview"
            | "SelfSubjectAccessReview"
            | "LocalSubjectAccessReview") => {
                check(target, kind, &value)?;
                let spec = value.get("spec").cloned().unwrap_or_default();
                let other = (kind != "SelfSubjectAccessReview").then(|| Identity::from_info(&spec));
                let decision = self.access().decide(other.as_ref().unwrap_or(who), &asked(&spec));
                let mut status = map! {"allowed": decision.allowed};
                if !decision.reason.is_empty() {
                    status.insert("reason", decision.reason);
                }
                status
            }
            "SelfSubjectRulesReview" => {
                let namespace = value.at(["spec", "namespace"]).and_then(Value::as_str);
                let namespace = namespace.filter(|n| !n.is_empty());
                let namespace =
                    namespace.ok_or_else(|| ApiError::bad_request("no namespace on request"))?;
                rules(self, who, namespace)
            }
            "TokenReview" => self.review_token(&value)?,
            _ => return Err(ApiError::method_not_allowed()),
        };
        value.make_map().insert("status", status);
        value.metadata_mut();
        Ok(Answer::Value(value))
    }

    fn review_token(&self, value: &Value) -> Result<Map, ApiError> {
        let token = value.at(["spec", "token"]).and_then(Value::as_str).unwrap_or_default();
        if token.is_empty() {
            return Err(ApiError::bad_request(
                "token is required for TokenReview in authentication",
            ));
        }
        let audiences =
            value.at(["spec", "audiences"]).and_then(Value::as_list).unwrap_or_default();
        let mut audiences: Vec<&str> = audiences.iter().filter_map(Value::as_str).collect();
        if audiences.is_empty() {
            audiences.push(ISSUER);
        }
        Ok(match accounts::authenticate(self, token, &audiences) {
            Ok((who, audiences)) => {
                let audiences: Vec<Value> = audiences.into_iter().map(Value::from).collect();
                map! {"authenticated": true, "user": who.user_info(), "audiences": audiences}
            }
            Err(why) => map! {"user": Map::new(), "error": why},
        })
    }
}

/// The attributes that a question names.
fn asked(spec: &Value) -> Attributes {
    let text =
        |path: [&str; 2]| spec.at(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    if spec.get("resourceAttributes").is_some_and(|a| !a.is_null()) {
        let of = |key: &'static str| text(["resourceAttributes", key]);
        Attributes {
            verb: of("verb"),
            group: of("group"),
            version: of("version"),
            resource: of("resource"),
            subresource: of("subresource"),
            namespace: of("namespace"),
            name: of("name"),
            path: String::new(),
        }
    } else {
        Attributes {
            verb: text(["nonResourceAttributes", "verb"]),
            path: text(["nonResourceAttributes", "path"]),
            ..Attributes::default()
        }
    }
}

fn check(target: &Target, kind: &str, value: &Value) -> Result<(), ApiError> {
    let none = Value::Null;
    let spec = value.get("spec").unwrap_or(&none);
    let given = |key: &str| spec.get(key).is_some_and(|v| !v.is_null());
    let (resource, path) = (given("resourceAttributes"), given("nonResourceAttributes"));
    let mut causes = Vec::new();
    let mut fault = |field: &str, text: &str| {
        causes.push(Cause::new("FieldValueInvalid", format!("Invalid value: {text}"), field));
    };
    if resource && path {
        fault(
            "spec.nonResourceAttributes",
            "cannot be specified in combination with resourceAttributes",
        );
    }
    if !resource && !path {
        fault(
            "spec.resourceAttributes",
            "null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
        );
    }
    let empty = |key: &str| match spec.get(key) {
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::List(items)) => items.is_empty(),
        _ => true,
    };
    if kind != "SelfSubjectAccessReview" && empty("user") && empty("groups") {
        fault("spec.user", "\"\": at least one of user or group must be specified");
    }
    if kind == "LocalSubjectAccessReview" {
        let namespace = spec.at(["resourceAttributes", "namespace"]).and_then(Value::as_str);
        let namespace = namespace.unwrap_or_default();
        if resource && namespace != target.namespace {
            let text = format!("{namespace:?}: must match metadata.namespace");
            fault("spec.resourceAttributes.namespace", &text);
        }
        if path {
            fault("spec.nonResourceAttributes", "disallowed on this kind of request");
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    // The real server looks for the kind where it was dropped when decoding.
    Err(ApiError::invalid_kind(&target.served.kind.group, "", "", causes))
}

fn rules(api: &Api, who: &Identity, namespace: &str) -> Map {
    let (rules, fault) = api.access().rules_of(who, namespace);
    let shown = |wanted: fn(&PolicyRule) -> bool, without: &[&str]| -> Vec<Value> {
        let shown = rules.iter().filter(|rule| wanted(rule)).map(|rule| {
            let mut rule = rule.value();
            without.iter().for_each(|key| drop(rule.remove(key)));
            Value::from(rule)
        });
        shown.collect()
    };
    let mut status = map! {
        "resourceRules": shown(|r| !r.resources.is_empty(), &["nonResourceURLs"]),
        "nonResourceRules": shown(
            |r| !r.non_resource_urls.is_empty(),
            &["apiGroups", "resources", "resourceNames"]
        ),
        "incomplete": false,
    };
    if let Some(fault) = fault {
        status.insert("evaluationError", fault);
    }
    status
}
