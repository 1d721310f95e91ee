//! `windlass template`: what a Helm chart renders to.
//!
//! Output and error texts are those of `helm template`, so that scripts and people can go on as before.

use crate::failure::Failure;
use clap::Args;
use helm::{Capabilities, Chart, KubeVersion, ReleaseFacts, RenderError, RenderOptions, Rendered};
use operator::external::{Machine, release_name};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Print what a Helm chart renders to, as `helm template` would
#[derive(Args, Debug)]
pub(crate) struct Template {
    /// Name of the release, then the chart: a directory or a .tgz. The name may be left out
    #[arg(required = true, num_args = 1..=2, value_names = ["NAME", "CHART"])]
    arguments: Vec<String>,

    /// Files with values, - for the standard input; later ones win
    #[arg(short = 'f', long, value_delimiter = ',', value_name = "FILE")]
    values: Vec<String>,

    /// Values as a.b=1,c={x,y}
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set: Vec<String>,

    /// Values that are always text
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set_string: Vec<String>,

    /// Values read from files, as a.b=path
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set_file: Vec<String>,

    /// Values as JSON, as a.b={"c":1} or one object
    #[arg(long, value_name = "VALUES", allow_hyphen_values = true)]
    set_json: Vec<String>,

    /// A value in which nothing is special
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    set_literal: Vec<String>,

    /// Namespace of the release
    #[arg(short, long, default_value = "default", value_name = "NAMESPACE")]
    namespace: String,

    /// Version of Kubernetes templates are told
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// Further API versions the cluster has, as cert-manager.io/v1
    #[arg(short, long, value_delimiter = ',', value_name = "VERSION")]
    api_versions: Vec<String>,

    /// Print the chart's crds/ too
    #[arg(long)]
    include_crds: bool,

    /// Print only what comes from these templates
    #[arg(short, long, value_name = "TEMPLATE")]
    show_only: Vec<String>,

    /// Leave tests out
    #[arg(long)]
    skip_tests: bool,

    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,

    /// Tell templates it is an upgrade
    #[arg(long)]
    is_upgrade: bool,

    /// Do not check values against the chart's schema
    #[arg(long)]
    skip_schema_validation: bool,

    /// Write files below this directory instead of printing
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Write them below a directory named as the release
    #[arg(long)]
    release_name: bool,

    /// Template of the release's name
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,

    /// Accepted as helm does; the name stays `release-name`
    #[arg(short, long)]
    generate_name: bool,

    /// Print what was rendered even where it is no YAML
    #[arg(long)]
    debug: bool,

    /// Not there: fetch dependencies first
    #[arg(long, hide = true)]
    dependency_update: bool,

    /// Not there: ask a cluster
    #[arg(long, hide = true)]
    validate: bool,

    /// Only `client`, which is what happens anyway
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    dry_run: Option<String>,
}

impl Template {
    pub(crate) fn run(&self) -> Result<u8, Failure> {
        if self.dependency_update {
            return Err(Failure::new("--dependency-update: windlass does not fetch charts here")
                .hint("run `helm dependency update` once, then try again"));
        }
        if self.validate || self.dry_run.as_deref().is_some_and(|d| d == "server") {
            return Err(Failure::new("windlass template does not ask a cluster")
                .hint("leave out --validate and --dry-run=server"));
        }
        match self.render() {
            Ok(()) => Ok(0),
            Err(text) => {
                eprintln!("Error: {text}");
                Ok(1)
            }
        }
    }

    fn render(&self) -> Result<(), String> {
        let mut capabilities =
            Capabilities::default().with_api_versions(self.api_versions.iter().cloned());
        if let Some(version) = &self.kube_version {
            capabilities.kube_version = KubeVersion::parse(version)
                .map_err(|e| format!("invalid kube version '{version}': {e}"))?;
        }
        let (name, chart) = self.name_and_chart()?;
        let chart_path = Path::new(&chart);
        if !chart_path.exists() {
            return Err(format!("path {chart:?} not found"));
        }
        let values = self.merged_values()?;
        let chart = load(chart_path)?;
        chart.check_installable().map_err(|e| helm::chain(&e))?;
        if chart.metadata.deprecated {
            eprintln!("warning: this chart is deprecated");
        }
        chart.check_dependencies().map_err(|e| helm::chain(&e))?;
        helm::release::validate_name(&name)
            .map_err(|e| format!("release name check failed: release name {name:?}: {e}"))?;
        let facts = ReleaseFacts {
            name: name.clone(),
            namespace: self.namespace.clone(),
            revision: 1,
            is_upgrade: self.is_upgrade,
        };
        let options = RenderOptions {
            skip_schema_validation: self.skip_schema_validation,
            ..RenderOptions::default()
        };
        let rendered =
            helm::render(&chart, &values, &facts, &capabilities, &options, &mut Machine, None);
        match rendered {
            Ok(mut rendered) => {
                if self.no_hooks {
                    rendered.hooks.clear();
                }
                self.output(&rendered, &name)
            }
            Err(error) => {
                if self.debug && matches!(error, RenderError::Manifest(_)) {
                    self.print_files(&chart, &values, &facts, &capabilities, &options);
                }
                let advice = "\n\nUse --debug flag to render out invalid YAML";
                let advice = if error.is_of_templates() && !self.debug { advice } else { "" };
                Err(helm::chain(&error) + advice)
            }
        }
    }

