//! The audit policy (`audit.k8s.io/v1`): how much of which request is told.
//!
//! After `k8s.io/apiserver/pkg/audit/policy`, with one more protection: of Secrets and tokens no contents are told by a
//! rule that does not name them.

use crate::access::{Attributes, Identity};
use object::{Dialect, Manifest, Value};

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Who, what and when.
    Metadata,
    /// The request's body too.
    Request,
    /// The answer's body too.
    RequestResponse,
}

impl Level {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Metadata, Self::Request, Self::RequestResponse]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

/// Why a policy cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is no YAML.
    #[error("the audit policy is not YAML")]
    Yaml(#[from] object::YamlError),
    /// It is another kind of object.
    #[error("the audit policy must be of apiVersion audit.k8s.io/v1 and kind Policy")]
    Kind,
    /// A rule has no level, or one that there is not.
    #[error(
        "rules[{index}].level of the audit policy must be None, Metadata, Request or RequestResponse"
    )]
    Level {
        /// Which rule.
        index: usize,
    },
}

/// Which request is told how far.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    omitted_stages: Vec<String>,
    omits_managed_fields: bool,
}

#[derive(Clone, Debug, Default)]
struct Rule {
    level: Level,
    users: Vec<String>,
    groups: Vec<String>,
    verbs: Vec<String>,
    namespaces: Vec<String>,
    resources: Vec<Resources>,
    paths: Vec<String>,
    omitted_stages: Vec<String>,
    omits_managed_fields: Option<bool>,
}

#[derive(Clone, Debug)]
struct Resources {
    group: String,
    resources: Vec<String>,
    names: Vec<String>,
}

/// What is told of one request.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) level: Level,
    pub(super) omitted_stages: Vec<String>,
    pub(super) omits_managed_fields: bool,
}

impl Default for Policy {
    /// Who, what and when of everything but probes.
    fn default() -> Self {
        let probes = ["/healthz*", "/livez*", "/readyz*", "/version", "/metrics"];
        let quiet = Rule { paths: probes.map(str::to_owned).into(), ..Rule::default() };
        let rest = Rule { level: Level::Metadata, ..Rule::default() };
        Self {
            rules: vec![quiet, rest],
            omitted_stages: vec!["RequestReceived".to_owned()],
            omits_managed_fields: true,
        }
    }
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy = object::from_yaml_one(text, Dialect::Sigs)?;
        if !policy.api_version().starts_with("audit.k8s.io/v1") || policy.kind() != "Policy" {
            return Err(PolicyError::Kind);
        }
        let rules = policy.get("rules").and_then(Value::as_list).unwrap_or_default();
        let rules = rules.iter().enumerate().map(|(index, rule)| Rule::read(rule, index));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
            omitted_stages: texts(&policy, "omitStages"),
            omits_managed_fields: policy.get("omitManagedFields").and_then(Value::as_bool)
                == Some(true),
        })
    }

    pub(super) fn judge(&self, who: &Identity, asked: &Attributes) -> Told {
        let Some(rule) = self.rules.iter().find(|rule| rule.matches(who, asked)) else {
            let omitted_stages = self.omitted_stages.clone();
            return Told { level: Level::None, omitted_stages, omits_managed_fields: false };
        };
        let level = if is_secret(asked) && !rule.names(asked) {
            rule.level.min(Level::Metadata)
        } else {
            rule.level
        };
        let mut omitted_stages = rule.omitted_stages.clone();
        omitted_stages.extend(self.omitted_stages.iter().cloned());
        let omits = rule.omits_managed_fields.unwrap_or(self.omits_managed_fields);
        Told { level, omitted_stages, omits_managed_fields: omits }
    }
}

/// Whether bodies hold what nobody should read in a log.
fn is_secret(asked: &Attributes) -> bool {
    matches!(
        (asked.group.as_str(), asked.resource.as_str(), asked.subresource.as_str()),
        ("", "secrets", _)
            | ("", "serviceaccounts", "token")
            | ("authentication.k8s.io", "tokenreviews", _)
    )
}

