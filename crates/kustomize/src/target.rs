//! One kustomization after another: what is read in which order, and which transformers run.
//!
//! Source: `api/internal/target/kusttarget.go` of kustomize v5.8.1.

mod built_in;

use crate::Transformation;
use crate::config::Config;
use crate::decode::Mode;
use crate::error::{BuildError, Fault};
use crate::generate::{What, generate};
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{Loader, Root, missing, resources_in};
use crate::plugin::{self, Plugins};
use crate::provenance::{OriginNote, annotate, annotate_missing};
use crate::resmap::ResMap;
use crate::resource::{ORIGIN, Resource};
use crate::schema::Schemas;
use crate::transform::{Context, Transformer, VarSet, add_hashes, resolve_vars, update_references};
use built_in::built_in;
use std::sync::Arc;
use tree::{EntryKind, TreePath};

/// A kustomization read from its file.
pub(crate) struct Target {
    pub(crate) kustomization: Kustomization,
    pub(crate) file: Arc<TreePath>,
    pub(crate) root: Root,
    /// Where it is as seen from the outermost one, when that is to be written down.
    pub(crate) origin: Option<OriginNote>,
    /// Namespace of the nearest kustomization above that has one; charts are rendered for it.
    pub(crate) outer_namespace: String,
}

impl Target {
    fn namespace(&self) -> &str {
        let own = &self.kustomization.namespace;
        if own.is_empty() { &self.outer_namespace } else { own }
    }
}

/// Resources and the rules collected on the way.
#[derive(Default)]
struct Accumulated {
    map: ResMap,
    config: Arc<Config>,
    vars: VarSet,
}

/// A transformer with who it is.
struct Step {
    transformer: Transformer,
    by: Arc<Transformation>,
    /// What `transformerAnnotations` writes.
    note: Option<String>,
}

/// One build.
pub(crate) struct Builder<'a> {
    pub(crate) loader: &'a Loader<'a>,
    pub(crate) schemas: Schemas,
    /// Objects handled by transformers so far, each as often as it is.
    pub(crate) work: usize,
}

