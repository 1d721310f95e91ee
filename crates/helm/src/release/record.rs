//! The record itself, to and from its JSON.

use super::Status;
use crate::chart::{Chart, Dependency, File, Metadata};
use crate::manifest::{Hook, HookEvent};
use crate::render::RenderError;
use crate::render::instance::Instance;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use object::{Map, Value};
use std::collections::BTreeMap;

/// One revision of a release.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Release {
    /// The release's name.
    pub name: String,
    /// State, times, notes.
    pub info: Info,
    /// The chart as Helm writes it (`metadata`, `lock`, `templates`, `values`, `schema`, `files`), kept as it was read.
    /// [`stored_chart`] makes it.
    pub chart: Value,
    /// What the user set over the chart's defaults.
    pub config: Map,
    /// The rendered objects, hooks left out.
    pub manifest: String,
    /// The hooks, with what became of them.
    pub hooks: Vec<StoredHook>,
    /// The number of the revision, from 1.
    pub version: i64,
    /// The namespace.
    pub namespace: String,
    /// Labels of the record beyond Helm's own. They stand on the Secret, not in the JSON.
    pub labels: BTreeMap<String, String>,
    /// `ssa` or `csa`; empty in records of Helm 3, which means `csa`.
    pub apply_method: String,
}

/// State, times, notes. Times are RFC 3339, empty when unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// When the first revision was deployed.
    pub first_deployed: String,
    /// When this one was.
    pub last_deployed: String,
    /// When it was removed.
    pub deleted: String,
    /// In words.
    pub description: String,
    /// The state.
    pub status: Status,
    /// The revision that was rolled back to, 0 when this is no rollback.
    pub rollback_revision: i64,
    /// The rendered `NOTES.txt`.
    pub notes: String,
}

/// A hook and its last run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredHook {
    /// The hook.
    pub hook: Hook,
    /// Its last run.
    pub last_run: HookRun,
}

/// A run of a hook. Times are RFC 3339, empty when there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookRun {
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub completed_at: String,
    /// How.
    pub phase: HookPhase,
}

/// How a hook's run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HookPhase {
    /// It has not run.
    #[default]
    None,
    /// Nobody knows.
    Unknown,
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
}

const PHASES: [(HookPhase, &str); 5] = [
    (HookPhase::None, ""),
    (HookPhase::Unknown, "Unknown"),
    (HookPhase::Running, "Running"),
    (HookPhase::Succeeded, "Succeeded"),
    (HookPhase::Failed, "Failed"),
];

impl HookPhase {
    /// As it stands in the record.
    pub fn name(self) -> &'static str {
        PHASES.iter().find(|(p, _)| *p == self).map_or("", |(_, n)| n)
    }

    fn parse(name: &str) -> Self {
        PHASES.iter().find(|(_, n)| *n == name).map_or(Self::Unknown, |(p, _)| *p)
    }
}

/// Fields as Go writes them: those that are empty stay away where the struct says `omitempty`.
#[derive(Default)]
struct Fields(Map);

impl Fields {
    fn always(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value);
        self
    }

    fn text(self, name: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.always(name, value) }
    }

    fn number(self, name: &str, value: i64) -> Self {
        if value == 0 { self } else { self.always(name, value) }
    }

    fn list(self, name: &str, items: Vec<Value>) -> Self {
        if items.is_empty() { self } else { self.always(name, items) }
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let items = value.get(name).and_then(Value::as_list).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_int).unwrap_or_default()
}

impl Release {
    /// The record's JSON value.
    pub(super) fn to_value(&self) -> Value {
        let mut fields = Fields::default()
            .text("name", &self.name)
            .always("info", self.info.to_value())
            .text("manifest", &self.manifest)
            .list("hooks", self.hooks.iter().map(StoredHook::to_value).collect())
            .number("version", self.version)
            .text("namespace", &self.namespace)
            .text("apply_method", &self.apply_method);
        if !self.chart.is_null() {
            fields = fields.always("chart", self.chart.clone());
        }
        if !self.config.is_empty() {
            fields = fields.always("config", self.config.clone());
        }
        Value::Map(fields.0)
    }

