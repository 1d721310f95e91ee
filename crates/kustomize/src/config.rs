//! The transformer configuration: the built-in places of names, labels, images and so on, and what a
//! kustomization adds to them with `configurations` and `crds`.
//!
//! The built-in ones are `facts/fields.txt`, made by `cargo xtask kustomize-facts`.

use crate::decode::{Decoded, Fields, Mode};
use crate::fieldspec::{FieldSpec, decode_specs, merge_spec, merge_specs};
use crate::ident::Gvk;
use object::Value;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// Who refers to resources of a kind by name, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BackReference {
    pub(crate) gvk: Gvk,
    pub(crate) referrers: Vec<FieldSpec>,
}

/// Where each transformer works.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<BackReference>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

/// Kinds that come first and last, in kustomize's legacy order.
pub(crate) const ORDER_FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// See [`ORDER_FIRST`].
pub(crate) const ORDER_LAST: &[&str] =
    &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Rank of a kind: negative for the first, positive for the last, 0 for all others.
pub(crate) fn rank(kind: &str, first: &[impl AsRef<str>], last: &[impl AsRef<str>]) -> i64 {
    // Of two equal entries the later counts, and the last list over the first.
    if let Some(i) = last.iter().rposition(|k| k.as_ref() == kind) {
        return 1 + i as i64;
    }
    first.iter().rposition(|k| k.as_ref() == kind).map_or(0, |i| i as i64 - first.len() as i64)
}

/// `group_version_kind` with marks that sort behind for what is empty.
pub(crate) fn sort_text(gvk: &Gvk) -> String {
    fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
        if text.is_empty() { otherwise } else { text }
    }
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

fn sort_key(gvk: &Gvk) -> (i64, String) {
    (rank(&gvk.kind, ORDER_FIRST, ORDER_LAST), sort_text(gvk))
}

impl Config {
    /// The configuration kustomize starts from.
    pub(crate) fn built_in() -> Arc<Self> {
        static BUILT_IN: OnceLock<Arc<Config>> = OnceLock::new();
        BUILT_IN
            .get_or_init(|| {
                let mut config = Self::default();
                for line in
                    include_str!("../facts/fields.txt").lines().filter(|l| !l.starts_with('#'))
                {
                    config.read_line(line);
                }
                config.sort();
                Arc::new(config)
            })
            .clone()
    }

    /// A line of the table: `group path kind group version create`, or `refer kind group version`.
    fn read_line(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').map(|w| if w == "." { "" } else { w }).collect();
        match words[..] {
            ["refer", kind, group, version] => {
                let gvk = Gvk::new(group, version, kind);
                self.name_reference.push(BackReference { gvk, referrers: Vec::new() });
            }
            [name, path, kind, group, version, create] => {
                let gvk = Gvk::new(group, version, kind);
                let spec = FieldSpec::new(gvk, path, create == "create");
                if name == "nameReference" {
                    if let Some(reference) = self.name_reference.last_mut() {
                        reference.referrers.push(spec);
                    }
                } else if let Some((_, specs)) = self.groups().into_iter().find(|g| g.0 == name) {
                    specs.push(spec);
                }
            }
            _ => {}
        }
    }

