//! Who asks, and what they may do: authentication, impersonation, authorization by roles, and the reviews that
//! answer questions about both.
//!
//! A request becomes an [`Identity`] (`authentication`, then `impersonation`) and [`Attributes`] (`attributes`);
//! [`Access`] decides by the roles and bindings of the store (`roles`, `rule`), which `bootstrap` fills with those
//! every cluster has. `escalation` keeps people from granting what they do not have.
//!
//! Deliberately absent: what an object may look like (`admission`), the node authorizer, authorization by webhook.

mod accounts;
mod aggregation;
mod attributes;
mod authority;
mod authorizer;
mod bootstrap;
mod certificate;
mod escalation;
mod identity;
mod impersonation;
mod issuing;
mod jwt;
mod reviews;
mod roles;
mod rule;
mod signing;

pub(crate) use accounts::{authenticate, legacy_token};
pub(crate) use aggregation::aggregate;
pub use attributes::Attributes;
pub use authority::Authority;
pub(crate) use authority::{ISSUER, openid_configuration};
pub use authorizer::{Access, Decision};
pub(crate) use bootstrap::create as create_bootstrap_roles;
pub(crate) use certificate::identity as certificate_identity;
pub(crate) use escalation::check as check_escalation;
pub use identity::{
    ANONYMOUS, AUTHENTICATED, Identity, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED,
};
pub(crate) use identity::{account_groups, account_user, split_account};
pub(crate) use impersonation::impersonated;
pub(crate) use issuing::{Issuer, subject};
pub(crate) use jwt::Signer;
pub use rule::PolicyRule;
pub(crate) use signing::{
    check_approval, is_waiting as waits_for_certificate, prepare as prepare_signing_request,
    sign as sign_request,
};

/// The group of everything about roles.
pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";

/// `["a" "b"]`: texts as Go prints them with `%q`.
pub(crate) fn quoted<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|t| format!("{:?}", t.as_ref())).collect();
    format!("[{}]", texts.join(" "))
}
