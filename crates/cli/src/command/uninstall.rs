//! `windlass uninstall`: takes the operator off a cluster and leaves what it deployed.

use super::get::list_all;
use super::install::{INSTANCE_LABEL, NAME, NAMESPACE};
use super::target::Kind;
use crate::connection::Connection;
use crate::failure::{Code, Failure};
use clap::Args;
use cluster::{Client, Propagation, Resource, WriteOptions};
use object::{Manifest, Value, map};

/// Remove the operator from a cluster; what it deployed stays
///
/// In this order: the Deployment, so that nothing is pruned any more; the finalizers of the custom resources; their
/// definitions, and with them the custom resources; rights, account and Service. The namespace stays.
#[derive(Args, Debug)]
pub(crate) struct Uninstall {
    /// Namespace of the operator
    #[arg(short, long, default_value = NAMESPACE, value_name = "NAME")]
    namespace: String,

    /// Leave the custom resources and their definitions, for instance to go back to Flux
    #[arg(long)]
    keep_definitions: bool,

    /// Do it; without this flag it is only told what would be done
    #[arg(long)]
    yes: bool,
}

impl Uninstall {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let client = connection.connect().await?;
        self.delete(&client, &kind("apps", "v1", "Deployment", "deployments", true)).await?;
        if !self.keep_definitions {
            for kind in Kind::ALL {
                self.release(&client, kind).await?;
            }
            self.delete_definitions(&client).await?;
        }
        let rbac = "rbac.authorization.k8s.io";
        let bindings = kind(rbac, "v1", "ClusterRoleBinding", "clusterrolebindings", false);
        self.delete(&client, &bindings).await?;
        self.delete(&client, &kind("", "v1", "Service", "services", true)).await?;
        self.delete(&client, &kind("", "v1", "ServiceAccount", "serviceaccounts", true)).await?;
        if self.yes {
            say!("The operator is gone; what it deployed is untouched.");
            return Ok(0);
        }
        Err(Failure::new("nothing was done").hint("add --yes to do it").code(Code::Usage))
    }

    /// Deletes the one object of this kind that `install` made.
    async fn delete(&self, client: &Client, resource: &Resource) -> Result<(), Failure> {
        let namespace = if resource.namespaced { self.namespace.as_str() } else { "" };
        let Some(live) = client.get(resource, namespace, NAME).await? else { return Ok(()) };
        if live.label(INSTANCE_LABEL) != Some(&self.namespace) {
            return Ok(());
        }
        self.say(&format!("delete {}/{NAME}", resource.gvk.kind));
        if self.yes {
            client
                .delete(resource, namespace, NAME, live.meta("uid"), Propagation::Foreground)
                .await?;
        }
        Ok(())
    }

    /// Takes our finalizer off every object of a kind, so that its deletion deletes nothing else.
    async fn release(&self, client: &Client, kind: Kind) -> Result<(), Failure> {
        let objects = match list_all(client, kind, "").await {
            Ok(objects) => objects,
            // Not installed, or uninstalled halfway before.
            Err(_) => return Ok(()),
        };
        for object in objects {
            let finalizers = object.at(["metadata", "finalizers"]).and_then(Value::as_list);
            let ours = |v: &Value| v.as_str() == Some(api::names::FINALIZER);
            let Some(all) = finalizers.filter(|f| f.iter().any(ours)) else { continue };
            self.say(&format!("release {}", object.key()));
            if self.yes {
                let rest: Vec<Value> = all.iter().filter(|v| !ours(v)).cloned().collect();
                let patch = Value::Map(map! {"metadata": map!{"finalizers": rest}});
                let write =
                    WriteOptions { field_manager: "windlass-cli", ..WriteOptions::default() };
                let at = (object.namespace(), object.name(), "");
                client.merge_patch(&kind.resource(), at, &patch, write).await?;
            }
        }
        Ok(())
    }

    async fn delete_definitions(&self, client: &Client) -> Result<(), Failure> {
        let resource = kind(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        );
        for definition in api::crds() {
            let name = definition.name();
            if client.get(&resource, "", name).await?.is_some() {
                self.say(&format!("delete CustomResourceDefinition/{name}"));
                if self.yes {
                    client.delete(&resource, "", name, None, Propagation::Background).await?;
                }
            }
        }
        Ok(())
    }

    fn say(&self, what: &str) {
        say!("{}{what}", if self.yes { "" } else { "would " });
    }
}

fn kind(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Resource {
    Resource::known(group, version, kind, plural, namespaced)
}