    /// The plain groups by their name in a configuration file.
    fn groups(&mut self) -> [(&'static str, &mut Vec<FieldSpec>); 10] {
        [
            ("namePrefix", &mut self.name_prefix),
            ("nameSuffix", &mut self.name_suffix),
            ("namespace", &mut self.namespace),
            ("commonLabels", &mut self.common_labels),
            ("labels", &mut self.labels),
            ("templateLabels", &mut self.template_labels),
            ("commonAnnotations", &mut self.common_annotations),
            ("varReference", &mut self.var_reference),
            ("images", &mut self.images),
            ("replicas", &mut self.replicas),
        ]
    }

    fn sort(&mut self) {
        for (_, specs) in self.groups() {
            specs.sort_by_cached_key(|s| sort_key(&s.gvk));
        }
        self.name_reference.sort_by_cached_key(|r| sort_key(&r.gvk));
    }

    /// A configuration file.
    pub(crate) fn decode(value: &Value) -> Decoded<Self> {
        let fields = Fields::of(value, Mode::Known)?;
        let mut config = Self::default();
        let mut known = vec!["nameReference"];
        for (name, specs) in config.groups() {
            *specs = decode_specs(fields, name)?;
            known.push(name);
        }
        fields.only(&known)?;
        config.name_reference = fields.list("nameReference", |value| {
            let fields = Fields::of(value, Mode::Known)?;
            fields.only(&["group", "version", "kind", "fieldSpecs"])?;
            let gvk =
                Gvk::new(&fields.text("group")?, &fields.text("version")?, &fields.text("kind")?);
            Ok(BackReference { gvk, referrers: decode_specs(fields, "fieldSpecs")? })
        })?;
        config.sort();
        Ok(config)
    }

    /// Both together.
    ///
    /// # Errors
    /// When they differ in whether a place is created.
    pub(crate) fn merge(this: &Arc<Self>, other: &Arc<Self>) -> Result<Arc<Self>, String> {
        if Arc::ptr_eq(this, other) || other.is_empty() {
            return Ok(this.clone());
        }
        // Nothing plus something is not always that something: a spec for every kind counts as being there
        // once one for some kind is. Among the built-in specs there is no such pair.
        if this.is_empty() && Arc::ptr_eq(other, &Self::built_in()) {
            return Ok(other.clone());
        }
        let mut merged = (**this).clone();
        let mut other = (**other).clone();
        for ((_, mine), (_, theirs)) in merged.groups().into_iter().zip(other.groups()) {
            merge_specs(mine, theirs)?;
        }
        for reference in other.name_reference {
            merged.add_reference(reference)?;
        }
        merged.sort();
        Ok(Arc::new(merged))
    }

    fn add_reference(&mut self, new: BackReference) -> Result<(), String> {
        let mut found = false;
        for reference in self.name_reference.iter_mut().filter(|r| r.gvk == new.gvk) {
            merge_specs(&mut reference.referrers, &new.referrers)?;
            found = true;
        }
        if !found {
            self.name_reference.push(new);
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a `crds:` document says: OpenAPI definitions by name, with marks at names, labels, annotations
    /// and references.
    ///
    /// # Errors
    /// When two marks contradict each other.
    pub(crate) fn of_crds(document: &Value) -> Result<Self, String> {
        let mut config = Self::default();
        let Some(definitions) = document.as_map() else {
            return Err("a map of OpenAPI definitions by type name is expected".to_owned());
        };
        for (name, definition) in definitions.iter() {
            let properties =
                definition.at(["Schema", "properties"]).or(definition.at(["schema", "properties"]));
            let Some(properties) = properties.and_then(Value::as_map) else { continue };
            if !["kind", "apiVersion", "metadata"].iter().all(|k| properties.contains_key(k)) {
                continue;
            }
            let kind = name.rsplit('.').next().unwrap_or(name);
            let gvk = Gvk::new("", "", kind);
            let mut reader = CrdReader { definitions, config: &mut config, open: HashSet::new() };
            reader.read(&gvk, name, &mut Vec::new())?;
        }
        Ok(config)
    }
}

struct CrdReader<'a> {
    definitions: &'a object::Map,
    config: &'a mut Config,
    /// The types on the way down: a type that holds itself is not entered again.
    open: HashSet<&'a str>,
}

impl<'a> CrdReader<'a> {
    fn read(&mut self, gvk: &Gvk, name: &str, path: &mut Vec<&'a str>) -> Result<(), String> {
        let Some((name, definition)) = self.definitions.iter().find(|(n, _)| *n == name) else {
            return Ok(());
        };
        if !self.open.insert(name) {
            return Ok(());
        }
        let properties =
            definition.at(["Schema", "properties"]).or(definition.at(["schema", "properties"]));
        if let Some(properties) = properties.and_then(Value::as_map) {
            for (property, schema) in properties.iter() {
                path.push(property);
                self.property(gvk, schema, path)?;
                path.pop();
            }
        }
        self.open.remove(name);
        Ok(())
    }

    fn property(
        &mut self,
        gvk: &Gvk,
        schema: &'a Value,
        path: &mut Vec<&'a str>,
    ) -> Result<(), String> {
        let mark = |key: &str| schema.get(key).and_then(Value::as_str);
        let spec = |path: &[&str]| FieldSpec::new(gvk.clone(), &path.join("/"), false);
        if mark("x-kubernetes-annotation").is_some() {
            merge_spec(&mut self.config.common_annotations, spec(path))?;
        }
        if mark("x-kubernetes-label-selector").is_some() {
            merge_spec(&mut self.config.common_labels, spec(path))?;
        }
        if mark("x-kubernetes-identity").is_some() {
            merge_spec(&mut self.config.name_prefix, spec(path))?;
        }
        let target =
            mark("x-kubernetes-object-ref-api-version").zip(mark("x-kubernetes-object-ref-kind"));
        if let Some((version, kind)) = target {
            path.push(mark("x-kubernetes-object-ref-name-key").unwrap_or("name"));
            let referrers = vec![spec(path)];
            path.pop();
            // The mark's version is taken as a version even when it says a group.
            let gvk = Gvk::new("", version, kind);
            self.config.add_reference(BackReference { gvk, referrers })?;
        }
        match mark("$ref") {
            Some(reference) => self.read(gvk, reference, path),
            None => Ok(()),
        }
    }
}
