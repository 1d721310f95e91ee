//! Tokens of ServiceAccounts: what is in them, and whether they still hold.
//!
//! After `pkg/serviceaccount` and `pkg/registry/core/serviceaccount/storage/token.go`. Deliberately absent: the longer
//! life of tokens that Pods mount, for there are no containers that would use them.

use super::authority::{Authority, ISSUER};
use super::jwt::Jwt;
use super::{AUTHENTICATED, Identity, account_groups, account_user};
use crate::rest::{Answer, Api, ApiError, Cause, Target, new_uid};
use crate::store::{Key, ResourceId, Stored};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::{Manifest, Map, Value, map};
use std::sync::Arc;

const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";
const EXTRA: &str = "authentication.kubernetes.io";
/// Seconds that clocks may differ.
const LEEWAY: i64 = 60;
const INVALIDATED: &str = "service account token has been invalidated";

/// Whom a token stands for, and for which of the audiences asked.
///
/// # Errors
/// What to say of a token that stands for nobody.
pub(crate) fn authenticate(
    api: &Api,
    token: &str,
    audiences: &[&str],
) -> Result<(Identity, Vec<String>), String> {
    const INVALID: &str = "invalid bearer token";
    let authority = api.authority().ok_or(INVALID)?;
    if let Some(who) = authority.fixed(token) {
        let own = audiences.iter().filter(|a| **a == ISSUER).map(|a| (*a).to_owned());
        return Ok((who.clone(), own.collect()));
    }
    let claims = authority.signed(token).ok_or(INVALID)?;
    let result = match text(&claims, &["iss"]) {
        ISSUER => bound(api, &claims, audiences),
        LEGACY_ISSUER => legacy(api, &claims, token, audiences),
        _ => return Err(INVALID.to_owned()),
    };
    result.map_err(|why| format!("[{INVALID}, {why}]"))
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    value.at(path.iter().copied()).and_then(Value::as_str).unwrap_or_default()
}

fn get(api: &Api, plural: &str, namespace: &str, name: &str) -> Option<Arc<Stored>> {
    api.store().get(&Key::new(&ResourceId::new("", plural), namespace, name))
}

/// A ServiceAccount as a user.
fn identity(namespace: &str, name: &str, uid: &str) -> Identity {
    let mut groups = account_groups(namespace);
    groups.push(AUTHENTICATED.to_owned());
    Identity {
        user: account_user(namespace, name),
        uid: uid.to_owned(),
        groups,
        ..Identity::default()
    }
}

fn account(api: &Api, namespace: &str, name: &str, uid: &str) -> Result<Identity, String> {
    let stored = get(api, "serviceaccounts", namespace, name)
        .ok_or_else(|| format!("serviceaccounts {name:?} not found"))?;
    if stored.uid != uid {
        return Err(format!("service account UID ({}) does not match claim ({uid})", stored.uid));
    }
    Ok(identity(namespace, name, uid))
}

/// A token that was asked for.
fn bound(api: &Api, claims: &Jwt, audiences: &[&str]) -> Result<(Identity, Vec<String>), String> {
    let given = claims.get("aud").and_then(Value::as_list).unwrap_or_default();
    let given: Vec<&str> = given.iter().filter_map(Value::as_str).collect();
    let common: Vec<String> =
        audiences.iter().filter(|a| given.contains(a)).map(|a| (*a).to_owned()).collect();
    if common.is_empty() {
        return Err(format!(
            "token audiences {} is invalid for the target audiences {}",
            super::quoted(&given),
            super::quoted(audiences)
        ));
    }
    let now = api.clock().now().as_second();
    let time = |key: &str| claims.get(key).and_then(Value::as_int);
    if time("exp").is_none_or(|exp| now - LEEWAY > exp) {
        return Err("service account token has expired".to_owned());
    }
    if time("nbf").is_some_and(|nbf| now + LEEWAY < nbf) {
        return Err("service account token is not valid yet".to_owned());
    }
    let own = |path: &[&str]| text(claims, &[&["kubernetes.io"], path].concat()).to_owned();
    let namespace = own(&["namespace"]);
    let mut who = account(
        api,
        &namespace,
        &own(&["serviceaccount", "name"]),
        &own(&["serviceaccount", "uid"]),
    )?;
    let pod = claims.at(["kubernetes.io", "pod"]).is_some();
    for (member, plural, word) in
        [("secret", "secrets", "secret"), ("pod", "pods", "pod"), ("node", "nodes", "node")]
    {
        if claims.at(["kubernetes.io", member]).is_none() {
            continue;
        }
        let (name, uid) = (own(&[member, "name"]), own(&[member, "uid"]));
        // Where the token is bound to a Pod the node only says where it ran.
        if !(member == "node" && pod) {
            still_there(api, plural, word, &namespace, &name, &uid)?;
        }
        if member != "secret" {
            who.extra.insert(format!("{EXTRA}/{word}-name"), vec![name]);
            who.extra.insert(format!("{EXTRA}/{word}-uid"), vec![uid]);
        }
    }
    let id = text(claims, &["jti"]);
    if !id.is_empty() {
        who.extra.insert(format!("{EXTRA}/credential-id"), vec![format!("JTI={id}")]);
    }
    Ok((who, common))
}

