//! Who asks, and what they may do: authentication, impersonation, authorization by roles, and the reviews that
//! answer questions about both.
//!
//! A request becomes an [`Identity`] (`authentication`, then `impersonation`) and [`Attributes`] (`attributes`);
//! [`Access`] decides by the roles and bindings of the store (`roles`, `rule`), which `bootstrap` fills with those
//! every cluster has. `escalation` keeps people from granting what they do not have.
//!
//! Deliberately absent: what an object may look like (`admission`), the node authorizer, authorization by webhook.

mod aggregation;
mod attributes;
mod authorizer;
mod bootstrap;
mod escalation;
mod identity;
mod impersonation;
mod roles;
mod rule;

pub(crate) use aggregation::aggregate;
pub use attributes::Attributes;
pub use authorizer::{Access, Decision};
pub(crate) use bootstrap::create as create_bootstrap_roles;
pub(crate) use escalation::check as check_escalation;
pub use identity::{
    ANONYMOUS, AUTHENTICATED, Identity, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED,
};
pub(crate) use identity::{account_groups, account_user, split_account};
pub(crate) use impersonation::impersonated;
pub use rule::PolicyRule;

/// The group of everything about roles.
pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";

/// `["a" "b"]`: texts as Go prints them with `%q`.
pub(crate) fn quoted<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|t| format!("{:?}", t.as_ref())).collect();
    format!("[{}]", texts.join(" "))
}
