//! What a cluster can do, as templates see it (`helm.sh/helm/v4/pkg/chart/common/capabilities.go`).

use crate::gotext::quoted;
use gotemplate::{Call, Entries, FunctionError, GoObject, Kind, Method, Signature, Type, Value};
use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

/// What a cluster can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes.
    pub kube_version: KubeVersion,
    /// The group versions it serves, and with a slash and the kind added, the kinds (`apps/v1`, `apps/v1/Deployment`).
    pub api_versions: Arc<[String]>,
    /// The version of Helm templates are told.
    pub helm_version: String,
}

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// All of it, with a `v` (`v1.33.4-gke.1245000`).
    pub version: String,
    /// Its numbers alone, which constraints are compared with (`v1.33.4`).
    pub normalized: String,
    /// The first number.
    pub major: String,
    /// The second number.
    pub minor: String,
}

/// Why a version of Kubernetes cannot be read, in Kubernetes' words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KubeVersionError(String);

impl KubeVersion {
    /// Reads `1.33`, `v1.33.4`, `v1.33.4-gke.1245000`.
    ///
    /// # Errors
    /// When there are not two numbers at the beginning.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let fail = |text: String| Err(KubeVersionError(text));
        let trimmed = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        let rest = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        // A dot that no digit follows belongs to what comes after.
        let numbers = rest[..end].split("..").next().unwrap_or_default().trim_end_matches('.');
        if numbers.is_empty() || numbers.starts_with('.') {
            return fail(format!("could not parse {} as version", quoted(text)));
        }
        let parts: Vec<&str> = numbers.split('.').collect();
        if parts.len() < 2 {
            return fail(format!("illegal version string {}", quoted(text)));
        }
        let mut numbers = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            let illegal = |kind: &str| {
                let (part, text) = (quoted(part), quoted(text));
                KubeVersionError(format!("illegal {kind} version component {part} in {text}"))
            };
            if i == 0 && part.len() > 1 && part.starts_with('0') {
                return Err(illegal("zero-prefixed"));
            }
            let number: u64 = part.parse().map_err(|_| illegal("non-numeric"))?;
            numbers.push(number.to_string());
        }
        let normalized = format!("v{}", numbers.join("."));
        let version = if text.starts_with('v') { text.to_owned() } else { format!("v{text}") };
        Ok(Self { version, normalized, major: numbers[0].clone(), minor: numbers[1].clone() })
    }
}

/// What `helm template` without a cluster takes for the cluster's version.
const DEFAULT_KUBE_VERSION: (&str, &str) = ("1", "37");
/// What Helm calls itself where it is used as a library, as Flux does.
const HELM_VERSION: &str = "v4.3";
/// The Go version the reference was built with.
const GO_VERSION: &str = "go1.26.8";
const CLIENT_VERSION: &str = "v1.37";

impl Default for Capabilities {
    /// Those of `helm template` without a cluster.
    fn default() -> Self {
        let (major, minor) = DEFAULT_KUBE_VERSION;
        let version = format!("v{major}.{minor}.0");
        Self {
            kube_version: KubeVersion {
                normalized: version.clone(),
                version,
                major: major.into(),
                minor: minor.into(),
            },
            api_versions: KNOWN_VERSIONS.iter().map(|v| (*v).to_owned()).collect(),
            helm_version: HELM_VERSION.into(),
        }
    }
}

impl Capabilities {
    /// These with further API versions.
    #[must_use]
    pub fn with_api_versions(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.api_versions = self.api_versions.iter().cloned().chain(more).collect();
        self
    }

    pub(super) fn object(&self) -> Value {
        Value::object(Shown(Rc::new(self.clone())))
    }
}

/// The API versions client-go 0.37 knows, in its order (`DefaultVersionSet`).
const KNOWN_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// `*common.Capabilities`.
struct Shown(Rc<Capabilities>);

