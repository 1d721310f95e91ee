//! What a request wants to do, as far as authorization is concerned.
//!
//! After `k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`: it is read from the URL alone, before anybody knows
//! whether there is such a resource.

use crate::rest::{ApiError, Cause, Details, Identity, Params};
use http::{Method, StatusCode};

/// An action on a resource or on a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `get`, `list`, `create`, ...; for paths the HTTP method in lower case.
    pub verb: String,
    /// API group, empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Plural name; empty when a path is meant.
    pub resource: String,
    /// Subresource, empty for none.
    pub subresource: String,
    /// Namespace, empty for none.
    pub namespace: String,
    /// Name of the object, empty for none.
    pub name: String,
    /// The path, when no resource is meant.
    pub path: String,
}

impl Attributes {
    /// Whether a resource is meant, and not a path.
    pub fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }

    /// From the parts of a request.
    pub fn read(method: &Method, path: &str, query: &str) -> Self {
        let plain = Self {
            verb: method.as_str().to_ascii_lowercase(),
            path: path.to_owned(),
            ..Self::default()
        };
        let trimmed = path.trim_matches('/');
        let mut parts = trimmed.split('/');
        let group = match parts.next() {
            Some("api") => "",
            Some("apis") => parts.next().unwrap_or_default(),
            _ => return plain,
        };
        let (Some(version), Some(first)) = (parts.next(), parts.next()) else { return plain };
        let watched = matches!(first, "watch" | "proxy");
        let first = if watched { parts.next() } else { Some(first) };
        let Some(first) = first else { return plain };
        let rest: Vec<&str> = std::iter::once(first).chain(parts).collect();
        let (namespace, rest) = match rest.as_slice() {
            ["namespaces", namespace] | ["namespaces", namespace, "status" | "finalize", ..] => {
                (*namespace, rest.as_slice())
            }
            ["namespaces", namespace, below @ ..] if !below.is_empty() => (*namespace, below),
            _ => ("", rest.as_slice()),
        };
        let decoded = |text: &str| crate::rest::percent_decode(text, false);
        let part = |at: usize| rest.get(at).map(|t| decoded(t)).unwrap_or_default();
        let verb = if watched { "watch".to_owned() } else { verb(method).to_owned() };
        let mut asked = Self {
            verb,
            group: decoded(group),
            version: version.to_owned(),
            resource: part(0),
            subresource: part(2),
            namespace: decoded(namespace),
            name: part(1),
            path: String::new(),
        };
        asked.of_collections(query);
        asked
    }

    /// Without a name it is a collection, unless a field selector names one object.
    fn of_collections(&mut self, query: &str) {
        if !self.name.is_empty() {
            return;
        }
        if self.verb == "get" {
            let params = Params::parse(query);
            self.verb = if params.flag("watch") { "watch" } else { "list" }.to_owned();
            let selected = params.get("fieldSelector").unwrap_or_default();
            let name = selected.split(',').find_map(|term| term.strip_prefix("metadata.name="));
            let name = name.map(|n| n.trim_start_matches('=')).unwrap_or_default();
            if !name.contains(['/', '%']) && !matches!(name, "." | "..") {
                name.clone_into(&mut self.name);
            }
        } else if self.verb == "delete" {
            "deletecollection".clone_into(&mut self.verb);
        }
    }

    /// 403 for `who`, with what the authorizer found amiss (empty for nothing).
    pub fn forbidden(&self, who: &Identity, reason: &str) -> ApiError {
        let (user, verb) = (&who.user, &self.verb);
        let what = if self.is_resource() {
            let slash = if self.subresource.is_empty() { "" } else { "/" };
            let resource = format!("{}{slash}{}", self.resource, self.subresource);
            let scope = if self.namespace.is_empty() {
                "at the cluster scope".to_owned()
            } else {
                format!("in the namespace {:?}", self.namespace)
            };
            let group = &self.group;
            format!(
                "User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}"
            )
        } else {
            format!("User {user:?} cannot {verb} path {:?}", self.path)
        };
        let what = if reason.is_empty() { what } else { format!("{what}: {reason}") };
        let dot = if self.group.is_empty() { "" } else { "." };
        let resource = format!("{}{dot}{}", self.resource, self.group);
        let message = match (self.is_resource(), self.name.is_empty()) {
            (false, _) => format!("forbidden: {what}"),
            (true, true) => format!("{resource} is forbidden: {what}"),
            (true, false) => format!("{resource} {:?} is forbidden: {what}", self.name),
        };
        let details = Details {
            name: self.name.clone(),
            group: self.group.clone(),
            kind: self.resource.clone(),
            causes: Vec::<Cause>::new(),
            ..Details::default()
        };
        ApiError {
            code: StatusCode::FORBIDDEN,
            reason: "Forbidden",
            message,
            details: Some(Box::new(details)),
        }
    }
}

fn verb(method: &Method) -> &'static str {
    match method.as_str() {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
