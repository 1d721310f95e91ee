//! Who we are to a registry, out of Secrets.

use crate::Id;
use crate::context::Context;
use crate::secrets::{self, SecretError};
use crate::source_turn::Fault;
use api::names::reason;
use source::oci::{OciLogin, Repository, docker_config};
use source::web::{Login, Tls};

/// What a spec asks for that not every program can do.
pub(crate) struct Wishes<'a> {
    pub(crate) verify: bool,
    pub(crate) provider: Option<&'a str>,
    pub(crate) proxy: bool,
    pub(crate) account: Option<&'a str>,
}

impl Wishes<'_> {
    pub(crate) fn supported(&self) -> Result<(), Fault> {
        if self.verify {
            return Err(Fault::unsupported(
                "spec.verify is not supported yet, and a signature that is not checked must not \
                 pass for a checked one; remove it or use Flux for this source",
            ));
        }
        if let Some(other) = self.provider.filter(|p| !matches!(*p, "" | "generic")) {
            return Err(Fault::unsupported(&format!(
                "spec.provider '{other}' is not supported yet; use a secretRef with a Docker \
                 configuration"
            )));
        }
        if self.proxy {
            return Err(Fault::unsupported("spec.proxySecretRef is not supported yet"));
        }
        if self.account.is_some_and(|a| !a.is_empty()) {
            return Err(Fault::unsupported(
                "spec.serviceAccountName is not supported yet; name the account's image pull \
                 secret in spec.secretRef",
            ));
        }
        Ok(())
    }
}

/// The login that a Secret has for a repository: a Docker configuration, or a user and a password.
pub(crate) async fn login(
    context: &Context,
    secret: Option<&Id>,
    repository: &Repository,
) -> Result<OciLogin, Fault> {
    let wrong = |e: SecretError| Fault::fetch(reason::AUTHENTICATION_FAILED, &e);
    let Some(id) = secret else { return Ok(OciLogin::Anonymous) };
    let secret = secrets::secret(&context.client, id).await.map_err(wrong)?;
    if let Some(json) = secret.get(".dockerconfigjson") {
        return docker_config(json, repository).map_err(|p| wrong(secret.problem(p)));
    }
    Ok(match secret.login().map_err(wrong)? {
        Login::None => OciLogin::Anonymous,
        Login::Basic { username, password } => OciLogin::Basic { username, password },
        Login::Bearer(token) => OciLogin::Registry(token),
    })
}

/// The certificates of a Secret.
pub(crate) async fn tls(context: &Context, secret: Option<&Id>) -> Result<Tls, Fault> {
    let wrong = |e: SecretError| Fault::fetch(reason::AUTHENTICATION_FAILED, &e);
    let Some(id) = secret else { return Ok(Tls::default()) };
    secrets::secret(&context.client, id).await.map_err(wrong)?.tls().map_err(wrong)
}
