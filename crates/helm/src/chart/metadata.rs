//! `Chart.yaml`, `Chart.lock` and their rules (`helm.sh/helm/v4/pkg/chart/v2`).

use crate::decode::{self, Fields, as_text};
use crate::gotext::{is_printable, quoted};
use object::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What `Chart.yaml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name.
    pub name: String,
    /// Home page.
    pub home: String,
    /// Where the sources are.
    pub sources: Vec<String>,
    /// The chart's version, a semantic version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who looks after it.
    pub maintainers: Vec<Maintainer>,
    /// Address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Of a dependency itself; Helm reads but does not use it.
    pub condition: String,
    /// Of a dependency itself; Helm reads but does not use it.
    pub tags: String,
    /// Version of what is inside.
    pub app_version: String,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Free notes; `None` differs from none in what templates see.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Constraint on the version of Kubernetes.
    pub kube_version: String,
    /// The charts it wants; `None` when the file does not say.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    pub kind: String,
}

/// Who looks after a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// Address for mail.
    pub email: String,
    /// Home page.
    pub url: String,
}

/// A chart another chart wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The wanted chart's name.
    pub name: String,
    /// Constraint on its version.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths into the values, separated by commas, the first boolean of which decides.
    pub condition: String,
    /// Names under `tags` in the values.
    pub tags: Vec<String>,
    /// Set while dependencies are worked out.
    pub enabled: bool,
    /// What the parent takes over from its values: strings, or maps with `child` and `parent`.
    pub import_values: Vec<Value>,
    /// Another name for it.
    pub alias: String,
}

/// What `Chart.lock` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was made, RFC 3339; empty when unknown.
    pub generated: String,
    /// Digest of the dependencies.
    pub digest: String,
    /// What was chosen.
    pub dependencies: Vec<Dependency>,
}

/// A chart's `apiVersion` before `dependencies` moved into `Chart.yaml`.
pub const API_VERSION_1: &str = "v1";

impl Metadata {
    /// Reads `Chart.yaml`, or `requirements.yaml` over what is there already.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<(), String> {
        let value = decode::yaml(text)?;
        let mut fields = Fields::of(&value, "v2", "Metadata");
        fields.text("name", &mut self.name);
        fields.text("home", &mut self.home);
        fields.texts("sources", &mut self.sources);
        fields.text("version", &mut self.version);
        fields.text("description", &mut self.description);
        fields.texts("keywords", &mut self.keywords);
        if let Some(items) = fields.list("maintainers", "[]*v2.Maintainer") {
            self.maintainers = items.iter().map(|v| Maintainer::read(&mut fields, v)).collect();
        }
        fields.text("icon", &mut self.icon);
        fields.text("apiVersion", &mut self.api_version);
        fields.text("condition", &mut self.condition);
        fields.text("tags", &mut self.tags);
        fields.text("appVersion", &mut self.app_version);
        fields.flag("deprecated", &mut self.deprecated);
        fields.text_map("annotations", &mut self.annotations);
        fields.text("kubeVersion", &mut self.kube_version);
        if let Some(items) = fields.list("dependencies", "[]*v2.Dependency") {
            let read = |v| Dependency::read(&mut fields, v);
            self.dependencies = Some(items.iter().map(read).collect());
        }
        fields.text("type", &mut self.kind);
        fields.finish().map_or(Ok(()), Err)
    }

    /// Helm's checks; texts are cleaned of what cannot be printed.
    pub(super) fn validate(&mut self) -> Result<(), String> {
        let texts = [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ];
        for text in texts.into_iter().chain(&mut self.sources).chain(&mut self.keywords) {
            sanitize(text);
        }
        let fail = |text: String| Err(text);
        if self.api_version.is_empty() {
            return fail("chart.metadata.apiVersion is required".into());
        }
        if self.name.is_empty() {
            return fail("chart.metadata.name is required".into());
        }
        if self.name == "." || self.name == ".." {
            return fail(format!("chart.metadata.name {} is not allowed", quoted(&self.name)));
        }
        if self.name != crate::path::base(&self.name) {
            return fail(format!("chart.metadata.name {} is invalid", quoted(&self.name)));
        }
        if self.version.is_empty() {
            return fail("chart.metadata.version is required".into());
        }
        if semver::Version::parse(&self.version).is_err() {
            return fail(format!("chart.metadata.version {} is invalid", quoted(&self.version)));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return fail("chart.metadata.type must be application or library".into());
        }
        for maintainer in &mut self.maintainers {
            maintainer.validate()?;
        }
        let mut seen = BTreeSet::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            dependency.validate()?;
            let key = dependency.key();
            if !seen.insert(key.to_owned()) {
                let key = quoted(key);
                return fail(format!("more than one dependency with name or alias {key}"));
            }
        }
        Ok(())
    }

    /// Whether it is a library, whose templates but partials do not count.
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }
}

/// Marks a null in a list of maintainers or dependencies, which Helm refuses.
const NULL: &str = "\0null";

impl Maintainer {
    fn read(fields: &mut Fields<'_>, value: &Value) -> Self {
        let mut out = Self::default();
        if value.is_null() {
            out.name = NULL.into();
            return out;
        }
        let mut inner = fields.detached("maintainers", value, "v2.Maintainer");
        inner.text("name", &mut out.name);
        inner.text("email", &mut out.email);
        inner.text("url", &mut out.url);
        let error = inner.finish();
        fields.join(error);
        out
    }

    fn validate(&mut self) -> Result<(), String> {
        if self.name == NULL {
            return Err("maintainers must not contain empty or null nodes".into());
        }
        [&mut self.name, &mut self.email, &mut self.url].into_iter().for_each(sanitize);
        Ok(())
    }
}

impl Dependency {
    fn read(fields: &mut Fields<'_>, value: &Value) -> Self {
        let mut out = Self::default();
        if value.is_null() {
            out.name = NULL.into();
            return out;
        }
        let mut inner = fields.detached("dependencies", value, "v2.Dependency");
        inner.text("name", &mut out.name);
        inner.text("version", &mut out.version);
        inner.text("repository", &mut out.repository);
        inner.text("condition", &mut out.condition);
        inner.texts("tags", &mut out.tags);
        inner.flag("enabled", &mut out.enabled);
        if let Some(items) = inner.list("import-values", "[]interface {}") {
            out.import_values = items.to_vec();
        }
        inner.text("alias", &mut out.alias);
        let error = inner.finish();
        fields.join(error);
        out
    }

    fn validate(&mut self) -> Result<(), String> {
        if self.name == NULL {
            return Err("dependencies must not contain empty or null nodes".into());
        }
        let texts = [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition];
        texts.into_iter().chain(&mut self.tags).for_each(sanitize);
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !self.alias.chars().all(fits) {
            let name = quoted(&self.name);
            return Err(format!("dependency {name} has disallowed characters in the alias"));
        }
        Ok(())
    }

    /// The name under which the parent knows it.
    pub fn key(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

impl Lock {
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let value = decode::yaml(text)?;
        let mut out = Self::default();
        let mut fields = Fields::of(&value, "v2", "Lock");
        for generated in fields.values("generated") {
            out.generated = as_text(generated).unwrap_or_default();
        }
        fields.text("digest", &mut out.digest);
        if let Some(items) = fields.list("dependencies", "[]*v2.Dependency") {
            out.dependencies = items.iter().map(|v| Dependency::read(&mut fields, v)).collect();
        }
        fields.finish().map_or(Ok(out), Err)
    }
}

/// Blanks become spaces; what cannot be printed goes.
fn sanitize(text: &mut String) {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return;
    }
    let clean = text.chars().filter_map(|c| match c {
        c if c.is_whitespace() => Some(' '),
        c => is_printable(c).then_some(c),
    });
    *text = clean.collect();
}
