//! Secrets of the type `kubernetes.io/service-account-token`: filled in, and gone with their account.
//!
//! After `pkg/controller/serviceaccount/tokens_controller.go`.

use super::{MANAGER, accounts};
use crate::access::legacy_token;
use crate::rest::{Api, ApiError, DeleteOptions};
use crate::store::{Key, ListQuery, ResourceId, Stored};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::{Manifest, Value};

const TYPE: &[u8] = br#""type":"kubernetes.io/service-account-token""#;
const ACCOUNT: &str = "kubernetes.io/service-account.name";
const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";

/// Whether a Secret may hold a token: a look at its bytes, for most Secrets do not.
pub(super) fn may_hold_token(secret: &Stored) -> bool {
    secret.json().windows(TYPE.len()).any(|part| part == TYPE)
}

/// The Secrets with tokens in a namespace.
pub(super) fn of_namespace(api: &Api, namespace: &str) -> Vec<Key> {
    let filter = |object: &Stored| may_hold_token(object);
    let query =
        ListQuery { namespace: Some(namespace), filter: Some(&filter), ..ListQuery::default() };
    let listing = api.store().list(&ResourceId::new("", "secrets"), &query);
    listing.map(|l| l.items.iter().map(|s| s.key.clone()).collect()).unwrap_or_default()
}

pub(super) async fn finish(api: &Api, key: &Key) -> Result<(), ApiError> {
    let Some(stored) = api.store().get(key).filter(|s| !s.deleting) else { return Ok(()) };
    let Some(authority) = api.authority() else { return Ok(()) };
    let secret = stored.value();
    let Some(name) = secret.annotation(ACCOUNT).map(str::to_owned) else { return Ok(()) };
    let namespace = key.namespace();
    let account = api.store().get(&Key::new(&accounts(), namespace, &name));
    let uid = secret.annotation(ACCOUNT_UID);
    let account = match account {
        Some(account) if uid.is_none_or(|uid| uid == account.uid) => account,
        // The account is gone, or another one has its name now.
        _ => return api.delete_object(key, &DeleteOptions::default()).await.map(drop),
    };
    let has = |member: &str| secret.at(["data", member]).is_some();
    if uid.is_some() && ["ca.crt", "namespace", "token"].iter().all(|m| has(m)) {
        return Ok(());
    }
    let token = legacy_token(authority, namespace, key.name(), &account);
    let token = token.ok_or_else(|| ApiError::internal("no token can be signed"))?;
    let fill = |secret: &mut Value| {
        secret.set_annotation(ACCOUNT_UID, &account.uid);
        let data = secret.make_map().entry("data").make_map();
        for (member, text) in
            [("ca.crt", authority.ca_pem()), ("namespace", namespace), ("token", token.as_str())]
        {
            if !data.contains_key(member) {
                data.insert(member, STANDARD.encode(text));
            }
        }
    };
    api.modify_object(key, "", MANAGER, fill).await.map(drop)
}
