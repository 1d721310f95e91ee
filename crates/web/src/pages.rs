//! The pages: what each asks the API, and its template.

use crate::model::{Application, Condition, Event, Managed, Source, State, conditions};
use api::names;
use askama::Template;
use cluster::{ApiError, Client, Discovery, Resource};
use object::{Manifest, Value};
use reconcile::HealthStatus;

/// Most Kustomizations one page shows.
const PAGE: &str = "500";
/// Most objects whose health one page asks for.
const MOST_OBJECTS: usize = 200;

/// Sources and Kustomizations.
#[derive(Template)]
#[template(path = "fleet.html")]
pub(crate) struct Fleet {
    place: String,
    simulated: bool,
    sources: Vec<Source>,
    applications: Vec<Application>,
    more: bool,
}

impl Fleet {
    fn count(&self, class: &str) -> usize {
        self.applications.iter().filter(|a| a.state.class() == class).count()
    }

    pub(crate) async fn load(
        client: &Client,
        place: &str,
        simulated: bool,
    ) -> Result<Self, ApiError> {
        let list = client.list(&git_repositories(), "", &[("limit", PAGE)]).await?;
        let sources = items(&list).iter().map(Source::of).collect();
        let list = client.list(&kustomizations(), "", &[("limit", PAGE)]).await?;
        let applications = items(&list).iter().map(Application::of).collect();
        let more = list.meta("continue").is_some_and(|c| !c.is_empty());
        Ok(Self { place: place.to_owned(), simulated, sources, applications, more })
    }
}

/// One Kustomization.
#[derive(Template)]
#[template(path = "application.html")]
pub(crate) struct ApplicationPage {
    place: String,
    simulated: bool,
    app: Application,
    conditions: Vec<Condition>,
    objects: Vec<Managed>,
    events: Vec<Event>,
}

impl ApplicationPage {
    /// `None` when there is no such Kustomization.
    pub(crate) async fn load(
        client: &Client,
        place: &str,
        simulated: bool,
        (namespace, name): (&str, &str),
    ) -> Result<Option<Self>, ApiError> {
        let Some(object) = client.get(&kustomizations(), namespace, name).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            place: place.to_owned(),
            simulated,
            app: Application::of(&object),
            conditions: conditions(&object),
            objects: managed(client, &object).await?,
            events: events(client, namespace, name).await?,
        }))
    }
}

async fn managed(client: &Client, application: &Value) -> Result<Vec<Managed>, ApiError> {
    let entries = application.at(["status", "inventory", "entries"]).and_then(Value::as_list);
    let discovery = Discovery::new(client.clone());
    let mut found = Vec::new();
    for entry in entries.unwrap_or_default().iter().take(MOST_OBJECTS) {
        let text = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let entry = api::InventoryEntry { id: text("id"), v: text("v") };
        let Ok((key, gvk)) = reconcile::inventory::parse(&entry) else { continue };
        let (health, message, state) = match discovery.resource(&gvk).await {
            Err(ApiError::UnknownKind(_)) => (
                "Unknown".to_owned(),
                "the server does not know this kind".to_owned(),
                State::Failed,
            ),
            Err(error) => return Err(error),
            Ok(resource) => match client.get(&resource, &key.namespace, &key.name).await? {
                None => ("NotFound".to_owned(), String::new(), State::Failed),
                Some(live) => {
                    let now = api::Timestamp::from_unix(jiff::Timestamp::now().as_second());
                    let health = reconcile::health::assess(&live, now);
                    let state = match health.status {
                        HealthStatus::Current => State::Ready,
                        HealthStatus::Failed => State::Failed,
                        _ => State::Working,
                    };
                    (health.status.to_string(), health.message.into_owned(), state)
                }
            },
        };
        found.push(Managed {
            kind: key.kind,
            namespace: key.namespace,
            name: key.name,
            health,
            message,
            state,
        });
    }
    Ok(found)
}

async fn events(client: &Client, namespace: &str, name: &str) -> Result<Vec<Event>, ApiError> {
    let resource = Resource::known("", "v1", "Event", "events", true);
    let selector = format!("involvedObject.kind=Kustomization,involvedObject.name={name}");
    let list = client.list(&resource, namespace, &[("fieldSelector", &selector)]).await?;
    let mut events: Vec<Event> = items(&list).iter().map(Event::of).collect();
    events.sort_by(|a, b| b.when.cmp(&a.when));
    events.truncate(50);
    Ok(events)
}

/// The resource of GitRepositories.
pub(crate) fn git_repositories() -> Resource {
    Resource::known(names::SOURCE_GROUP, "v1", "GitRepository", "gitrepositories", true)
}

/// The resource of Kustomizations.
pub(crate) fn kustomizations() -> Resource {
    Resource::known(names::KUSTOMIZE_GROUP, "v1", "Kustomization", "kustomizations", true)
}

fn items(list: &Value) -> &[Value] {
    list.get("items").and_then(Value::as_list).unwrap_or_default()
}
