//! What is asked about.

use crate::access::Identity;
use crate::rest::{ApiError, Call, Target, new_uid};
use object::{Gvk, Manifest, Map, Value, map};
use std::sync::Arc;

/// What is to be done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// It is new.
    Create,
    /// It changes.
    Update,
    /// It goes.
    Delete,
}

impl Operation {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A write, as those who judge it see it.
pub(crate) struct Request<'r> {
    pub(super) target: &'r Target,
    pub(super) operation: Operation,
    pub(super) who: Arc<Identity>,
    pub(super) dry_run: bool,
    /// Name of the object; empty while it is to be generated.
    pub(super) name: String,
    /// As messages show it.
    shown: String,
    /// The namespace, of a Namespace itself.
    pub(super) namespace: String,
    options: Value,
}

impl<'r> Request<'r> {
    pub(super) fn new(
        call: &Call,
        target: &'r Target,
        operation: Operation,
        value: Option<&Value>,
        old: Option<&Value>,
    ) -> Self {
        let of = |v: Option<&Value>| v.map(|v| v.name().to_owned()).unwrap_or_default();
        let mut name = target.name.clone();
        if name.is_empty() {
            name = of(value);
        }
        if name.is_empty() {
            name = of(old);
        }
        let generated = value.and_then(|v| v.meta("generateName")).unwrap_or("Unknown");
        let shown = if name.is_empty() { generated.to_owned() } else { name.clone() };
        let namespace = if target.served.id.as_str() == "namespaces" {
            name.clone()
        } else {
            target.namespace.clone()
        };
        let who = call.who.clone().unwrap_or_else(|| Arc::new(own(&call.manager)));
        let dry_run = call.dry_run;
        Self {
            target,
            operation,
            who,
            dry_run,
            name,
            shown,
            namespace,
            options: options(call, operation),
        }
    }

    /// The kind that is spoken at the target: the resource's, or the subresource's own.
    fn kind(&self) -> Gvk {
        let kind = &self.target.served.kind;
        let own = kind.subresource(&self.target.subresource).map(|sub| sub.speaks.clone());
        own.filter(|_| !self.target.subresource.is_empty()).unwrap_or_else(|| kind.gvk())
    }

    /// `AdmissionRequest` without the objects, as one that was matched in the version of `served` sees it.
    pub(super) fn describe(&self, served: &crate::registry::Served) -> Map {
        let resource = |kind: &schema::Kind| {
            map! {
                "group": kind.group.as_str(),
                "version": kind.version.as_str(),
                "resource": kind.plural.as_str(),
            }
        };
        let own = self.kind();
        let matched =
            if self.target.subresource.is_empty() { served.kind.gvk() } else { own.clone() };
        let mut out = map! {
            "uid": new_uid(),
            "kind": gvk(&matched),
            "resource": resource(&served.kind),
            "requestKind": gvk(&own),
            "requestResource": resource(&self.target.served.kind),
            "operation": self.operation.as_str(),
            "userInfo": self.who.user_info(),
            "dryRun": self.dry_run,
            "options": self.options.clone(),
        };
        for (key, text) in [
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("subResource", &self.target.subresource),
            ("requestSubResource", &self.target.subresource),
        ] {
            if !text.is_empty() {
                out.insert(key, text.as_str());
            }
        }
        out
    }

    /// 403 with a reason of one who judges.
    pub(super) fn forbidden(&self, why: &str) -> ApiError {
        ApiError::forbidden(&self.target.served, &self.shown, why)
    }
}

fn gvk(gvk: &Gvk) -> Map {
    map! {
        "group": gvk.group.as_str(),
        "version": gvk.version.as_str(),
        "kind": gvk.kind.as_str(),
    }
}

fn options(call: &Call, operation: Operation) -> Value {
    let kind = match operation {
        Operation::Create => "CreateOptions",
        Operation::Update => "UpdateOptions",
        Operation::Delete => "DeleteOptions",
    };
    let mut options = map! {"apiVersion": "meta.k8s.io/v1", "kind": kind};
    if call.dry_run {
        options.insert("dryRun", vec![Value::from("All")]);
    }
    if operation != Operation::Delete && !call.manager.is_empty() {
        options.insert("fieldManager", call.manager.as_str());
    }
    options.into()
}

/// Whom a part of the server is seen as, by its field manager.
fn own(manager: &str) -> Identity {
    match manager {
        "kube-apiserver" => Identity::admin("system:apiserver"),
        "" => Identity::admin("system:serviceaccount:kube-system:generic-garbage-collector"),
        manager => Identity::admin(&format!("system:{manager}")),
    }
}
