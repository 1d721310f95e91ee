//! Whom a webhook or a policy concerns.
//!
//! After `k8s.io/apiserver/pkg/admission/plugin/webhook/predicates` and `plugin/policy/matching`.

use super::request::{Operation, Request};
use crate::convert;
use crate::registry::Served;
use crate::rest::{Api, ApiError, LabelSelector};
use crate::store::{Key, ResourceId};
use compact_str::CompactString;
use object::{Manifest, Value};
use std::sync::Arc;

type Texts = Vec<CompactString>;

/// The rules and selectors of one webhook, policy or binding.
pub(super) struct Matching {
    /// Empty: everything, where `open`.
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
    /// Other versions of the same resource count too.
    equivalent: bool,
    /// Whether no rules mean everything and not nothing.
    open: bool,
    namespaces: Option<LabelSelector>,
    objects: Option<LabelSelector>,
}

struct Rule {
    operations: Texts,
    groups: Texts,
    versions: Texts,
    /// With subresources, `*` for every one.
    resources: Vec<(CompactString, CompactString)>,
    scope: CompactString,
    names: Texts,
}

fn texts(value: &Value, key: &str) -> Texts {
    let list = value.get(key).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(CompactString::new).collect()
}

fn one_of(list: &[CompactString], text: &str) -> bool {
    list.iter().any(|t| t == "*" || t == text)
}

impl Rule {
    fn read(rule: &Value) -> Self {
        let split = |text: &CompactString| match text.split_once('/') {
            Some((resource, sub)) => (resource.into(), sub.into()),
            None => (text.clone(), CompactString::default()),
        };
        Self {
            operations: texts(rule, "operations"),
            groups: texts(rule, "apiGroups"),
            versions: texts(rule, "apiVersions"),
            resources: texts(rule, "resources").iter().map(split).collect(),
            scope: rule.get("scope").and_then(Value::as_str).unwrap_or("*").into(),
            names: texts(rule, "resourceNames"),
        }
    }

    fn matches(&self, request: &Request<'_>, served: &Served) -> bool {
        let kind = &served.kind;
        // A Namespace is not in itself.
        let namespaced = kind.namespaced;
        let scope = match self.scope.as_str() {
            "Namespaced" => namespaced,
            "Cluster" => !namespaced,
            _ => true,
        };
        let (plural, sub) = (kind.plural.as_str(), request.target.subresource.as_str());
        scope
            && one_of(&self.operations, request.operation.as_str())
            && one_of(&self.groups, &kind.group)
            && one_of(&self.versions, &kind.version)
            && self
                .resources
                .iter()
                .any(|(r, s)| (r == "*" || r == plural) && (s == "*" || s == sub))
            && (self.names.is_empty() || self.names.iter().any(|n| *n == request.name))
    }
}

fn rules(value: &Value, key: &str) -> Vec<Rule> {
    value.get(key).and_then(Value::as_list).unwrap_or_default().iter().map(Rule::read).collect()
}

fn selector(value: &Value, key: &str) -> Option<LabelSelector> {
    let selector = value.get(key).filter(|s| !s.is_null())?;
    LabelSelector::read(selector).filter(|s| !s.is_empty())
}

impl Matching {
    /// Of a webhook.
    pub(super) fn of_hook(hook: &Value) -> Self {
        Self { rules: rules(hook, "rules"), open: false, ..Self::shared(hook) }
    }

    /// Of `matchConstraints` or `matchResources`.
    pub(super) fn of_resources(resources: &Value) -> Self {
        Self {
            rules: rules(resources, "resourceRules"),
            excluded: rules(resources, "excludeResourceRules"),
            open: true,
            ..Self::shared(resources)
        }
    }

    fn shared(value: &Value) -> Self {
        Self {
            rules: Vec::new(),
            excluded: Vec::new(),
            equivalent: value.get("matchPolicy").and_then(Value::as_str) != Some("Exact"),
            open: false,
            namespaces: selector(value, "namespaceSelector"),
            objects: selector(value, "objectSelector"),
        }
    }

    /// The version of the resource in which the request is concerned; `None` when it is not.
    ///
    /// # Errors
    /// 404 when the request's namespace is gone.
    pub(super) fn find(
        &self,
        api: &Api,
        request: &Request<'_>,
        value: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<Option<Arc<Served>>, ApiError> {
        if let Some(objects) = &self.objects {
            let selected =
                |v: Option<&Value>| v.is_some_and(|v| objects.matches(|key| v.label(key)));
            if !selected(value) && !selected(old) {
                return Ok(None);
            }
        }
        let found = self.served(api, request);
        match found {
            Some(served) if self.selects_namespace(api, request, value)? => Ok(Some(served)),
            _ => Ok(None),
        }
    }

    fn served(&self, api: &Api, request: &Request<'_>) -> Option<Arc<Served>> {
        let own = &request.target.served;
        if self.excluded.iter().any(|rule| rule.matches(request, own)) {
            return None;
        }
        if self.rules.iter().any(|rule| rule.matches(request, own))
            || (self.open && self.rules.is_empty())
        {
            return Some(own.clone());
        }
        if !self.equivalent {
            return None;
        }
        let snapshot = api.registry().snapshot();
        let groups = snapshot.groups().flat_map(|(_, versions)| versions);
        let mut others = groups
            .flat_map(|v| &v.resources)
            .filter(|other| other.id == own.id && other.kind.gvk() != own.kind.gvk());
        others.find(|other| self.rules.iter().any(|rule| rule.matches(request, other))).cloned()
    }

    fn selects_namespace(
        &self,
        api: &Api,
        request: &Request<'_>,
        value: Option<&Value>,
    ) -> Result<bool, ApiError> {
        let Some(selector) = &self.namespaces else { return Ok(true) };
        if request.namespace.is_empty() {
            return Ok(true);
        }
        let target = request.target;
        let itself = target.served.id.as_str() == "namespaces" && target.subresource.is_empty();
        if itself && request.operation != Operation::Delete {
            return Ok(value.is_some_and(|v| selector.matches(|key| v.label(key))));
        }
        let namespaces = ResourceId::new("", "namespaces");
        let Some(stored) = api.store().newest(&Key::new(&namespaces, "", &request.namespace))
        else {
            let snapshot = api.registry().snapshot();
            let served = snapshot.stored(&namespaces).ok_or_else(ApiError::no_resource)?;
            return Err(ApiError::not_found(served, &request.namespace));
        };
        Ok(selector.matches(|key| stored.label(key)))
    }
}

/// An object of the request in the version that was matched.
pub(super) fn in_version(
    request: &Request<'_>,
    served: &Served,
    value: &Value,
) -> Result<Value, ApiError> {
    let own = &request.target.served;
    if own.kind.version == served.kind.version && own.kind.group == served.kind.group {
        return Ok(value.clone());
    }
    convert::from_storage(served, convert::to_storage(own, value.clone())?)
}
