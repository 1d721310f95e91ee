//! Who asks.

use object::{Map, Value};
use std::collections::BTreeMap;

/// The group that may do everything, whatever the roles say.
pub const MASTERS: &str = "system:masters";
/// The group of everyone who said who they are.
pub const AUTHENTICATED: &str = "system:authenticated";
/// The group of everyone who did not.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user of those who did not say who they are.
pub const ANONYMOUS: &str = "system:anonymous";
/// The group of all ServiceAccounts.
pub const SERVICE_ACCOUNTS: &str = "system:serviceaccounts";

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// User name, such as `system:serviceaccount:flux-system:kustomize-controller`.
    pub user: String,
    /// Distinguishes users of one name; empty where nobody said.
    pub uid: String,
    /// Groups, such as `system:masters`.
    pub groups: Vec<String>,
    /// What else the authenticator knows, such as the Pod that a token is bound to.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Identity {
    /// A user of the group `system:masters`.
    pub fn admin(user: &str) -> Self {
        Self::new(user, &[MASTERS, AUTHENTICATED])
    }

    /// A user of groups.
    pub fn new(user: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|g| (*g).to_owned()).collect();
        Self { user: user.to_owned(), groups, ..Self::default() }
    }

    /// Who did not say who they are.
    pub fn anonymous() -> Self {
        Self::new(ANONYMOUS, &[UNAUTHENTICATED])
    }

    /// Whether this is a member of `group`.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|g| g == group)
    }

    /// `UserInfo` of the group `authentication.k8s.io`.
    pub fn user_info(&self) -> Map {
        let mut out = Map::new();
        if !self.user.is_empty() {
            out.insert("username", self.user.as_str());
        }
        if !self.uid.is_empty() {
            out.insert("uid", self.uid.as_str());
        }
        if !self.groups.is_empty() {
            out.insert("groups", texts(&self.groups));
        }
        if !self.extra.is_empty() {
            let extra: Map = self.extra.iter().map(|(k, v)| (k.as_str(), texts(v))).collect();
            out.insert("extra", extra);
        }
        out
    }

    /// From a `UserInfo`, or from the spec of a `SubjectAccessReview`, which calls the name `user`.
    pub fn from_info(info: &Value) -> Self {
        let text = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let extra = info.get("extra").and_then(Value::as_map);
        let user = if info.get("user").is_some() { text("user") } else { text("username") };
        Self {
            user,
            uid: text("uid"),
            groups: strings(info.get("groups")),
            extra: extra
                .map(|m| m.iter().map(|(k, v)| (k.to_owned(), strings(Some(v)))).collect())
                .unwrap_or_default(),
        }
    }
}

fn texts(list: &[String]) -> Vec<Value> {
    list.iter().map(|t| t.as_str().into()).collect()
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_list).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The user name of a ServiceAccount.
pub(crate) fn account_user(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

/// Namespace and name of a ServiceAccount from its user name.
pub(crate) fn split_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

/// The groups of a ServiceAccount of `namespace`, apart from `system:authenticated`.
pub(crate) fn account_groups(namespace: &str) -> Vec<String> {
    vec![SERVICE_ACCOUNTS.to_owned(), format!("{SERVICE_ACCOUNTS}:{namespace}")]
}