impl Rule {
    fn read(rule: &Value, index: usize) -> Result<Self, PolicyError> {
        let level = rule.get("level").and_then(Value::as_str).and_then(Level::parse);
        let resources = rule.get("resources").and_then(Value::as_list).unwrap_or_default();
        let resources = resources.iter().map(|r| Resources {
            group: r.get("group").and_then(Value::as_str).unwrap_or_default().to_owned(),
            resources: texts(r, "resources"),
            names: texts(r, "resourceNames"),
        });
        Ok(Self {
            level: level.ok_or(PolicyError::Level { index })?,
            users: texts(rule, "users"),
            groups: texts(rule, "userGroups"),
            verbs: texts(rule, "verbs"),
            namespaces: texts(rule, "namespaces"),
            resources: resources.collect(),
            paths: texts(rule, "nonResourceURLs"),
            omitted_stages: texts(rule, "omitStages"),
            omits_managed_fields: rule.get("omitManagedFields").and_then(Value::as_bool),
        })
    }

    fn matches(&self, who: &Identity, asked: &Attributes) -> bool {
        let among = |list: &[String], text: &str| list.is_empty() || list.iter().any(|t| t == text);
        if !among(&self.users, &who.user)
            || !among(&self.verbs, &asked.verb)
            || !(self.groups.is_empty() || self.groups.iter().any(|g| who.is_in(g)))
        {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return asked.is_resource()
                && among(&self.namespaces, &asked.namespace)
                && (self.resources.is_empty() || self.resources.iter().any(|r| r.matches(asked)));
        }
        self.paths.is_empty()
            || !asked.is_resource() && self.paths.iter().any(|p| covers(p, &asked.path))
    }

    /// Whether the rule says the resource itself, and not only "all of them".
    fn names(&self, asked: &Attributes) -> bool {
        let own = |r: &String| r.split('/').next() == Some(asked.resource.as_str());
        self.resources.iter().any(|r| r.group == asked.group && r.resources.iter().any(own))
    }
}

impl Resources {
    fn matches(&self, asked: &Attributes) -> bool {
        if self.group != asked.group {
            return false;
        }
        if self.resources.is_empty() {
            return true;
        }
        let named = self.names.is_empty() || self.names.contains(&asked.name);
        let (resource, sub) = (asked.resource.as_str(), asked.subresource.as_str());
        named
            && self.resources.iter().any(|r| match r.split_once('/') {
                None => r == "*" || sub.is_empty() && r == resource,
                Some(("*", below)) => !sub.is_empty() && below == sub,
                Some((of, "*")) => of == resource,
                Some((of, below)) => of == resource && below == sub,
            })
    }
}

fn covers(pattern: &str, path: &str) -> bool {
    pattern == path || pattern.ends_with('*') && path.starts_with(pattern.trim_end_matches('*'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    const POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, users: ['system:kube-proxy'], verbs: [watch]}
- {level: None, nonResourceURLs: ['/healthz*']}
- {level: Request, resources: [{group: '', resources: [configmaps, pods/log]}], namespaces: [a]}
- {level: RequestResponse, resources: [{group: ''}]}
- {level: Metadata, omitStages: [ResponseStarted]}
";

    #[test]
    fn the_first_rule_that_matches_counts() {
        let policy = Policy::parse(POLICY).unwrap();
        let level = |user: &str, path: &str| {
            let asked = Attributes::read(&Method::GET, path, "");
            policy.judge(&Identity::new(user, &[]), &asked).level
        };
        assert_eq!(level("x", "/healthz/etcd"), Level::None);
        assert_eq!(level("x", "/api/v1/namespaces/a/configmaps"), Level::Request);
        assert_eq!(level("x", "/api/v1/namespaces/a/pods/p/log"), Level::Request);
        assert_eq!(level("x", "/api/v1/namespaces/b/configmaps"), Level::RequestResponse);
        assert_eq!(
            level("x", "/api/v1/namespaces/b/secrets"),
            Level::Metadata,
            "nobody named them"
        );
        assert_eq!(level("system:kube-proxy", "/api/v1/watch/services"), Level::None);
        assert_eq!(level("x", "/apis"), Level::Metadata);
        assert!(Policy::parse("a: b").is_err());
        assert!(Policy::parse(&POLICY.replace("level: Metadata", "level: All")).is_err());
    }
}
