//! Asking as somebody else: the `Impersonate-` headers.
//!
//! After `k8s.io/apiserver/pkg/endpoints/filters/impersonation`. Deliberately absent: constrained impersonation.

use super::{
    ANONYMOUS, AUTHENTICATED, Access, Attributes, Identity, UNAUTHENTICATED, account_groups,
    account_user, split_account,
};
use crate::rest::ApiError;
use http::HeaderMap;

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";

/// One thing that is asked to be.
enum Wish {
    Account(String, String),
    User(String),
    Group(String),
    Extra(String, String),
    Uid(String),
}

impl Wish {
    /// As Go prints the object reference that stands for it.
    fn text(&self) -> String {
        let kind = "authentication.k8s.io/v1";
        match self {
            Self::Account(namespace, name) => format!("{{ServiceAccount {namespace} {name}    }}"),
            Self::User(name) => format!("{{User  {name}    }}"),
            Self::Group(name) => format!("{{Group  {name}    }}"),
            Self::Extra(key, value) => format!("{{UserExtra  {value}  {kind}  {key}}}"),
            Self::Uid(uid) => format!("{{UID  {uid}  {kind}  }}"),
        }
    }

    fn asked(&self) -> Attributes {
        let of = |group: &str, resource: &str, name: &str| Attributes {
            verb: "impersonate".to_owned(),
            group: group.to_owned(),
            version: if group.is_empty() { String::new() } else { "v1".to_owned() },
            resource: resource.to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        };
        match self {
            Self::Account(namespace, name) => {
                Attributes { namespace: namespace.clone(), ..of("", "serviceaccounts", name) }
            }
            Self::User(name) => of("", "users", name),
            Self::Group(name) => of("", "groups", name),
            Self::Extra(key, value) => Attributes {
                subresource: key.clone(),
                ..of("authentication.k8s.io", "userextras", value)
            },
            Self::Uid(uid) => of("authentication.k8s.io", "uids", uid),
        }
    }
}

/// Whom the headers ask to be; `None` when they ask for nobody.
///
/// # Errors
/// 400 for headers that say not who, 403 for what `who` may not be.
pub(crate) fn impersonated(
    access: &Access,
    who: &Identity,
    headers: &HeaderMap,
) -> Result<Option<Identity>, ApiError> {
    let wishes = wishes(headers)?;
    if wishes.is_empty() {
        return Ok(None);
    }
    let groups_given = headers.contains_key(GROUP);
    let mut other = Identity::default();
    for wish in wishes {
        let asked = wish.asked();
        let decision = access.decide(who, &asked);
        if !decision.allowed {
            return Err(asked.forbidden(who, &decision.reason));
        }
        match wish {
            Wish::Account(namespace, name) => {
                other.user = account_user(&namespace, &name);
                if !groups_given {
                    other.groups = account_groups(&namespace);
                }
            }
            Wish::User(name) => other.user = name,
            Wish::Group(name) => other.groups.push(name),
            Wish::Extra(key, value) => other.extra.entry(key).or_default().push(value),
            Wish::Uid(uid) => other.uid = uid,
        }
    }
    if other.user == ANONYMOUS {
        if !other.is_in(UNAUTHENTICATED) {
            other.groups.push(UNAUTHENTICATED.to_owned());
        }
    } else if !other.is_in(AUTHENTICATED) && !other.is_in(UNAUTHENTICATED) {
        other.groups.push(AUTHENTICATED.to_owned());
    }
    Ok(Some(other))
}

fn wishes(headers: &HeaderMap) -> Result<Vec<Wish>, ApiError> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut wishes = Vec::new();
    let user = headers.get(USER).map(text).filter(|user| !user.is_empty());
    if let Some(user) = &user {
        wishes.push(match split_account(user) {
            Some((namespace, name)) => Wish::Account(namespace.to_owned(), name.to_owned()),
            None => Wish::User(user.clone()),
        });
    }
    wishes.extend(headers.get_all(GROUP).iter().map(|v| Wish::Group(text(v))));
    for (name, value) in headers {
        if let Some(key) = name.as_str().strip_prefix(EXTRA) {
            let key = crate::rest::percent_decode(key, false);
            wishes.push(Wish::Extra(key, text(value)));
        }
    }
    let uid = headers.get(UID).map(text).filter(|uid| !uid.is_empty());
    wishes.extend(uid.map(Wish::Uid));
    if user.is_none() && !wishes.is_empty() {
        let texts: Vec<String> = wishes.iter().map(Wish::text).collect();
        return Err(ApiError::bad_request(format!(
            "requested [{}] without impersonating a user",
            texts.join(" ")
        )));
    }
    Ok(wishes)
}