    /// Reads the JSON value. What is absent or of another type reads as empty.
    pub(super) fn from_value(mut value: Value) -> Self {
        let take = |value: &mut Value, name: &str| {
            value.as_map_mut().and_then(|m| m.remove(name)).unwrap_or_default()
        };
        let chart = take(&mut value, "chart");
        let mut config = take(&mut value, "config");
        crate::values::floats(&mut config);
        let hooks = value.get("hooks").and_then(Value::as_list).unwrap_or_default();
        Self {
            name: text(&value, "name"),
            info: Info::from_value(value.get("info").unwrap_or(&Value::Null)),
            manifest: text(&value, "manifest"),
            hooks: hooks.iter().map(StoredHook::from_value).collect(),
            version: number(&value, "version"),
            namespace: text(&value, "namespace"),
            apply_method: text(&value, "apply_method"),
            labels: BTreeMap::new(),
            chart,
            config: config.as_map_mut().map(std::mem::take).unwrap_or_default(),
        }
    }

    /// The chart's name.
    pub fn chart_name(&self) -> &str {
        self.chart_metadata("name")
    }

    /// The chart's version.
    pub fn chart_version(&self) -> &str {
        self.chart_metadata("version")
    }

    /// The version of what is inside.
    pub fn app_version(&self) -> &str {
        self.chart_metadata("appVersion")
    }

