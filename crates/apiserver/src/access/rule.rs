//! Rules of roles: what they match, and which rules cover which.
//!
//! After `k8s.io/component-helpers/auth/rbac/validation` and `pkg/apis/rbac/v1/evaluation_helpers.go`.

use super::{Attributes, quoted};
use compact_str::CompactString;
use object::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

type Texts = Vec<CompactString>;

/// One rule of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyRule {
    /// Such as `get`; `*` is every one.
    pub verbs: Texts,
    /// Such as `apps`; the empty text is the core group, `*` every one.
    pub api_groups: Texts,
    /// Such as `deployments` or `pods/log`; `*` is every one, `*/scale` that subresource of every one.
    pub resources: Texts,
    /// Names of objects; empty for every one.
    pub resource_names: Texts,
    /// Paths, or their beginnings with `*`.
    pub non_resource_urls: Texts,
}

fn has(set: &[CompactString], text: &str) -> bool {
    set.iter().any(|t| t == text)
}

fn has_or_all(set: &[CompactString], text: &str) -> bool {
    set.iter().any(|t| t == "*" || t == text)
}

fn has_all(set: &[CompactString], texts: &[CompactString]) -> bool {
    texts.iter().all(|t| has(set, t))
}

impl PolicyRule {
    /// The rules of a role.
    pub fn list(role: &Value) -> Vec<Self> {
        role.get("rules")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .map(Self::read)
            .collect()
    }

    /// One rule of a role.
    pub fn read(rule: &Value) -> Self {
        let texts = |key: &str| {
            let list = rule.get(key).and_then(Value::as_list).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(CompactString::new).collect()
        };
        Self {
            verbs: texts("verbs"),
            api_groups: texts("apiGroups"),
            resources: texts("resources"),
            resource_names: texts("resourceNames"),
            non_resource_urls: texts("nonResourceURLs"),
        }
    }

    /// As a member of `rules`.
    pub fn value(&self) -> Map {
        let mut out = Map::new();
        let members = [
            ("apiGroups", &self.api_groups),
            ("nonResourceURLs", &self.non_resource_urls),
            ("resourceNames", &self.resource_names),
            ("resources", &self.resources),
            ("verbs", &self.verbs),
        ];
        for (key, texts) in
            members.into_iter().filter(|(k, texts)| !texts.is_empty() || *k == "verbs")
        {
            let texts: Vec<Value> = texts.iter().map(|t| t.as_str().into()).collect();
            out.insert(key, texts);
        }
        out
    }

    /// Everything on every resource, and every path.
    pub fn everything() -> [Self; 2] {
        let all = || vec![CompactString::const_new("*")];
        [
            Self { verbs: all(), api_groups: all(), resources: all(), ..Self::default() },
            Self { verbs: all(), non_resource_urls: all(), ..Self::default() },
        ]
    }

    /// Whether the rule allows what is asked.
    pub fn allows(&self, asked: &Attributes) -> bool {
        if !has_or_all(&self.verbs, &asked.verb) {
            return false;
        }
        if !asked.is_resource() {
            return self.non_resource_urls.iter().any(|url| url_covers(url, &asked.path));
        }
        has_or_all(&self.api_groups, &asked.group)
            && self.resources.iter().any(|r| resource_matches(r, asked))
            && (self.resource_names.is_empty() || has(&self.resource_names, &asked.name))
    }

    /// Equivalent rules that each have one verb and one resource or path, and at most one name.
    fn parts(&self) -> Vec<Self> {
        let mut parts = Vec::new();
        let one = |text: &CompactString| vec![text.clone()];
        let names: Vec<Texts> = if self.resource_names.is_empty() {
            vec![Texts::new()]
        } else {
            self.resource_names.iter().map(one).collect()
        };
        for group in &self.api_groups {
            for resource in &self.resources {
                for verb in &self.verbs {
                    parts.extend(names.iter().map(|names| Self {
                        verbs: one(verb),
                        api_groups: one(group),
                        resources: one(resource),
                        resource_names: names.clone(),
                        ..Self::default()
                    }));
                }
            }
        }
        for url in &self.non_resource_urls {
            parts.extend(self.verbs.iter().map(|verb| Self {
                verbs: one(verb),
                non_resource_urls: one(url),
                ..Self::default()
            }));
        }
        parts
    }

    /// Whether everything that `part` allows is allowed by this rule too.
    fn covers(&self, part: &Self) -> bool {
        let all =
            |set: &[CompactString], texts: &[CompactString]| has(set, "*") || has_all(set, texts);
        all(&self.verbs, &part.verbs)
            && all(&self.api_groups, &part.api_groups)
            && (has(&self.resources, "*") || part.resources.iter().all(|r| self.covers_resource(r)))
            && part
                .non_resource_urls
                .iter()
                .all(|p| self.non_resource_urls.iter().any(|o| url_covers(o, p)))
            && (self.resource_names.is_empty()
                || !part.resource_names.is_empty()
                    && has_all(&self.resource_names, &part.resource_names))
    }

    fn covers_resource(&self, resource: &str) -> bool {
        has(&self.resources, resource)
            || resource.split_once('/').is_some_and(|(_, sub)| {
                self.resources.iter().any(|r| r.strip_prefix("*/") == Some(sub))
            })
    }

    /// The form that messages about escalation use.
    fn text(&self) -> String {
        let members = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.non_resource_urls),
            ("ResourceNames", &self.resource_names),
            ("Verbs", &self.verbs),
        ];
        let shown = members.into_iter().filter(|(_, texts)| !texts.is_empty());
        let shown: Vec<String> =
            shown.map(|(name, texts)| format!("{name}:{}", quoted(texts))).collect();
        format!("{{{}}}", shown.join(", "))
    }
}

fn resource_matches(rule: &str, asked: &Attributes) -> bool {
    let (resource, sub) = (asked.resource.as_str(), asked.subresource.as_str());
    if rule == "*" {
        return true;
    }
    if sub.is_empty() {
        return rule == resource;
    }
    match rule.split_once('/') {
        Some((of, below)) => below == sub && (of == resource || of == "*"),
        None => false,
    }
}

fn url_covers(rule: &str, path: &str) -> bool {
    rule == path || rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*'))
}

/// What `wanted` allows and `held` does not, in the words of a refusal, sorted; empty when all is covered.
pub(super) fn missing(held: &[PolicyRule], wanted: &[PolicyRule]) -> Vec<String> {
    let parts = wanted.iter().flat_map(PolicyRule::parts);
    let missing = parts.filter(|part| !held.iter().any(|rule| rule.covers(part)));
    let mut texts = BTreeSet::new();
    let mut by_resource: BTreeMap<PolicyRule, Texts> = BTreeMap::new();
    for mut rule in missing {
        if rule.non_resource_urls.is_empty() {
            let verbs = std::mem::take(&mut rule.verbs);
            by_resource.entry(rule).or_default().extend(verbs);
        } else {
            texts.insert(rule.text());
        }
    }
    texts.extend(by_resource.into_iter().map(|(rule, verbs)| PolicyRule { verbs, ..rule }.text()));
    texts.into_iter().collect()
}

#[cfg(test)]
mod tests;
