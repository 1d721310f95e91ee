//! Carrying out a plan: the only writer. It decides nothing; a step says what to do, the answer what came of it.

mod retry;
mod takeover;

use crate::{ApiError, Client, Observer, Propagation, Resource, WriteOptions};
use futures::StreamExt;
use object::{ObjectKey, Value};
use reconcile::{
    Action, Applied, Desired, DesiredObject, Observed, Outcome, Plan, Refused, Stage, Step,
    StepOutcome, StepResult, SyncSpec,
};
use retry::with_retries;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

/// The writer to one cluster.
#[derive(Clone)]
pub struct Executor {
    client: Client,
    observer: Observer,
}

/// How many requests of one run are under way at once.
const PARALLEL_WRITES: usize = 12;
/// How long a recreated object may take to go.
const LONGEST_TERMINATION: Duration = Duration::from_secs(60);

/// What a step needs at hand.
struct Work<'a> {
    step: &'a Step,
    desired: &'a DesiredObject,
    resource: Resource,
}

impl Work<'_> {
    /// What is sent: the step's own form where some fields are left to others.
    fn value(&self) -> &Value {
        self.step.value.as_ref().unwrap_or(&self.desired.value)
    }
}

impl Executor {
    /// A writer through `client`; what it learns goes to `observer`.
    pub fn new(client: Client, observer: Observer) -> Self {
        Self { client, observer }
    }

    /// Carries out the steps of one stage and answers what came of each.
    ///
    /// Where several objects are to be applied the server is asked first whether it would take them all (dry run):
    /// one that it refuses means that none of the stage is touched.
    pub async fn apply(
        &self,
        stage: Stage,
        plan: &Plan,
        (desired, observed): (&Desired, &Observed),
        spec: &SyncSpec,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let mut work = Vec::new();
        let by_key: HashMap<&ObjectKey, &DesiredObject> =
            desired.objects.iter().map(|o| (&o.key, o)).collect();
        for step in plan.stage(stage) {
            let wanted = by_key.get(&step.key).copied();
            match (step.action, wanted) {
                (Action::Create | Action::Apply | Action::Recreate, Some(desired)) => {
                    match self.observer.discovery().resource(&desired.gvk).await {
                        Ok(resource) => work.push(Work { step, desired, resource }),
                        Err(error) => outcome.results.push(failed(step, "apply", &error)),
                    }
                }
                (Action::Keep, Some(desired)) => {
                    if let Some(live) = observed.live(&step.key) {
                        let found = Applied { desired: desired.hash, owned: live.owned };
                        self.observer.confirm(&step.key, found);
                    }
                    outcome.results.push(done(step, StepResult::Unchanged));
                }
                (Action::Keep | Action::Skip, _) => {
                    outcome.results.push(done(step, StepResult::Skipped));
                }
                _ => {}
            }
        }
        if outcome.failures().next().is_some() {
            return outcome;
        }
        self.apply_all(work, spec, &mut outcome).await;
        outcome
    }

    async fn apply_all(&self, work: Vec<Work<'_>>, spec: &SyncSpec, outcome: &mut Outcome) {
        if work.len() > 1 {
            let rehearsals: Vec<_> = work.iter().map(|w| self.rehearse(w, spec)).collect();
            let refusals: Vec<StepOutcome> =
                at_once(rehearsals).await.into_iter().flatten().collect();
            if !refusals.is_empty() {
                outcome.results.extend(refusals);
                return;
            }
        }
        let writes: Vec<_> = work.iter().map(|w| self.write(w, spec)).collect();
        outcome.results.extend(at_once(writes).await);
    }

    /// Asks the server whether it would take the object; `None` means yes.
    async fn rehearse(&self, work: &Work<'_>, spec: &SyncSpec) -> Option<StepOutcome> {
        let Work { step, desired, resource } = work;
        if step.action == Action::Recreate {
            return None;
        }
        let options =
            WriteOptions { field_manager: &spec.field_manager, force: true, dry_run: true };
        let answer =
            with_retries(spec.timeout, || self.client.apply(resource, work.value(), options)).await;
        match answer {
            Ok(_) => None,
            Err(error) if error.is_immutable_field() && step.recreate_if_immutable => None,
            Err(error) => {
                self.remember_refusal(desired, &error);
                Some(failed(step, "dry-run", &error))
            }
        }
    }

