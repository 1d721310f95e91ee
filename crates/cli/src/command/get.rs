//! `windlass get`: sources, Kustomizations and HelmReleases with their state.

use super::target::{KINDS, Kind, Namespace};
use crate::connection::Connection;
use crate::failure::{Code, Failure};
use crate::output::{Format, age, print_table, print_value};
use clap::Args;
use cluster::Client;
use object::{Manifest, Value, map};

/// Show sources, Kustomizations and HelmReleases with their state
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Kind to show: all, sources, kustomizations (ks), helmreleases (hr), gitrepositories (git), ...
    #[arg(default_value = "all", value_name = "KIND")]
    kind: String,

    /// Only the object of this name
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    namespace: Namespace,

    /// Every namespace
    #[arg(short = 'A', long)]
    all_namespaces: bool,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Get {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let client = connection.connect().await?;
        let mut found = Vec::new();
        for kind in self.kinds()? {
            found.push((kind, self.list(&client, kind).await?));
        }
        if let Some(name) = &self.name
            && found.iter().all(|(_, objects)| objects.is_empty())
        {
            return Err(Failure::new(format!("nothing is named '{name}'"))
                .hint("`windlass get -A` lists what there is"));
        }
        if self.output != Format::Table {
            let items = found.into_iter().flat_map(|(_, objects)| objects).collect::<Vec<_>>();
            let list = map! {"apiVersion": "v1", "kind": "List", "items": items};
            print_value(&Value::Map(list), self.output);
            return Ok(0);
        }
        self.print(&found);
        Ok(0)
    }

    fn kinds(&self) -> Result<Vec<Kind>, Failure> {
        if self.kind == "all" {
            return Ok(Kind::ALL.to_vec());
        }
        if matches!(self.kind.as_str(), "sources" | "source") {
            return Ok(Kind::SOURCES.to_vec());
        }
        Kind::parse(&self.kind).map(|k| vec![k]).ok_or_else(|| {
            Failure::new(format!("there is no kind '{}' here", self.kind))
                .code(Code::Usage)
                .hint(format!("kinds: all, sources, {KINDS}"))
        })
    }

    async fn list(&self, client: &Client, kind: Kind) -> Result<Vec<Value>, Failure> {
        let namespace = if self.all_namespaces { "" } else { &self.namespace.namespace };
        let mut objects = list_all(client, kind, namespace).await?;
        if let Some(name) = &self.name {
            objects.retain(|o| o.name() == name);
        }
        Ok(objects)
    }

    fn print(&self, found: &[(Kind, Vec<Value>)]) {
        let now = jiff::Timestamp::now();
        let mut rows = Vec::new();
        for (kind, objects) in found {
            for object in objects {
                let mut row = if self.all_namespaces {
                    vec![object.namespace().to_owned()]
                } else {
                    Vec::new()
                };
                row.extend(summary(*kind, object, now));
                rows.push(row);
            }
        }
        if rows.is_empty() {
            say!("Nothing found. `windlass get -A` looks in every namespace.");
            return;
        }
        let mut headers = vec!["NAME", "READY", "STATUS", "REVISION", "AGE"];
        if self.all_namespaces {
            headers.insert(0, "NAMESPACE");
        }
        print_table(&headers, rows);
    }
}

/// Every object of a kind, page by page; an empty namespace means all.
pub(super) async fn list_all(
    client: &Client,
    kind: Kind,
    namespace: &str,
) -> Result<Vec<Value>, Failure> {
    let mut objects = Vec::new();
    let mut token = String::new();
    loop {
        let mut query = vec![("limit", "500")];
        if !token.is_empty() {
            query.push(("continue", &token));
        }
        let mut page = match client.list(&kind.resource(), namespace, &query).await {
            Ok(page) => page,
            // A cluster that Flux was installed on need not have all of its kinds.
            Err(error) if error.is_not_found() => return Ok(objects),
            Err(error) => return Err(error.into()),
        };
        token = page.meta("continue").unwrap_or_default().to_owned();
        if let Some(Value::List(items)) = page.get_mut("items").map(std::mem::take) {
            objects.extend(items);
        }
        if token.is_empty() {
            return Ok(objects);
        }
    }
}

fn summary(kind: Kind, object: &Value, now: jiff::Timestamp) -> Vec<String> {
    let ready = condition(object, "Ready");
    let suspended = object.at(["spec", "suspend"]).and_then(Value::as_bool) == Some(true);
    let text = |key| ready.and_then(|c| c.get(key)).and_then(Value::as_str).unwrap_or_default();
    let state = match text("status") {
        _ if suspended => "Suspended",
        "" => "Unknown",
        other => other,
    };
    vec![
        format!("{}/{}", kind.name().to_ascii_lowercase(), object.name()),
        state.to_owned(),
        one_line(text("message"), 90),
        short_revision(kind.revision(object)),
        age(object.meta("creationTimestamp").unwrap_or_default(), now),
    ]
}

/// The condition of this type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.at(["status", "conditions"]).and_then(Value::as_list)?;
    conditions.iter().find(|c| c.get("type").and_then(Value::as_str) == Some(kind))
}

/// `main@sha1:dd088c6d...` with the hash cut to eight digits.
pub(super) fn short_revision(revision: &str) -> String {
    match revision.rsplit_once(':') {
        Some((before, hash)) if hash.len() > 8 && hash.is_ascii() => {
            format!("{before}:{}", &hash[..8])
        }
        _ => revision.to_owned(),
    }
}

/// The first line, cut to `width` characters.
pub(super) fn one_line(text: &str, width: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    let more = text.lines().nth(1).is_some() || line.chars().count() > width;
    let mut cut: String = line.chars().take(width).collect();
    if more {
        cut.push_str(" ...");
    }
    cut
}