    fn name_and_chart(&self) -> Result<(String, String), String> {
        match self.arguments.as_slice() {
            [name, chart] => {
                if self.generate_name {
                    return Err("cannot set --generate-name and also specify a name".into());
                }
                if self.name_template.is_some() {
                    return Err("cannot set --name-template and also specify a name".into());
                }
                Ok((name.clone(), chart.clone()))
            }
            others => {
                let chart = others.first().cloned().unwrap_or_default();
                let name = match &self.name_template {
                    Some(template) => release_name(template).map_err(|e| e.to_string())?,
                    None => "release-name".to_owned(),
                };
                Ok((name, chart))
            }
        }
    }

    /// All values in Helm's order: files, then `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`.
    fn merged_values(&self) -> Result<object::Map, String> {
        use helm::values::{SetMode, json_object, merge, read, set};
        let mut values = object::Map::new();
        for file in &self.values {
            let text = read_file(file)?;
            let more =
                read(&text).map_err(|e| format!("failed to parse {file}: {}", helm::chain(&e)))?;
            merge(&mut values, more);
        }
        for line in &self.set_json {
            match json_object(line).map_err(|e| e.to_string())? {
                Some(more) => merge(&mut values, more),
                None => set(line, SetMode::Json, &mut values)
                    .map_err(|_| format!("failed parsing --set-json data {line}"))?,
            }
        }
        for line in &self.set {
            set(line, SetMode::Typed, &mut values)
                .map_err(|e| format!("failed parsing --set data: {e}"))?;
        }
        for line in &self.set_string {
            set(line, SetMode::Text, &mut values)
                .map_err(|e| format!("failed parsing --set-string data: {e}"))?;
        }
        for line in &self.set_file {
            let mut read =
                |file: &str| read_file(file).map(|t| String::from_utf8_lossy(&t).into_owned());
            set(line, SetMode::File(&mut read), &mut values)
                .map_err(|e| format!("failed parsing --set-file data: {e}"))?;
        }
        for line in &self.set_literal {
            set(line, SetMode::Literal, &mut values)
                .map_err(|e| format!("failed parsing --set-literal data: {e}"))?;
        }
        Ok(values)
    }

    fn output(&self, rendered: &Rendered, name: &str) -> Result<(), String> {
        if let Some(directory) = &self.output_dir {
            self.write_files(rendered, directory, name)?;
            say!();
            return Ok(());
        }
        let printed = rendered.print(self.include_crds, self.skip_tests);
        if self.show_only.is_empty() {
            say_raw!("{printed}");
        } else {
            let selected = helm::manifest::select(&printed, &self.show_only);
            say_raw!("{}", selected.map_err(|e| e.to_string())?);
        }
        Ok(())
    }

    fn write_files(&self, rendered: &Rendered, root: &Path, name: &str) -> Result<(), String> {
        let below = if self.release_name { root.join(name) } else { root.to_owned() };
        let mut written = BTreeSet::new();
        if self.include_crds {
            for crd in &rendered.crds {
                let text = String::from_utf8_lossy(&crd.data);
                write_file(root, &crd.path, &text, &mut written)?;
            }
        }
        for manifest in &rendered.manifests {
            write_file(&below, &manifest.path, &manifest.content, &mut written)?;
        }
        for hook in rendered.hooks.iter().filter(|h| !(self.skip_tests && h.is_test())) {
            write_file(&below, &hook.path, &hook.manifest, &mut written)?;
        }
        Ok(())
    }

    fn print_files(
        &self,
        chart: &Chart,
        values: &object::Map,
        facts: &ReleaseFacts,
        capabilities: &Capabilities,
        options: &RenderOptions,
    ) {
        let files =
            helm::render::render_files(chart, values, facts, capabilities, options, &mut Machine);
        for (path, text) in files.into_iter().flatten().filter(|(_, t)| !t.trim().is_empty()) {
            say_raw!("---\n# Source: {path}\n{text}\n");
        }
    }
}

/// Writes one document to the file of its template; further ones of the same template follow in the same file.
fn write_file(
    directory: &Path,
    path: &str,
    content: &str,
    written: &mut BTreeSet<PathBuf>,
) -> Result<(), String> {
    let file = directory.join(path);
    let write = || {
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let appends = written.contains(&file);
        let mut out = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(appends)
            .truncate(!appends)
            .open(&file)?;
        write!(out, "---\n# Source: {path}\n{content}\n")
    };
    write().map_err(|e: std::io::Error| format!("{}: {e}", file.display()))?;
    say!("wrote {}", file.display());
    written.insert(file);
    Ok(())
}

/// The chart in a directory or an archive.
fn load(path: &Path) -> Result<Chart, String> {
    let shown = path.display();
    if path.is_dir() {
        let (tree, inside) =
            source::directory::open_for_build(path).map_err(|e| format!("{shown}: {e}"))?;
        return Chart::from_tree(&tree, &inside).map_err(|e| helm::chain(&e));
    }
    let packed = std::fs::read(path).map_err(|e| format!("{shown}: {e}"))?;
    Chart::from_archive(&packed).map_err(|error| match error {
        helm::ChartError::Archive(helm::chart::ArchiveError::NoGzip) => {
            let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
            if is_yaml {
                format!("file '{shown}' seems to be a YAML file, but expected a gzipped archive")
            } else {
                format!("file '{shown}' does not appear to be a gzipped archive")
            }
        }
        other => helm::chain(&other),
    })
}

fn read_file(file: &str) -> Result<Vec<u8>, String> {
    if file.trim() == "-" {
        let mut text = Vec::new();
        std::io::stdin().read_to_end(&mut text).map_err(|e| e.to_string())?;
        return Ok(text);
    }
    if file.contains("://") {
        return Err(format!("{file}: windlass template reads values from files only"));
    }
    std::fs::read(file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("open {file}: no such file or directory"),
        _ => format!("open {file}: {e}"),
    })
}