/// The kustomization file of a directory.
///
/// # Errors
/// When there is none, or more than one.
pub(crate) fn find_file(loader: &Loader<'_>, root: &Root) -> Result<&'static str, BuildError> {
    let mut found = Vec::new();
    for name in FILE_NAMES {
        let path = loader.resolve(root, name)?.path;
        if loader.tree.kind(&path).map_err(BuildError::tree)? == Some(EntryKind::File) {
            found.push(name);
        }
    }
    match found[..] {
        [name] => Ok(name),
        [] => {
            let message = format!("there is none of {} in the directory", FILE_NAMES.join(", "));
            Err(BuildError::new(Fault::Missing, message).in_file(&root.directory))
        }
        _ => {
            let message = format!("there are {} in one directory; keep one", found.join(" and "));
            Err(BuildError::new(Fault::Conflict, message).in_file(&root.directory))
        }
    }
}

impl<'a> Builder<'a> {
    /// Reads the kustomization of a directory.
    ///
    /// # Errors
    /// When there is none or it does not read.
    pub(crate) fn load(
        &self,
        root: Root,
        origin: Option<OriginNote>,
    ) -> Result<Target, BuildError> {
        let name = find_file(self.loader, &root)?;
        let (file, text) = self.loader.text(&root, name)?;
        let value = plugin::parse(&text, &file)?;
        let kustomization = Kustomization::decode(&value, Mode::Strict)
            .map_err(|e| plugin::wrong_in(&e, &file, &text))?;
        Ok(Target { kustomization, file, root, origin, outer_namespace: String::new() })
    }

    /// Takes the schemas a kustomization brings.
    ///
    /// # Errors
    /// When they do not read.
    pub(crate) fn set_schema(&mut self, target: &Target, root: bool) -> Result<(), BuildError> {
        let Some(openapi) = &target.kustomization.openapi else { return Ok(()) };
        let text = match openapi.get("path") {
            None => None,
            Some(path) => Some(
                self.loader
                    .text(&target.root, path)
                    .map_err(|e| plugin::named(e, "OpenAPI document", path).in_file(&target.file))?
                    .1,
            ),
        };
        let version = openapi.get("version").map(String::as_str);
        self.schemas.set(version, text.as_deref(), root).map_err(|e| {
            BuildError::new(Fault::Syntax, format!("openapi: {e}")).in_file(&target.file)
        })
    }

    /// Everything a root kustomization makes, references and vars resolved.
    ///
    /// # Errors
    /// Whatever is wrong anywhere below.
    pub(crate) fn customize(&mut self, target: &Target) -> Result<Vec<Resource>, BuildError> {
        let mut acc = self.accumulate(target, Accumulated::default())?;
        let by = transformation(&target.file, "HashTransformer");
        add_hashes(&mut acc.map, &Context { schemas: &self.schemas, by: &by })?;
        let by = transformation(&target.file, "nameReference");
        let context = Context { schemas: &self.schemas, by: &by };
        update_references(&mut acc.map, &acc.config, &context)?;
        if !acc.vars.is_empty() {
            let by = transformation(&target.file, "vars");
            let context = Context { schemas: &self.schemas, by: &by };
            resolve_vars(&mut acc.map, &acc.vars, &acc.config, &context)?;
        }
        let mut out = acc.map.into_list();
        out.retain(|r| {
            !r.node.is_empty()
                && r.annotation("config.kubernetes.io/local-config").is_none_or(|v| v == "false")
        });
        for resource in &out {
            crate::load::validate(&resource.node).map_err(|message| {
                BuildError::transform(format!("after all transformers {message}"))
                    .at(&resource.origin, resource.line)
            })?;
        }
        Ok(out)
    }

    fn accumulate(&mut self, target: &Target, acc: Accumulated) -> Result<Accumulated, BuildError> {
        let here = |e: BuildError| e.in_file(&target.file);
        let k = &target.kustomization;
        let mut acc = self.resources(target, acc, &k.resources, "resource")?;
        let own = self.config(target).map_err(here)?;
        acc.config = Config::merge(&acc.config, &own)
            .map_err(|e| here(BuildError::new(Fault::Conflict, e)))?;
        self.generators(target, &mut acc)?;
        for path in &k.components {
            acc = self.directory(target, acc, path, true)?;
        }
        self.transformers(target, &mut acc)?;
        self.validators(target, &mut acc)?;
        acc.vars.declare(&k.vars, &target.file, &mut acc.map, &self.schemas)?;
        Ok(acc)
    }

    /// Resources out of files and bases.
    fn resources(
        &mut self,
        target: &Target,
        mut acc: Accumulated,
        paths: &[String],
        what: &str,
    ) -> Result<Accumulated, BuildError> {
        for path in paths {
            let here = |e: BuildError| e.in_file(&target.file);
            let resolved = self.loader.resolve(&target.root, path).map_err(here)?.path;
            match self.loader.is_directory(&resolved)? {
                Some(true) => acc = self.directory(target, acc, path, false)?,
                Some(false) => {
                    let (file, text) = self.loader.resource(&target.root, path).map_err(here)?;
                    let through = |e: BuildError| e.through(&target.file);
                    let mut list = resources_in(&text, &file).map_err(through)?;
                    if let Some(origin) = &target.origin {
                        let note = origin.below(path).text();
                        list.iter_mut().for_each(|r| r.set_annotation(ORIGIN, Some(&note)));
                    }
                    acc.map.append_all(list, &self.schemas).map_err(through)?;
                    self.check_count(&acc)?;
                }
                None => {
                    let message = format!("the {what} {}", missing(path));
                    return Err(here(BuildError::new(Fault::Missing, message)));
                }
            }
        }
        Ok(acc)
    }

    fn check_count(&self, acc: &Accumulated) -> Result<(), BuildError> {
        let limit = self.loader.limits.objects;
        if acc.map.list().len() > limit {
            return Err(BuildError::new(
                Fault::Limit,
                format!("there are more than {limit} objects"),
            ));
        }
        Ok(())
    }

    /// A base, whose resources are added; or a component, which works on those that are there.
    fn directory(
        &mut self,
        target: &Target,
        mut acc: Accumulated,
        path: &str,
        component: bool,
    ) -> Result<Accumulated, BuildError> {
        let here = |e: BuildError| e.in_file(&target.file);
        let through = |e: BuildError| e.through(&target.file);
        let what = if component { "component" } else { "resource" };
        let root = self
            .loader
            .enter(&target.root, path)
            .map_err(|e| here(plugin::named(e, what, path)))?;
        let origin = target.origin.as_ref().map(|o| o.below(path));
        let mut inner = self.load(root, origin).map_err(through)?;
        target.namespace().clone_into(&mut inner.outer_namespace);
        self.set_schema(&inner, false).map_err(through)?;
        if inner.kustomization.is_component != component {
            let message = if component {
                format!(
                    "'{path}' is a Kustomization; list it under resources, or make it a Component"
                )
            } else {
                format!("'{path}' is a Component; list it under components")
            };
            return Err(here(BuildError::new(Fault::Syntax, message)));
        }
        if component {
            let done = self.accumulate(&inner, acc).map_err(through)?;
            self.check_count(&done)?;
            return Ok(done);
        }
        let inner_acc = self.accumulate(&inner, Accumulated::default()).map_err(through)?;
        acc.map.append_all(inner_acc.map.into_list(), &self.schemas).map_err(through)?;
        self.check_count(&acc)?;
        acc.config = Config::merge(&acc.config, &inner_acc.config)
            .map_err(|e| here(BuildError::new(Fault::Conflict, e)))?;
        acc.vars.merge(inner_acc.vars).map_err(through)?;
        Ok(acc)
    }

    /// The built-in places and what `configurations` and `crds` add.
    fn config(&self, target: &Target) -> Result<Arc<Config>, BuildError> {
        let mut config = Config::built_in();
        let k = &target.kustomization;
        for (paths, what) in [(&k.configurations, "configuration"), (&k.crds, "CRD document")] {
            for path in paths {
                let (file, text) = self
                    .loader
                    .text(&target.root, path)
                    .map_err(|e| plugin::named(e, what, path))?;
                let value = plugin::parse(&text, &file)?;
                if what == "configuration" {
                    refuse_duplicates(&text, &file)?;
                }
                let more = if what == "configuration" {
                    Config::decode(&value).map_err(|e| plugin::wrong_in(&e, &file, &text))?
                } else {
                    Config::of_crds(&value)
                        .map_err(|e| BuildError::new(Fault::Syntax, e).in_file(&file))?
                };
                config = Config::merge(&config, &Arc::new(more))
                    .map_err(|e| BuildError::new(Fault::Conflict, e).in_file(&file))?;
            }
        }
        Ok(config)
    }

    fn generators(&mut self, target: &Target, acc: &mut Accumulated) -> Result<(), BuildError> {
        let here = |e: BuildError| e.in_file(&target.file);
        let k = &target.kustomization;
        let options = k.generator_options.as_ref();
        let kinds = [(What::ConfigMap, &k.config_maps), (What::Secret, &k.secrets)];
        let mut made = Vec::new();
        for (what, list) in kinds {
            for args in list {
                let args = args.clone().with_global(options);
                let mut resource =
                    generate(what, &args, self.loader, &target.root, &target.file).map_err(here)?;
                if let Some(origin) = &target.origin {
                    let note = origin.builtin(&target.file, &format!("{}Generator", what.kind()));
                    resource.set_annotation(ORIGIN, Some(&note));
                }
                made.push(resource);
            }
        }
        for chart in &k.helm_charts {
            let mut list = chart
                .inflate(self.loader, &target.root, target.namespace(), &target.file)
                .map_err(here)?;
            if let Some(origin) = &target.origin {
                let note = origin.builtin(&target.file, "HelmChartInflationGenerator");
                list.iter_mut().for_each(|r| r.set_annotation(ORIGIN, Some(&note)));
            }
            made.extend(list);
        }
        let configs = self.plugin_resources(target, &k.generators)?;
        for config in configs.list() {
            let plugins =
                Plugins { loader: self.loader, root: &target.root, schemas: &self.schemas };
            let mut list = plugins.generate(config).map_err(|e| e.through(&target.file))?;
            annotate_missing(&mut list, config);
            made.extend(list);
        }
        for resource in made {
            acc.map.absorb(resource, &self.schemas).map_err(here)?;
        }
        self.check_count(acc)
    }

    /// The resources `generators`, `transformers` and `validators` list: inline, in files, or built.
    fn plugin_resources(
        &mut self,
        target: &Target,
        entries: &[String],
    ) -> Result<ResMap, BuildError> {
        let mut acc = Accumulated::default();
        let mut paths = Vec::new();
        for entry in entries {
            match resources_in(entry, &target.file) {
                Ok(mut list) => {
                    if let Some(origin) = &target.origin {
                        let note = origin.below(target.file.file_name()).text();
                        list.iter_mut().for_each(|r| r.set_annotation(ORIGIN, Some(&note)));
                    }
                    for resource in &mut list {
                        resource.line = 0;
                    }
                    acc.map.append_all(list, &self.schemas)?;
                }
                Err(error) if entry.contains('\n') => return Err(error),
                Err(_) => paths.push(entry.clone()),
            }
        }
        Ok(self.resources(target, acc, &paths, "plugin")?.map)
    }

    fn external(&mut self, target: &Target, entries: &[String]) -> Result<Vec<Step>, BuildError> {
        let configs = self.plugin_resources(target, entries)?;
        let plugins = Plugins { loader: self.loader, root: &target.root, schemas: &self.schemas };
        let mut steps = Vec::new();
        for config in configs.list() {
            let transformers = plugins.transformers(config).map_err(|e| e.through(&target.file))?;
            let last = transformers.len().saturating_sub(1);
            for (i, transformer) in transformers.into_iter().enumerate() {
                let by = transformation(&config.origin, transformer.name());
                let note = crate::provenance::plugin_note(config).filter(|_| i == last);
                steps.push(Step { transformer, by, note });
            }
        }
        Ok(steps)
    }

    fn transformers(&mut self, target: &Target, acc: &mut Accumulated) -> Result<(), BuildError> {
        let here = |e: BuildError| e.in_file(&target.file);
        let built_in = built_in(target, &acc.config, self.loader).map_err(here)?;
        let mut steps: Vec<Step> = built_in
            .into_iter()
            .map(|transformer| {
                let name = transformer.name();
                let note = target.origin.as_ref().map(|o| o.builtin(&target.file, name));
                Step { by: transformation(&target.file, name), transformer, note }
            })
            .collect();
        steps.extend(self.external(target, &target.kustomization.transformers)?);
        for step in steps {
            self.work += acc.map.list().len();
            let limit = self.loader.limits.work;
            if self.work > limit {
                let message =
                    format!("the transformers would handle more than {limit} objects in all");
                return Err(here(BuildError::new(Fault::Limit, message)));
            }
            let context = Context { schemas: &self.schemas, by: &step.by };
            step.transformer.run(&mut acc.map, &context).map_err(here)?;
            acc.map.drop_empty();
            if let Some(note) = &step.note {
                acc.map.list_mut().iter_mut().for_each(|r| annotate(r, note));
            }
        }
        Ok(())
    }

    /// Validators are transformers that must not change anything but a label of their own.
    fn validators(&mut self, target: &Target, acc: &mut Accumulated) -> Result<(), BuildError> {
        for step in self.external(target, &target.kustomization.validators)? {
            let before: Vec<Resource> = acc.map.list().to_vec();
            let context = Context { schemas: &self.schemas, by: &step.by };
            step.transformer.run(&mut acc.map, &context)?;
            let same = before.len() == acc.map.list().len()
                && before.iter().zip(acc.map.list()).all(|(a, b)| a.node == without_mark(b).node);
            if !same {
                let message =
                    "a validator changed the objects; list it under transformers if it should";
                return Err(BuildError::transform(message)
                    .in_file(&step.by.file)
                    .through(&target.file));
            }
        }
        Ok(())
    }
}

/// Configuration files are read strictly: a key must not stand twice.
fn refuse_duplicates(text: &str, file: &TreePath) -> Result<(), BuildError> {
    let Some(node) = crate::node::embedded(text) else { return Ok(()) };
    match node.to_value() {
        Err(e) if e.message.contains("stands twice") => {
            Err(BuildError::new(Fault::Syntax, e.message).in_file(file))
        }
        _ => Ok(()),
    }
}

/// The resource without the label validators leave.
fn without_mark(resource: &Resource) -> Resource {
    let mut resource = resource.clone();
    if let Some(crate::node::Node::Map(labels)) =
        resource.node.get_mut("metadata").and_then(|m| m.get_mut("labels"))
    {
        labels.remove("validated-by");
    }
    resource
}

pub(crate) fn transformation(file: &Arc<TreePath>, name: &str) -> Arc<Transformation> {
    Arc::new(Transformation { file: (**file).clone(), transformer: name.to_owned() })
}
