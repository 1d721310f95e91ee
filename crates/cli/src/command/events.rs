//! `windlass events`: what happened, newest last.

use super::target::Namespace;
use crate::connection::Connection;
use crate::failure::{Code, Failure};
use crate::output::{Format, age, print_table, print_value};
use clap::Args;
use cluster::Resource;
use object::{Manifest, Value, map};

/// Show what happened, newest last
#[derive(Args, Debug)]
pub(crate) struct Events {
    /// Only events of one object: KIND/NAME
    #[arg(long = "for", value_name = "KIND/NAME")]
    about: Option<String>,

    #[command(flatten)]
    namespace: Namespace,

    /// Every namespace
    #[arg(short = 'A', long)]
    all_namespaces: bool,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Events {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        let selector = self.selector()?;
        let client = connection.connect().await?;
        let namespace = if self.all_namespaces { "" } else { &self.namespace.namespace };
        let mut query = Vec::new();
        if !selector.is_empty() {
            query.push(("fieldSelector", selector.as_str()));
        }
        let resource = Resource::known("", "v1", "Event", "events", true);
        let mut list = client.list(&resource, namespace, &query).await?;
        let Some(Value::List(mut events)) = list.get_mut("items").map(std::mem::take) else {
            return Ok(0);
        };
        events.sort_by(|a, b| time_of(a).cmp(time_of(b)));
        if self.output != Format::Table {
            let list = map! {"apiVersion": "v1", "kind": "EventList", "items": events};
            print_value(&Value::Map(list), self.output);
            return Ok(0);
        }
        if events.is_empty() {
            say!("No events. They are kept for an hour; -A looks in every namespace.");
            return Ok(0);
        }
        let now = jiff::Timestamp::now();
        let rows = events.iter().map(|e| row(e, now)).collect();
        print_table(&["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], rows);
        Ok(0)
    }

    fn selector(&self) -> Result<String, Failure> {
        let Some(about) = &self.about else { return Ok(String::new()) };
        let (kind, name) = about.split_once('/').ok_or_else(|| {
            Failure::new(format!("'{about}' names no object"))
                .code(Code::Usage)
                .hint("write KIND/NAME, such as Kustomization/apps")
        })?;
        let kind = super::target::Kind::parse(kind).map_or(kind, |k| k.name());
        Ok(format!("involvedObject.kind={kind},involvedObject.name={name}"))
    }
}

fn time_of(event: &Value) -> &str {
    ["lastTimestamp", "eventTime", "firstTimestamp"]
        .into_iter()
        .find_map(|key| event.get(key).and_then(Value::as_str))
        .or_else(|| event.meta("creationTimestamp"))
        .unwrap_or_default()
}

fn row(event: &Value, now: jiff::Timestamp) -> Vec<String> {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let about = |key| {
        event.at(["involvedObject", key]).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    vec![
        age(time_of(event), now),
        text("type"),
        text("reason"),
        format!("{}/{}", about("kind").to_ascii_lowercase(), about("name")),
        text("message"),
    ]
}
