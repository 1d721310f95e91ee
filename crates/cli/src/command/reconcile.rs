//! `windlass reconcile`: now instead of at the next interval, and wait for the outcome.

use super::get::{condition, short_revision};
use super::target::{Kind, Target};
use crate::connection::Connection;
use crate::failure::{Code, Failure};
use clap::Args;
use cluster::{Client, WriteOptions};
use object::{Manifest, Value, map};
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
}

/// The annotation that asks for a reconciliation; any change of its value counts.
const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

impl Reconcile {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let client = connection.connect().await?;
        let (kind, object) = self.target.fetch(&client).await?;
        if self.with_source && kind == Kind::Kustomization {
            let source = |key| object.at(["spec", "sourceRef", key]).and_then(Value::as_str);
            let source_kind = Kind::parse(source("kind").unwrap_or_default()).ok_or_else(|| {
                Failure::new("this Kustomization's source cannot be reconciled from here")
            })?;
            let namespace = source("namespace").unwrap_or(object.namespace()).to_owned();
            let name = source("name").unwrap_or_default().to_owned();
            self.request(&client, source_kind, &namespace, &name).await?;
        }
        self.request(&client, kind, object.namespace(), object.name()).await?;
        Ok(0)
    }

    async fn request(
        &self,
        client: &Client,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Result<(), Failure> {
        let token = jiff::Timestamp::now().to_string();
        let annotations = map! {"reconcile.fluxcd.io/requestedAt": token.as_str()};
        let patch = Value::Map(map! {"metadata": map!{"annotations": annotations}});
        let write = WriteOptions { field_manager: "windlass-cli", ..WriteOptions::default() };
        let object =
            client.merge_patch(&kind.resource(), (namespace, name, ""), &patch, write).await?;
        debug_assert!(object.annotation(REQUESTED_AT).is_some());
        println!("{} {namespace}/{name}: reconciliation requested", kind.name());
        if object.at(["spec", "suspend"]).and_then(Value::as_bool) == Some(true) {
            return Err(Failure::new("it is suspended, so nothing will happen")
                .hint(format!("windlass resume {}/{name} -n {namespace}", kind.name())));
        }
        if self.no_wait {
            return Ok(());
        }
        self.wait(client, kind, namespace, name, &token).await
    }

    async fn wait(
        &self,
        client: &Client,
        kind: Kind,
        namespace: &str,
        name: &str,
        token: &str,
    ) -> Result<(), Failure> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(self.timeout);
        let mut last = String::new();
        while tokio::time::Instant::now() < deadline {
            let object = client
                .get(&kind.resource(), namespace, name)
                .await?
                .ok_or_else(|| super::target::not_found(kind, namespace, name))?;
            let handled = object.at(["status", "lastHandledReconcileAt"]).and_then(Value::as_str);
            let ready = condition(&object, "Ready");
            let text =
                |key| ready.and_then(|c| c.get(key)).and_then(Value::as_str).unwrap_or_default();
            text("message").clone_into(&mut last);
            if handled == Some(token) && text("status") != "Unknown" {
                if text("status") == "True" {
                    let revision = object
                        .at(["status", "lastAppliedRevision"])
                        .or_else(|| object.at(["status", "artifact", "revision"]));
                    let revision = revision.and_then(Value::as_str).unwrap_or_default();
                    println!(
                        "{} {namespace}/{name}: ready at {}",
                        kind.name(),
                        short_revision(revision)
                    );
                    return Ok(());
                }
                return Err(Failure::new(format!("{} {namespace}/{name} failed", kind.name()))
                    .because(&Text(last))
                    .code(Code::NotReady));
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        Err(Failure::new(format!("no outcome within {} seconds", self.timeout))
            .because(&Text(last))
            .hint("is the operator running? `windlass up` or `windlass run`")
            .code(Code::NotReady))
    }
}

/// A condition's message as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Text(String);