    async fn write(&self, work: &Work<'_>, spec: &SyncSpec) -> StepOutcome {
        let Work { step, desired, resource } = work;
        let result = match step.action {
            Action::Recreate => self.recreate(work, spec).await,
            _ => self.apply_one(work, spec).await,
        };
        match result {
            Err(error) if error.is_immutable_field() && step.recreate_if_immutable => {
                match self.recreate(work, spec).await {
                    Ok(result) => result,
                    Err(error) => failed(step, "recreate", &error),
                }
            }
            Err(error) => {
                self.remember_refusal(desired, &error);
                tracing::debug!(object = %step.key, plural = %resource.plural, %error, "apply failed");
                failed(step, "apply", &error)
            }
            Ok(result) => result,
        }
    }

    async fn apply_one(&self, work: &Work<'_>, spec: &SyncSpec) -> Result<StepOutcome, ApiError> {
        let Work { step, desired, resource } = work;
        if !step.migrate.is_empty() || !step.remove.is_empty() {
            takeover::hand_over(&self.client, resource, step, spec).await?;
        }
        let before = self.observer.known(&step.key).map(|live| live.resource_version);
        let options =
            WriteOptions { field_manager: &spec.field_manager, force: true, dry_run: false };
        let answer =
            with_retries(spec.timeout, || self.client.apply(resource, work.value(), options))
                .await?;
        let applied = self.learn(desired, &answer, spec);
        let version = object::Manifest::meta(&answer, "resourceVersion");
        let result = match step.action {
            Action::Create => StepResult::Created,
            _ if before.as_deref() == version => StepResult::Unchanged,
            _ => StepResult::Configured,
        };
        Ok(StepOutcome { key: step.key.clone(), result, applied: Some(applied) })
    }

    /// Deletes, waits until it is gone, and applies.
    async fn recreate(&self, work: &Work<'_>, spec: &SyncSpec) -> Result<StepOutcome, ApiError> {
        let Work { step, desired, resource } = work;
        let key = &step.key;
        with_retries(spec.timeout, || {
            self.client.delete(
                resource,
                &key.namespace,
                &key.name,
                step.uid.as_deref(),
                Propagation::Background,
            )
        })
        .await?;
        self.until_gone(resource, key, step.uid.as_deref(), LONGEST_TERMINATION).await?;
        let options =
            WriteOptions { field_manager: &spec.field_manager, force: true, dry_run: false };
        let answer =
            with_retries(spec.timeout, || self.client.apply(resource, work.value(), options))
                .await?;
        let applied = self.learn(desired, &answer, spec);
        Ok(StepOutcome { key: key.clone(), result: StepResult::Configured, applied: Some(applied) })
    }

    fn learn(&self, desired: &DesiredObject, answer: &Value, spec: &SyncSpec) -> Applied {
        let owned = ssa::owned_hash(answer, &spec.field_manager);
        let applied = Applied { desired: desired.hash, owned };
        self.observer.learn(answer, applied);
        applied
    }

    fn remember_refusal(&self, desired: &DesiredObject, error: &ApiError) {
        if error.is_immutable_field() {
            let refused = Refused { desired: desired.hash, message: error.to_string() };
            self.observer.learn_refusal(&desired.key, refused);
        }
    }