impl GoObject for Shown {
    fn go_type(&self) -> Type {
        Type::named("*common.Capabilities", Kind::Pointer)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "KubeVersion" => Value::object(ShownKubeVersion(self.0.kube_version.clone())),
            "APIVersions" => Value::object(VersionSet(Arc::clone(&self.0.api_versions))),
            "HelmVersion" => Value::object(HelmVersion(self.0.helm_version.clone())),
            _ => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let names = ["KubeVersion", "APIVersions", "HelmVersion"];
        names.into_iter().filter_map(|n| Some((n, self.field(n)?))).collect()
    }

    fn to_data(&self) -> Option<Value> {
        let entries: Entries = self
            .fields()
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.downcast_data()?)))
            .collect();
        Some(Value::map(entries))
    }
}

/// What a field of [`Shown`] is as data.
trait DowncastData {
    fn downcast_data(&self) -> Option<Value>;
}

impl DowncastData for Value {
    fn downcast_data(&self) -> Option<Value> {
        match self {
            Value::Object(object) => object.to_data(),
            other => Some(other.clone()),
        }
    }
}

/// `common.KubeVersion`.
struct ShownKubeVersion(KubeVersion);

impl GoObject for ShownKubeVersion {
    fn go_type(&self) -> Type {
        Type::named("common.KubeVersion", Kind::Struct)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "Version" => self.0.version.as_str().into(),
            "Major" => self.0.major.as_str().into(),
            "Minor" => self.0.minor.as_str().into(),
            _ => return None,
        })
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", self.0.version.as_str().into()),
            ("normalizedVersion", self.0.normalized.as_str().into()),
            ("Major", self.0.major.as_str().into()),
            ("Minor", self.0.minor.as_str().into()),
        ]
    }

    fn method(&self, name: &str) -> Option<Method> {
        let signature = Signature::new(&[]);
        matches!(name, "String" | "GitVersion").then_some(Method { signature })
    }

    fn call(&self, name: &str, _: &mut Call<'_>, _: &[Value]) -> Result<Value, FunctionError> {
        Ok(match name {
            "String" => self.0.normalized.as_str().into(),
            _ => self.0.version.as_str().into(),
        })
    }

    fn display(&self) -> Option<String> {
        Some(self.0.normalized.clone())
    }

    fn to_data(&self) -> Option<Value> {
        let names = ["Version", "Major", "Minor"];
        let entries: Entries =
            names.into_iter().filter_map(|n| Some((n, self.field(n)?))).collect();
        Some(Value::map(entries))
    }
}

/// `common.VersionSet`.
struct VersionSet(Arc<[String]>);

impl GoObject for VersionSet {
    fn go_type(&self) -> Type {
        Type::Named {
            name: "common.VersionSet",
            kind: Kind::Slice,
            underlying: Some(&Type::STRINGS),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<Method> {
        let signature = Signature::new(&[Type::String]);
        (name == "Has").then_some(Method { signature })
    }

    fn call(&self, _: &str, _: &mut Call<'_>, args: &[Value]) -> Result<Value, FunctionError> {
        let wanted = args.first().and_then(Value::as_text).unwrap_or_default();
        Ok(self.0.iter().any(|v| *v == *wanted).into())
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let entry = |(i, v): (usize, &String)| (Value::int(i as i64), v.as_str().into());
        Some(self.0.iter().enumerate().map(entry).collect())
    }

    fn to_data(&self) -> Option<Value> {
        Some(Value::strings(self.0.iter().map(String::as_str)))
    }
}

/// `version.BuildInfo`.
struct HelmVersion(String);

impl GoObject for HelmVersion {
    fn go_type(&self) -> Type {
        Type::named("version.BuildInfo", Kind::Struct)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", self.0.as_str().into()),
            ("GitCommit", "".into()),
            ("GitTreeState", "".into()),
            ("GoVersion", GO_VERSION.into()),
            ("KubeClientVersion", CLIENT_VERSION.into()),
        ]
    }

    fn to_data(&self) -> Option<Value> {
        let entries = Entries::from_iter([
            ("go_version", GO_VERSION),
            ("kube_client_version", CLIENT_VERSION),
            ("version", &self.0),
        ]);
        Some(Value::map(entries))
    }
}
