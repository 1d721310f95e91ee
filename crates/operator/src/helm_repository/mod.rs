//! `HelmRepository`: an index that is kept up to date, or the place of a registry.

use crate::context::Context;
use crate::registry::Watched;
use crate::secrets::{self, SecretError};
use crate::source_turn::{self as turn, Fault, Written};
use crate::{Id, Urgency};
use api::names::reason;
use api::{Artifact, HelmRepository};
use source::helm::{HelmError, HelmRepository as Client, HelmSource};
use source::web::{Login, Tls};
use std::sync::Arc;
use std::time::Duration;

const MANAGER: &str = api::names::SOURCE_MANAGER;
const MINUTE: Duration = Duration::from_secs(60);

/// Works on one repository.
pub(crate) async fn work(context: &Arc<Context>, id: &Id) {
    let registry = &context.charts.repositories;
    let Some(object) = registry.get(id) else { return };
    if object.metadata.deletion_timestamp.is_some() {
        if let Err(error) = context.charts.blobs.forget(&key(id)) {
            tracing::warn!(source = %id, %error, "its memory cannot be removed");
        }
        return turn::release(context, registry, &*object, MANAGER).await;
    }
    // A registry has nothing to look at: its charts are looked at one by one.
    if object.spec.is_oci() {
        return static_object(context, id, &object).await;
    }
    if object.spec.suspend || !turn::hold(context, registry, &*object, MANAGER).await {
        return;
    }
    let found = look(context, id, &object).await;
    let interval = object.spec.interval.map_or(MINUTE, |d| d.0);
    turn::schedule(registry, id, interval, found.as_ref().err());
    let mut new = (*object).clone();
    new.status.last_handled_reconcile_at =
        turn::handled(&*object, &object.status.last_handled_reconcile_at);
    let generation = object.metadata.generation;
    let old = &object.status.conditions;
    let events = match &found {
        Ok((artifact, fresh)) => {
            let message = format!("stored artifact: revision '{}'", artifact.revision);
            let (conditions, events) =
                turn::stored(old, generation, Some(artifact), (&message, *fresh));
            new.status.conditions = conditions;
            new.status.observed_generation = Some(generation);
            new.status.url = Some(format!(
                "{}/helmrepository/{}/{}/index.yaml",
                context.settings.artifact_address, id.namespace, id.name
            ));
            new.status.artifact = Some(artifact.clone());
            events
        }
        Err(fault) => {
            let (conditions, events) = turn::failed(old, generation, fault);
            new.status.conditions = conditions;
            if fault.stalled {
                new.status.observed_generation = Some(generation);
            }
            events
        }
    };
    turn::write(context, registry, &object, Written { object: new, events }, (MANAGER, MANAGER))
        .await;
    if matches!(found, Ok((_, true))) {
        wake_charts(context, id);
    }
}

/// Charts of a repository look at its new index.
fn wake_charts(context: &Context, id: &Id) {
    let uses = |c: &api::HelmChart| {
        c.metadata.namespace == id.namespace
            && c.spec.source_ref.kind == "HelmRepository"
            && c.spec.source_ref.name == id.name
    };
    for chart in context.charts.charts.which(uses) {
        context.charts.charts.queue.add(chart, Urgency::Now);
    }
}

async fn static_object(context: &Context, id: &Id, object: &HelmRepository) {
    // As in Flux: no status, no finalizer; what an earlier life as an index left is taken away.
    turn::release(context, &context.charts.repositories, object, MANAGER).await;
    wake_charts(context, id);
}

/// What this repository's index is called in the store.
pub(crate) fn key(id: &Id) -> String {
    format!("helmrepository/{id}")
}

async fn look(
    context: &Context,
    id: &Id,
    object: &HelmRepository,
) -> Result<(Artifact, bool), Fault> {
    let source = helm_source(context, object).await?;
    let blobs = &context.charts.blobs;
    let known = blobs.taken(&key(id));
    let client = Client::new(source).map_err(|e| fault(&e))?;
    let indexed = client.index(blobs, known.as_ref()).await.map_err(|e| fault(&e))?;
    let taken = indexed.taken;
    blobs
        .remember(&key(id), taken.clone())
        .map_err(|e| Fault::fetch(reason::INDEXATION_FAILED, &e))?;
    let hex = taken.digest.strip_prefix("sha256:").unwrap_or_default();
    let path = format!("helmrepository/{}/{}/index-{hex}.yaml", id.namespace, id.name);
    let size = std::fs::metadata(blobs.path(&taken.digest)).map_or(0, |m| m.len());
    let old = object.status.artifact.as_ref();
    let artifact = turn::artifact(
        context,
        old,
        path,
        (&taken.revision, &taken.digest),
        (size, std::collections::BTreeMap::new()),
    );
    let fresh = old.is_none_or(|a| a.revision != artifact.revision);
    Ok((artifact, fresh))
}

fn fault(error: &HelmError) -> Fault {
    match error {
        HelmError::Web(web) if web.is_refusal() => {
            Fault::fetch(reason::AUTHENTICATION_FAILED, error)
        }
        HelmError::Web(web) if web.is_terminal() => {
            Fault::fetch(reason::URL_INVALID, error).stalled(true)
        }
        _ => Fault::fetch(reason::INDEXATION_FAILED, error),
    }
}

/// The repository with its credentials, as the client needs it.
pub(crate) async fn helm_source(
    context: &Context,
    object: &HelmRepository,
) -> Result<HelmSource, Fault> {
    let (login, tls) = access(context, object).await?;
    Ok(HelmSource {
        url: object.spec.url.clone(),
        login,
        pass_credentials: object.spec.pass_credentials,
        tls,
        timeout: object.spec.timeout.map_or(MINUTE, |t| t.0),
    })
}

async fn access(context: &Context, object: &HelmRepository) -> Result<(Login, Tls), Fault> {
    let wrong = |e: SecretError| Fault::fetch(reason::AUTHENTICATION_FAILED, &e);
    let namespace = object.metadata().namespace.as_str();
    let (mut login, mut tls) = (Login::None, Tls::default());
    if let Some(reference) = &object.spec.secret_ref {
        let id = Id::new(namespace, reference.name.as_str());
        let secret = secrets::secret(&context.client, &id).await.map_err(wrong)?;
        login = secret.login().map_err(wrong)?;
        tls = secret.tls().map_err(wrong)?;
    }
    if let Some(reference) = &object.spec.cert_secret_ref {
        let id = Id::new(namespace, reference.name.as_str());
        let secret = secrets::secret(&context.client, &id).await.map_err(wrong)?;
        tls = secret.tls().map_err(wrong)?;
    }
    Ok((login, tls))
}