    fn chart_metadata(&self, name: &str) -> &str {
        self.chart.at(["metadata", name]).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Info {
    fn to_value(&self) -> Value {
        let fields = Fields::default()
            .text("first_deployed", &self.first_deployed)
            .text("last_deployed", &self.last_deployed)
            .text("deleted", &self.deleted)
            .text("description", &self.description)
            .text("status", self.status.name())
            .number("rollback_revision", self.rollback_revision)
            .text("notes", &self.notes);
        Value::Map(fields.0)
    }

    fn from_value(value: &Value) -> Self {
        Self {
            first_deployed: text(value, "first_deployed"),
            last_deployed: text(value, "last_deployed"),
            deleted: text(value, "deleted"),
            description: text(value, "description"),
            status: Status::parse(&text(value, "status")),
            rollback_revision: number(value, "rollback_revision"),
            notes: text(value, "notes"),
        }
    }
}

impl StoredHook {
    fn to_value(&self) -> Value {
        let strings = |all: &[String]| all.iter().map(|s| s.as_str().into()).collect::<Vec<_>>();
        let hook = &self.hook;
        let run = Fields::default()
            .text("started_at", &self.last_run.started_at)
            .text("completed_at", &self.last_run.completed_at)
            .always("phase", self.last_run.phase.name());
        let fields = Fields::default()
            .text("name", &hook.name)
            .text("kind", &hook.kind)
            .text("path", &hook.path)
            .text("manifest", &hook.manifest)
            .list("events", hook.events.iter().map(|e| e.name().into()).collect())
            .always("last_run", run.0)
            .number("weight", hook.weight)
            .list("delete_policies", strings(&hook.delete_policies))
            .list("output_log_policies", strings(&hook.output_log_policies));
        Value::Map(fields.0)
    }

    fn from_value(value: &Value) -> Self {
        let run = value.get("last_run").unwrap_or(&Value::Null);
        let events = texts(value, "events");
        Self {
            hook: Hook {
                name: text(value, "name"),
                kind: text(value, "kind"),
                path: text(value, "path"),
                manifest: text(value, "manifest"),
                events: events.iter().filter_map(|e| HookEvent::parse(e)).collect(),
                weight: number(value, "weight"),
                delete_policies: texts(value, "delete_policies"),
                output_log_policies: texts(value, "output_log_policies"),
            },
            last_run: HookRun {
                started_at: text(run, "started_at"),
                completed_at: text(run, "completed_at"),
                phase: HookPhase::parse(&text(run, "phase")),
            },
        }
    }
}

impl From<Hook> for StoredHook {
    fn from(hook: Hook) -> Self {
        Self { hook, last_run: HookRun::default() }
    }
}

/// The chart as a record holds it: dependencies chosen by `values`, imported values among its own, subcharts left out.
///
/// # Errors
/// [`RenderError::Dependencies`], as rendering has it.
pub fn stored_chart(chart: &Chart, values: &Map) -> Result<Value, RenderError> {
    let mut root = Instance::whole(chart);
    root.prepare(values)?;
    let dependencies: Option<Vec<Value>> = root
        .wanted
        .as_ref()
        .map(|all| all.iter().map(|w| dependency(&w.dependency, w.imports.as_deref())).collect());
    let values = root.imported.take().unwrap_or_else(|| chart.values.clone());
    let schema = chart.schema.as_ref().map_or(Value::Null, |s| STANDARD.encode(s).into());
    let lock = chart.lock.as_ref().map_or(Value::Null, |lock| {
        let locked = lock.dependencies.iter().map(|d| dependency(d, None)).collect::<Vec<_>>();
        let fields = Fields::default()
            .always("generated", if lock.generated.is_empty() { ZERO } else { &lock.generated })
            .always("digest", lock.digest.as_str())
            .always("dependencies", locked);
        Value::Map(fields.0)
    });
    let fields = Fields::default()
        .always("metadata", metadata(&chart.metadata, dependencies))
        .always("lock", lock)
        .always("templates", files(&chart.templates))
        .always("values", values)
        .always("schema", schema)
        .always("schemamodtime", ZERO)
        .always("files", files(&chart.files));
    Ok(Value::Map(fields.0))
}

/// Go's zero time.
const ZERO: &str = "0001-01-01T00:00:00Z";

fn files(all: &[File]) -> Vec<Value> {
    let file = |f: &File| {
        let fields = Fields::default()
            .always("name", f.name.as_str())
            .always("data", STANDARD.encode(&f.data));
        Value::Map(fields.0)
    };
    all.iter().map(file).collect()
}

fn metadata(metadata: &Metadata, dependencies: Option<Vec<Value>>) -> Value {
    let strings = |all: &[String]| all.iter().map(|s| s.as_str().into()).collect::<Vec<_>>();
    let maintainers = metadata.maintainers.iter().map(|m| {
        let fields =
            Fields::default().text("name", &m.name).text("email", &m.email).text("url", &m.url);
        Value::Map(fields.0)
    });
    let mut fields = Fields::default()
        .text("name", &metadata.name)
        .text("home", &metadata.home)
        .list("sources", strings(&metadata.sources))
        .text("version", &metadata.version)
        .text("description", &metadata.description)
        .list("keywords", strings(&metadata.keywords))
        .list("maintainers", maintainers.collect())
        .text("icon", &metadata.icon)
        .text("apiVersion", &metadata.api_version)
        .text("condition", &metadata.condition)
        .text("tags", &metadata.tags)
        .text("appVersion", &metadata.app_version)
        .text("kubeVersion", &metadata.kube_version)
        .list("dependencies", dependencies.unwrap_or_default())
        .text("type", &metadata.kind);
    if metadata.deprecated {
        fields = fields.always("deprecated", true);
    }
    if let Some(all) = metadata.annotations.as_ref().filter(|a| !a.is_empty()) {
        let all: Map = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        fields = fields.always("annotations", all);
    }
    Value::Map(fields.0)
}

fn dependency(d: &Dependency, imports: Option<&[(String, String)]>) -> Value {
    let imports: Vec<Value> = match imports {
        None => d.import_values.clone(),
        Some(all) => {
            let import = |(child, parent): &(String, String)| {
                Value::Map(object::map! {"child": child.as_str(), "parent": parent.as_str()})
            };
            all.iter().map(import).collect()
        }
    };
    let mut fields = Fields::default()
        .always("name", d.name.as_str())
        .text("version", &d.version)
        .always("repository", d.repository.as_str())
        .text("condition", &d.condition)
        .list("tags", d.tags.iter().map(|t| t.as_str().into()).collect())
        .list("import-values", imports)
        .text("alias", &d.alias);
    if d.enabled {
        fields = fields.always("enabled", true);
    }
    Value::Map(fields.0)
}
