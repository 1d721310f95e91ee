//! `OCIRepository`: files out of a registry, held ready for those that use them.

mod access;

pub(crate) use access::{Wishes, login, tls};

use crate::context::Context;
use crate::source_turn::{self as turn, Fault, Written};
use crate::{Id, Urgency};
use api::names::{condition, reason};
use api::{Artifact, OciRepository};
use source::blobs::Taken;
use source::oci::{OciError, OciSource, Registry, Repository, Want};
use std::sync::Arc;
use std::time::Duration;

const MANAGER: &str = api::names::SOURCE_MANAGER;

/// Works on one repository.
pub(crate) async fn work(context: &Arc<Context>, id: &Id) {
    let registry = &context.charts.artifacts;
    let Some(object) = registry.get(id) else { return };
    if object.metadata.deletion_timestamp.is_some() {
        if let Err(error) = context.charts.blobs.forget(&key(id)) {
            tracing::warn!(source = %id, %error, "its memory cannot be removed");
        }
        return turn::release(context, registry, &*object, MANAGER).await;
    }
    if object.spec.suspend || !turn::hold(context, registry, &*object, MANAGER).await {
        return;
    }
    let found = look(context, id, &object).await;
    turn::schedule(registry, id, object.spec.interval.0, found.as_ref().err());
    let mut new = (*object).clone();
    new.status.last_handled_reconcile_at =
        turn::handled(&*object, &object.status.last_handled_reconcile_at);
    let generation = object.metadata.generation;
    let old = &object.status.conditions;
    let events = match &found {
        Ok((artifact, fresh)) => {
            let message = format!("stored artifact for digest '{}'", artifact.revision);
            let (conditions, events) =
                turn::stored(old, generation, Some(artifact), (&message, *fresh));
            new.status.conditions = conditions;
            new.status.observed_generation = Some(generation);
            new.status.observed_ignore.clone_from(&object.spec.ignore);
            new.status.observed_layer_selector.clone_from(&object.spec.layer_selector);
            new.status.url = Some(format!(
                "{}/ocirepository/{}/{}/latest.tar.gz",
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
        let uses = |r: &api::HelmRelease| crate::charts::uses(r, "OCIRepository", id);
        for release in context.charts.releases.which(uses) {
            context.charts.releases.queue.add(release, Urgency::Now);
        }
    }
}

/// What this repository's content is called in the store.
pub(crate) fn key(id: &Id) -> String {
    format!("ocirepository/{id}")
}

async fn look(
    context: &Context,
    id: &Id,
    object: &OciRepository,
) -> Result<(Artifact, bool), Fault> {
    let spec = &object.spec;
    let wishes = Wishes {
        verify: spec.verify.is_some(),
        provider: spec.provider.as_deref(),
        proxy: spec.proxy_secret_ref.is_some(),
        account: spec.service_account_name.as_deref(),
    };
    wishes.supported()?;
    let repository = Repository::parse(&spec.url).map_err(|e| fault(&e))?;
    let namespace = object.metadata.namespace.as_str();
    let secret = spec.secret_ref.as_ref().map(|r| Id::new(namespace, r.name.as_str()));
    let certificates = spec.cert_secret_ref.as_ref().map(|r| Id::new(namespace, r.name.as_str()));
    let source = OciSource {
        url: spec.url.clone(),
        insecure: spec.insecure,
        login: login(context, secret.as_ref(), &repository).await?,
        tls: tls(context, certificates.as_ref()).await?,
        timeout: spec.timeout.map_or(Duration::from_secs(60), |t| t.0),
    };
    let registry = Registry::at(repository, &source).map_err(|e| fault(&e))?;
    let resolved = registry.resolve(&want(object)).await.map_err(|e| fault(&e))?;
    let blobs = &context.charts.blobs;
    let revision = resolved.to_string();
    let unchanged = |t: &Taken| t.revision == revision && blobs.has(&t.digest);
    if let (Some(taken), Some(artifact)) = (blobs.taken(&key(id)), &object.status.artifact)
        && unchanged(&taken)
        && artifact.revision == revision
        && object.status.observed_layer_selector == spec.layer_selector
    {
        return Ok((artifact.clone(), false));
    }
    let manifest = registry.manifest(&resolved.digest).await.map_err(|e| fault(&e))?;
    let media_type = spec.layer_selector.as_ref().and_then(|l| l.media_type.as_deref());
    let layer =
        manifest.layer(media_type.filter(|m| !m.is_empty())).map_err(|e| fault(&e))?.clone();
    registry.layer(blobs, &layer).await.map_err(|e| fault(&e))?;
    let taken = Taken {
        url: spec.url.clone(),
        revision: revision.clone(),
        digest: layer.digest.clone(),
        notes: manifest.annotations.clone(),
    };
    blobs.remember(&key(id), taken).map_err(|e| Fault {
        condition: condition::STORAGE_OPERATION_FAILED,
        ..Fault::fetch(reason::FAILED, &e)
    })?;
    let hex = layer.digest.strip_prefix("sha256:").unwrap_or_default();
    let path = format!("ocirepository/{}/{}/{hex}.tar.gz", id.namespace, id.name);
    let artifact = turn::artifact(
        context,
        object.status.artifact.as_ref(),
        path,
        (&revision, &layer.digest),
        (layer.size, manifest.annotations),
    );
    Ok((artifact, true))
}

fn want(object: &OciRepository) -> Want {
    let reference = object.spec.reference.clone().unwrap_or_default();
    let given = |text: Option<String>| text.filter(|t| !t.is_empty());
    if let Some(digest) = given(reference.digest) {
        return Want::Digest(digest);
    }
    if let Some(range) = given(reference.semver) {
        return Want::Semver { range, filter: given(reference.semver_filter) };
    }
    Want::Tag(given(reference.tag).unwrap_or_else(|| "latest".to_owned()))
}

pub(crate) fn fault(error: &OciError) -> Fault {
    let reason = match error {
        OciError::Name { .. } => reason::URL_INVALID,
        OciError::Layer(_) => reason::OCI_ARTIFACT_LAYER_OPERATION_FAILED,
        other if other.is_refusal() => reason::AUTHENTICATION_FAILED,
        _ => reason::OCI_ARTIFACT_PULL_FAILED,
    };
    Fault::fetch(reason, error).stalled(error.is_terminal())
}
