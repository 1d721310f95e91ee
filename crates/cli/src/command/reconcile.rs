//! `windlass reconcile`: now instead of at the next interval, and wait for the outcome.

use super::get::{condition, short_revision};
use super::target::{Kind, Target};
use crate::connection::Connection;
use crate::failure::{Code, Failure};
use crate::output::{Format, print_value};
use clap::Args;
use cluster::{Client, WriteOptions};
use object::{Manifest, Map, Value, map};
use std::time::Duration;

/// Reconcile now instead of at the next interval
#[derive(Args, Debug)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    target: Target,

    /// Of a Kustomization: reconcile its source first
    #[arg(long)]
    with_source: bool,

    /// Longest wait for the outcome, in seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    timeout: u64,

    /// Do not wait
    #[arg(long)]
    no_wait: bool,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What came of one request.
struct Outcome {
    kind: Kind,
    namespace: String,
    name: String,
    requested_at: String,
    /// `None` while nothing has come of it.
    ready: Option<Ready>,
    failure: Option<Failure>,
}

/// How the run that was asked for ended.
struct Ready {
    ready: bool,
    revision: String,
    message: String,
}

/// The annotation that asks for a reconciliation; any change of its value counts.
const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

impl Reconcile {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let client = connection.connect().await?;
        let (kind, object) = self.target.fetch(&client).await?;
        let mut targets = Vec::new();
        if self.with_source {
            targets.extend(source_of(kind, &object)?);
        }
        targets.push((kind, object.namespace().to_owned(), object.name().to_owned()));
        let mut outcomes = Vec::new();
        for target in targets {
            let outcome = self.request(&client, target).await?;
            let failed = outcome.failure.is_some();
            outcomes.push(outcome);
            if failed {
                break;
            }
        }
        if self.output != Format::Table {
            let items: Vec<Value> = outcomes.iter().map(Outcome::to_value).collect();
            print_value(&Value::Map(map! {"items": items}), self.output);
        }
        match outcomes.pop().and_then(|last| last.failure) {
            Some(failure) => Err(failure),
            None => Ok(0),
        }
    }

    fn say(&self, text: &str) {
        if self.output == Format::Table {
            say!("{text}");
        }
    }

    /// Asks for a run, and waits for what comes of it.
    async fn request(
        &self,
        client: &Client,
        (kind, namespace, name): (Kind, String, String),
    ) -> Result<Outcome, Failure> {
        let requested_at = jiff::Timestamp::now().to_string();
        let annotations =
            Map::from_entries(vec![(REQUESTED_AT.into(), requested_at.as_str().into())]);
        let patch = Value::Map(map! {"metadata": map!{"annotations": annotations}});
        let write = WriteOptions { field_manager: "windlass-cli", ..WriteOptions::default() };
        let object =
            client.merge_patch(&kind.resource(), (&namespace, &name, ""), &patch, write).await?;
        self.say(&format!("{} {namespace}/{name}: reconciliation requested", kind.name()));
        let mut outcome =
            Outcome { kind, namespace, name, requested_at, ready: None, failure: None };
        if object.at(["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
            let failure = Failure::new("it is suspended, so nothing will happen");
            outcome.failure = Some(failure.hint(format!(
                "windlass resume {}/{} -n {}",
                kind.name(),
                outcome.name,
                outcome.namespace
            )));
        } else if !self.no_wait {
            self.wait(client, &mut outcome).await?;
        }
        Ok(outcome)
    }

    async fn wait(&self, client: &Client, outcome: &mut Outcome) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(self.timeout);
        let (kind, namespace, name) = (outcome.kind, &outcome.namespace, &outcome.name);
        let mut last = String::new();
        while tokio::time::Instant::now() < deadline {
            let object = client
                .get(&kind.resource(), namespace, name)
                .await?
                .ok_or_else(|| super::target::not_found(kind, namespace, name))?;
            match ended(kind, &object, &outcome.requested_at) {
                Ok(ready) if ready.ready => {
                    self.say(&format!(
                        "{} {namespace}/{name}: ready at {}",
                        kind.name(),
                        ready.revision
                    ));
                    outcome.ready = Some(ready);
                    return Ok(());
                }
                Ok(ready) => {
                    let failure =
                        Failure::new(format!("{} {namespace}/{name} failed", kind.name()))
                            .because(&Text(ready.message.clone()))
                            .code(Code::NotReady);
                    outcome.ready = Some(ready);
                    outcome.failure = Some(failure);
                    return Ok(());
                }
                Err(message) => last = message,
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        let failure = Failure::new(format!("no outcome within {} seconds", self.timeout))
            .because(&Text(last))
            .hint("is the operator running? `windlass up` or `windlass run`")
            .code(Code::NotReady);
        outcome.failure = Some(failure);
        Ok(())
    }
}

impl Outcome {
    fn to_value(&self) -> Value {
        let mut value = map! {
            "kind": self.kind.name(),
            "namespace": self.namespace.as_str(),
            "name": self.name.as_str(),
            "requestedAt": self.requested_at.as_str(),
        };
        if let Some(ready) = &self.ready {
            value.insert("ready", ready.ready);
            value.insert("revision", ready.revision.as_str());
            value.insert("message", ready.message.as_str());
        }
        Value::Map(value)
    }
}

/// The source of a Kustomization, which a run of it takes its files from.
fn source_of(kind: Kind, object: &Value) -> Result<Option<(Kind, String, String)>, Failure> {
    if kind != Kind::Kustomization {
        return Ok(None);
    }
    let source = |key| object.at(["spec", "sourceRef", key]).and_then(Value::as_str);
    let kind = Kind::parse(source("kind").unwrap_or_default()).ok_or_else(|| {
        Failure::new("this Kustomization's source cannot be reconciled from here")
    })?;
    let namespace = source("namespace").unwrap_or(object.namespace()).to_owned();
    Ok(Some((kind, namespace, source("name").unwrap_or_default().to_owned())))
}

/// How the run that `token` asked for ended; the current message while it has not.
fn ended(kind: Kind, object: &Value, token: &str) -> Result<Ready, String> {
    let ready = condition(object, "Ready");
    let text = |key| ready.and_then(|c| c.get(key)).and_then(Value::as_str).unwrap_or_default();
    let handled = object.at(["status", "lastHandledReconcileAt"]).and_then(Value::as_str);
    if handled != Some(token) || text("status") == "Unknown" {
        return Err(text("message").to_owned());
    }
    Ok(Ready {
        ready: text("status") == "True",
        revision: short_revision(kind.revision(object)),
        message: text("message").to_owned(),
    })
}

/// A condition's message as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Text(String);