    /// Carries out the deletions of a plan, in its order. With `wait` each stage ends only when everything is gone.
    pub async fn prune(&self, plan: &Plan, spec: &SyncSpec, wait: bool) -> Outcome {
        let mut outcome = Outcome::default();
        let mut leaving = Vec::new();
        for step in plan.stage(Stage::Prune) {
            if step.action != Action::Delete {
                outcome.results.push(done(step, StepResult::Skipped));
                continue;
            }
            match self.delete(step, spec).await {
                Ok(resource) => {
                    outcome.results.push(done(step, StepResult::Deleted));
                    leaving.extend(resource.map(|r| (r, step)));
                }
                Err(error) => outcome.results.push(failed(step, "delete", &error)),
            }
        }
        if wait {
            for (resource, step) in leaving {
                let uid = step.uid.as_deref();
                if let Err(error) = self.until_gone(&resource, &step.key, uid, spec.timeout).await {
                    outcome.results.push(failed(step, "delete", &error));
                }
            }
        }
        outcome
    }

    /// Deletes one object; `None` when its kind is not served any more, and so the object is gone too.
    async fn delete(&self, step: &Step, spec: &SyncSpec) -> Result<Option<Resource>, ApiError> {
        let gvk = object::Gvk::new(
            step.key.group.as_str(),
            step.version.as_str(),
            step.key.kind.as_str(),
        );
        let resource = match self.observer.discovery().resource(&gvk).await {
            Ok(resource) => resource,
            Err(ApiError::UnknownKind(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let ObjectKey { namespace, name, .. } = &step.key;
        let deleted = with_retries(spec.timeout, || {
            self.client.delete(
                &resource,
                namespace,
                name,
                step.uid.as_deref(),
                Propagation::Background,
            )
        })
        .await;
        match deleted {
            // The uid is another: what was to be deleted is gone, and what is there is not ours to delete.
            Err(error) if error.is_conflict() => Ok(None),
            Err(error) => Err(error),
            Ok(()) => Ok(Some(resource)),
        }
    }

    async fn until_gone(
        &self,
        resource: &Resource,
        key: &ObjectKey,
        uid: Option<&str>,
        limit: Duration,
    ) -> Result<(), ApiError> {
        let deadline = tokio::time::Instant::now() + limit;
        let mut pause = Duration::from_millis(20);
        loop {
            let live = self.client.get(resource, &key.namespace, &key.name).await?;
            let Some(live) = live else { return Ok(()) };
            if uid.is_some_and(|uid| object::Manifest::meta(&live, "uid") != Some(uid)) {
                return Ok(());
            }
            if tokio::time::Instant::now() >= deadline {
                let finalizers = live.at(["metadata", "finalizers"]).and_then(Value::as_list);
                let names: Vec<&str> =
                    finalizers.unwrap_or_default().iter().filter_map(Value::as_str).collect();
                return Err(ApiError::Refused {
                    code: 0,
                    reason: "Terminating".to_owned(),
                    message: format!(
                        "it is still being deleted after {} s; waiting for the finalizers [{}]",
                        limit.as_secs(),
                        names.join(", ")
                    ),
                    causes: Vec::new(),
                    retry_after: None,
                });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

/// Awaits all, some of them at once; answers come in the order of the futures.
async fn at_once<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    futures::stream::iter(futures).buffered(PARALLEL_WRITES).collect().await
}

fn done(step: &Step, result: StepResult) -> StepOutcome {
    StepOutcome { key: step.key.clone(), result, applied: None }
}

/// The failure of a step, in words that name the object, the server's reason and the place in Git.
fn failed(step: &Step, verb: &str, error: &ApiError) -> StepOutcome {
    let reason = match error {
        ApiError::Refused { reason, .. } if !reason.is_empty() => format!(" ({reason})"),
        _ => String::new(),
    };
    let place = if step.origin.is_empty() {
        String::new()
    } else {
        format!(", declared in {}", step.origin)
    };
    let immutable = error.is_immutable_field();
    let remedy = if immutable {
        "; to have it deleted and created anew, set spec.force or annotate the object with \
         kustomize.toolkit.fluxcd.io/force: enabled"
    } else {
        ""
    };
    let text = format!("{} {verb} failed{reason}: {error}{place}{remedy}", step.key);
    done(step, StepResult::Failed { error: text, immutable })
}