fn still_there(
    api: &Api,
    plural: &str,
    word: &str,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Result<(), String> {
    let namespace = if word == "node" { "" } else { namespace };
    let stored = get(api, plural, namespace, name).ok_or(INVALIDATED)?;
    if stored.uid != uid {
        let (shown, claim) = match word {
            "secret" => ("secret", "service account secret ref claim"),
            "pod" => ("pod", "service account pod ref claim"),
            _ => ("node", "service account node ref claim"),
        };
        return Err(format!("{shown} UID ({}) does not match {claim} ({uid})", stored.uid));
    }
    let old = |at: &str| {
        at.parse::<jiff::Timestamp>()
            .is_ok_and(|at| at.as_second() < api.clock().now().as_second() - LEEWAY)
    };
    if stored.deleting && stored.value().meta("deletionTimestamp").is_some_and(old) {
        return Err(INVALIDATED.to_owned());
    }
    Ok(())
}

/// A token in a Secret, good while the Secret holds it.
fn legacy(
    api: &Api,
    claims: &Jwt,
    token: &str,
    audiences: &[&str],
) -> Result<(Identity, Vec<String>), String> {
    let claim = |key: &str| {
        text(claims, &[&format!("{LEGACY_ISSUER}/{key}").replace("kubernetes/", "kubernetes.io/")])
            .to_owned()
    };
    let (namespace, secret) = (claim("namespace"), claim("secret.name"));
    let stored = get(api, "secrets", &namespace, &secret).ok_or(INVALIDATED)?;
    let held = stored.value();
    let held = held.at(["data", "token"]).and_then(Value::as_str).unwrap_or_default();
    if STANDARD.decode(held).ok().as_deref() != Some(token.as_bytes()) {
        return Err("service account token does not match server's copy".to_owned());
    }
    let who =
        account(api, &namespace, &claim("service-account.name"), &claim("service-account.uid"))?;
    let own =
        audiences.iter().filter(|a| **a == ISSUER).map(|a| (*a).to_owned()).collect::<Vec<_>>();
    if own.is_empty() { Err("token audiences do not match".to_owned()) } else { Ok((who, own)) }
}

/// The token that a Secret of the type `kubernetes.io/service-account-token` holds.
pub(crate) fn legacy_token(
    authority: &Authority,
    namespace: &str,
    secret: &str,
    account: &Stored,
) -> Option<String> {
    let claims = map! {
        "iss": LEGACY_ISSUER,
        "kubernetes.io/serviceaccount/namespace": namespace,
        "kubernetes.io/serviceaccount/secret.name": secret,
        "kubernetes.io/serviceaccount/service-account.name": account.name(),
        "kubernetes.io/serviceaccount/service-account.uid": account.uid.as_str(),
        "sub": account_user(namespace, account.name()),
    };
    authority.signer().sign(&claims.into())
}

impl Api {
    /// A token for a ServiceAccount (`TokenRequest`).
    ///
    /// # Errors
    /// 404 without the account or what the token is to be bound to, 409 for another uid, 422 for a duration that
    /// cannot be.
    pub fn request_token(&self, target: &Target, mut value: Value) -> Result<Answer, ApiError> {
        let account = self.store().get(&target.key());
        let account = account.ok_or_else(|| ApiError::not_found(&target.served, &target.name))?;
        let unable = || ApiError::internal("there is no key to sign tokens with");
        let authority = self.authority().ok_or_else(unable)?;
        let uid = value.meta("uid").unwrap_or_default();
        if !uid.is_empty() && uid != account.uid {
            let why = format!(
                "the UID in the token request ({uid}) does not match the UID of the service account ({})",
                account.uid
            );
            let mut error = ApiError::conflict(&target.served, &target.name, &why);
            error.message = format!(
                "Operation cannot be fulfilled on TokenRequest.authentication.k8s.io {:?}: {why}",
                target.name
            );
            return Err(error);
        }
        let seconds =
            value.at(["spec", "expirationSeconds"]).and_then(Value::as_int).unwrap_or(3600);
        check_duration(seconds)?;
        let mut audiences: Vec<Value> =
            value.at(["spec", "audiences"]).and_then(Value::as_list).unwrap_or_default().to_vec();
        if audiences.is_empty() {
            audiences.push(ISSUER.into());
        }
        let mut own = map! {
            "namespace": target.namespace.as_str(),
            "serviceaccount": reference(&account),
        };
        if let Some(object) = value.at(["spec", "boundObjectRef"]).filter(|r| !r.is_null()) {
            for (key, claim) in self.bound_object(target, object)? {
                own.insert(key, claim);
            }
        }
        let now = self.clock().now();
        let claims = map! {
            "aud": audiences.clone(),
            "exp": now.as_second() + seconds,
            "iat": now.as_second(),
            "iss": ISSUER,
            "jti": new_uid(),
            "kubernetes.io": own,
            "nbf": now.as_second(),
            "sub": account_user(&target.namespace, &target.name),
        };
        let token = authority.signer().sign(&claims.into()).ok_or_else(unable)?;
        let until = now + jiff::SignedDuration::from_secs(seconds);
        let spec = value.make_map().entry("spec").make_map();
        spec.insert("audiences", audiences);
        spec.insert("expirationSeconds", seconds);
        // Written even when there is none.
        spec.entry("boundObjectRef");
        let metadata = value.metadata_mut();
        metadata.insert("name", target.name.as_str());
        metadata.insert("namespace", target.namespace.as_str());
        metadata.insert("uid", account.uid.as_str());
        metadata.insert("creationTimestamp", crate::clock::seconds(now));
        let status = map! {"token": token, "expirationTimestamp": crate::clock::seconds(until)};
        value.make_map().insert("status", status);
        Ok(Answer::Value(value))
    }

    /// The claims of the object that a token is to end with.
    fn bound_object(&self, target: &Target, object: &Value) -> Result<Map, ApiError> {
        let member = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
        let (kind, name) = (member("kind"), member("name"));
        let (plural, namespace) = match (member("apiVersion"), kind) {
            ("v1" | "", "Pod") => ("pods", target.namespace.as_str()),
            ("v1" | "", "Secret") => ("secrets", target.namespace.as_str()),
            ("v1" | "", "Node") => ("nodes", ""),
            (version, kind) => {
                let gvk = object::Gvk::from_api_version(version, kind);
                return Err(ApiError::bad_request(format!(
                    "cannot bind token to object of type {}/{}, Kind={kind}",
                    gvk.group, gvk.version
                )));
            }
        };
        let id = ResourceId::new("", plural);
        let missing = || match self.registry().snapshot().stored(&id) {
            Some(served) => ApiError::not_found(served, name),
            None => ApiError::no_resource(),
        };
        let stored = get(self, plural, namespace, name).ok_or_else(missing)?;
        let uid = member("uid");
        if !uid.is_empty() && uid != stored.uid {
            let why = format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have \
                 been deleted and then recreated"
            );
            let mut error = missing();
            error.code = http::StatusCode::CONFLICT;
            error.reason = "Conflict";
            error.message = format!("Operation cannot be fulfilled on {kind} {name:?}: {why}");
            return Err(error);
        }
        let mut claims = Map::from_iter([(kind.to_ascii_lowercase(), reference(&stored))]);
        if kind == "Pod" {
            let pod = stored.value();
            let of_pod = |key: &str| text(&pod, &["spec", key]).to_owned();
            if of_pod("serviceAccountName") != target.name {
                return Err(ApiError::bad_request(format!(
                    "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
                    target.name
                )));
            }
            let node = of_pod("nodeName");
            if !node.is_empty() {
                let known = get(self, "nodes", "", &node);
                let of_node = known.map_or_else(|| map! {"name": node}, |node| reference(&node));
                claims.insert("node", of_node);
            }
        }
        Ok(claims)
    }
}

fn reference(object: &Stored) -> Map {
    map! {"name": object.name(), "uid": object.uid.as_str()}
}

fn check_duration(seconds: i64) -> Result<(), ApiError> {
    let fault = if seconds < 600 {
        "may not specify a duration less than 10 minutes"
    } else if seconds > 1 << 32 {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let cause = Cause::new(
        "FieldValueInvalid",
        format!("Invalid value: {seconds}: {fault}"),
        "spec.expirationSeconds",
    );
    Err(ApiError::invalid_kind("authentication.k8s.io", "TokenRequest", "", vec![cause]))
}
