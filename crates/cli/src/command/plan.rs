//! `windlass plan`: what a revision, branch or directory would change, before it does.

use super::get::list_all;
use super::target::{Kind, Namespace};
use crate::connection::Connection;
use crate::failure::{Code, Failure};
use crate::output::{Format, print_value};
use clap::Args;
use cluster::Client;
use object::{Manifest, Value, map};
use operator::preview::{self, Preview};
use std::path::PathBuf;

/// Show what a revision, branch or directory would change on the cluster
///
/// Nothing is written. Each object is listed with the reason, and each field with its live and its declared value.
/// Exit code 0: nothing would change; 10: something would.
#[derive(Args, Debug)]
pub(crate) struct PlanCommand {
    /// Kustomization to plan, as NAME or kustomization/NAME [default: all of the namespace]
    #[arg(value_name = "KUSTOMIZATION")]
    name: Option<String>,

    #[command(flatten)]
    namespace: Namespace,

    /// Plan the files of this directory: a checkout of the source's repository
    #[arg(long, value_name = "DIR", conflicts_with_all = ["branch", "revision"])]
    dir: Option<PathBuf>,

    /// Plan the tip of this branch of the source
    #[arg(long, value_name = "NAME", conflicts_with = "revision")]
    branch: Option<String>,

    /// Plan this commit of the source
    #[arg(long, value_name = "COMMIT")]
    revision: Option<String>,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl PlanCommand {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let client = connection.connect().await?;
        let applications = self.applications(&client).await?;
        let what = match (&self.dir, &self.branch, &self.revision) {
            (Some(dir), ..) => preview::Files::Directory(dir.clone()),
            (_, Some(branch), _) => preview::Files::Branch(branch.clone()),
            (.., Some(commit)) => preview::Files::Commit(commit.clone()),
            _ => preview::Files::Current,
        };
        let mut previews = Vec::new();
        for application in applications {
            let id = format!("{}/{}", application.namespace(), application.name());
            let preview = preview::plan(&client, &application, &what).await.map_err(|e| {
                Failure::new(format!("Kustomization {id} cannot be planned")).because(&e)
            })?;
            previews.push(preview);
        }
        self.print(&previews);
        let changes = previews.iter().any(|p| !p.plan.is_empty());
        Ok(if changes { Code::Changes as u8 } else { 0 })
    }

    async fn applications(&self, client: &Client) -> Result<Vec<Value>, Failure> {
        let namespace = &self.namespace.namespace;
        let Some(name) = &self.name else {
            let all = list_all(client, Kind::Kustomization, namespace).await?;
            if all.is_empty() {
                return Err(Failure::new(format!("there is no Kustomization in {namespace}"))
                    .hint("-n names another namespace"));
            }
            return Ok(all);
        };
        let name = name.rsplit_once('/').map_or(name.as_str(), |(_, name)| name);
        let found = client.get(&Kind::Kustomization.resource(), namespace, name).await?;
        let one =
            found.ok_or_else(|| super::target::not_found(Kind::Kustomization, namespace, name))?;
        Ok(vec![one])
    }

    fn print(&self, previews: &[Preview]) {
        if self.output != Format::Table {
            let items: Vec<Value> = previews.iter().map(to_value).collect();
            print_value(&Value::Map(map! {"plans": items}), self.output);
            return;
        }
        for preview in previews {
            let writes = preview.plan.writes().count();
            say!("Kustomization {} at {}: {}", preview.id, preview.revision, amount(writes));
            for line in preview.plan.to_string().lines() {
                say!("  {line}");
            }
        }
    }
}

fn amount(writes: usize) -> String {
    match writes {
        0 => "no changes".to_owned(),
        1 => "1 change".to_owned(),
        n => format!("{n} changes"),
    }
}

fn to_value(preview: &Preview) -> Value {
    Value::Map(map! {
        "kustomization": preview.id.to_string(),
        "revision": preview.revision.as_str(),
        "changes": preview.plan.writes().count() as i64,
        "plan": object::to_value(&preview.plan).unwrap_or_default(),
    })
}
