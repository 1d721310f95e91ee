//! `windlass tree`: a Kustomization and everything it manages, with health.

use super::get::{condition, one_line};
use super::target::{Kind, Target};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{Format, print_value};
use clap::Args;
use cluster::{Client, Discovery};
use object::{Gvk, Manifest, ObjectKey, Value, map};
use std::collections::BTreeSet;

/// Show a Kustomization and everything it manages, with health
#[derive(Args, Debug)]
pub(crate) struct Tree {
    #[command(flatten)]
    target: Target,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// One object and what stands below it.
struct Node {
    name: String,
    status: String,
    message: String,
    children: Vec<Node>,
}

impl Tree {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let client = connection.connect().await?;
        let (_, object) = self.target.fetch(&client).await?;
        let discovery = Discovery::new(client.clone());
        let mut seen = BTreeSet::new();
        let root = grow(&client, &discovery, &object, &mut seen).await?;
        if self.output == Format::Table {
            print_node(&root, "", "");
        } else {
            print_value(&to_value(&root), self.output);
        }
        Ok(0)
    }
}

/// The node of a toolkit object: its condition, and its inventory below it.
async fn grow(
    client: &Client,
    discovery: &Discovery,
    object: &Value,
    seen: &mut BTreeSet<ObjectKey>,
) -> Result<Node, Failure> {
    let ready = condition(object, "Ready");
    let text = |key| ready.and_then(|c| c.get(key)).and_then(Value::as_str).unwrap_or_default();
    let status = match text("status") {
        "True" => "Ready",
        "False" => "Failed",
        _ => "Progressing",
    };
    let mut node = Node {
        name: object.key().to_string(),
        status: status.to_owned(),
        message: text("message").to_owned(),
        children: Vec::new(),
    };
    if !seen.insert(object.key()) {
        return Ok(node);
    }
    let entries = object.at(["status", "inventory", "entries"]).and_then(Value::as_list);
    for entry in entries.unwrap_or_default() {
        let member = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let entry = api::InventoryEntry { id: member("id").to_owned(), v: member("v").to_owned() };
        let Ok((key, gvk)) = reconcile::inventory::parse(&entry) else { continue };
        node.children.push(child(client, discovery, &key, &gvk, seen).await?);
    }
    Ok(node)
}

async fn child(
    client: &Client,
    discovery: &Discovery,
    key: &ObjectKey,
    gvk: &Gvk,
    seen: &mut BTreeSet<ObjectKey>,
) -> Result<Node, Failure> {
    let resource = match discovery.resource(gvk).await {
        Ok(resource) => resource,
        Err(cluster::ApiError::UnknownKind(_)) => {
            return Ok(leaf(key, "Unknown", "the server does not know this kind"));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(live) = client.get(&resource, &key.namespace, &key.name).await? else {
        return Ok(leaf(key, "NotFound", "it is not in the cluster"));
    };
    let grows = matches!(
        (key.group.as_str(), Kind::parse(&key.kind)),
        ("kustomize.toolkit.fluxcd.io", Some(Kind::Kustomization))
            | ("helm.toolkit.fluxcd.io", Some(Kind::HelmRelease))
    );
    if grows {
        return Box::pin(grow(client, discovery, &live, seen)).await;
    }
    let now = api::Timestamp::from_unix(jiff::Timestamp::now().as_second());
    let health = reconcile::health::assess(&live, now);
    Ok(leaf(key, &health.status.to_string(), &health.message))
}

fn leaf(key: &ObjectKey, status: &str, message: &str) -> Node {
    Node {
        name: key.to_string(),
        status: status.to_owned(),
        message: message.to_owned(),
        children: Vec::new(),
    }
}

fn print_node(node: &Node, first: &str, rest: &str) {
    let message = one_line(&node.message, 80);
    let tail = if message.is_empty() { String::new() } else { format!("  {message}") };
    say!("{first}{}  {}{tail}", node.name, node.status);
    let last = node.children.len().saturating_sub(1);
    for (i, child) in node.children.iter().enumerate() {
        let (branch, below) =
            if i == last { ("└── ", "    ") } else { ("├── ", "│   ") };
        print_node(child, &format!("{rest}{branch}"), &format!("{rest}{below}"));
    }
}

fn to_value(node: &Node) -> Value {
    Value::Map(map! {
        "object": node.name.as_str(),
        "status": node.status.as_str(),
        "message": node.message.as_str(),
        "children": node.children.iter().map(to_value).collect::<Vec<_>>(),
    })
}
