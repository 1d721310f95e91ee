//! Which object a command is about: `kustomization/apps`, `ks apps`, `gitrepository/sample`.

use crate::failure::{Code, Failure};
use clap::Args;
use cluster::{Client, Resource};
use object::Value;

/// A kind the commands know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    GitRepository,
    OciRepository,
    HelmRepository,
    HelmChart,
    Kustomization,
    HelmRelease,
}

/// The kinds, for hints.
pub(crate) const KINDS: &str = "kustomization (ks), helmrelease (hr), gitrepository (git), ocirepository, \
     helmrepository, helmchart (hc)";

impl Kind {
    pub(crate) const SOURCES: [Self; 4] =
        [Self::GitRepository, Self::OciRepository, Self::HelmRepository, Self::HelmChart];
    pub(crate) const ALL: [Self; 6] = [
        Self::GitRepository,
        Self::OciRepository,
        Self::HelmRepository,
        Self::HelmChart,
        Self::Kustomization,
        Self::HelmRelease,
    ];

    /// From any of the names people use: kind, plural, short names, in any case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "gitrepository" | "gitrepositories" | "gitrepo" | "git" => Some(Self::GitRepository),
            "ocirepository" | "ocirepositories" | "ocirepo" | "oci" => Some(Self::OciRepository),
            "helmrepository" | "helmrepositories" | "helmrepo" => Some(Self::HelmRepository),
            "helmchart" | "helmcharts" | "hc" | "chart" => Some(Self::HelmChart),
            "kustomization" | "kustomizations" | "ks" => Some(Self::Kustomization),
            "helmrelease" | "helmreleases" | "hr" => Some(Self::HelmRelease),
            _ => None,
        }
    }

    pub(crate) fn resource(self) -> Resource {
        match self {
            Self::GitRepository => operator::kinds::git_repository(),
            Self::OciRepository => operator::kinds::oci_repository(),
            Self::HelmRepository => operator::kinds::helm_repository(),
            Self::HelmChart => operator::kinds::helm_chart(),
            Self::Kustomization => operator::kinds::kustomization(),
            Self::HelmRelease => operator::kinds::helm_release(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GitRepository => "GitRepository",
            Self::OciRepository => "OCIRepository",
            Self::HelmRepository => "HelmRepository",
            Self::HelmChart => "HelmChart",
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
        }
    }

    /// The revision that is in force, as the status of an object of this kind has it.
    pub(crate) fn revision(self, object: &Value) -> &str {
        let path: &[&str] = match self {
            Self::Kustomization => &["status", "lastAppliedRevision"],
            Self::HelmRelease => {
                let history = object.at(["status", "history"]).and_then(Value::as_list);
                let newest = history.and_then(|h| h.first()?.get("chartVersion")?.as_str());
                return newest.unwrap_or_default();
            }
            _ => &["status", "artifact", "revision"],
        };
        object.at(path.iter().copied()).and_then(Value::as_str).unwrap_or_default()
    }
}

/// `-n NAMESPACE`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Namespace {
    /// Namespace of the object
    #[arg(short, long, default_value = "flux-system", value_name = "NAME")]
    pub(crate) namespace: String,
}

/// `KIND/NAME` or `KIND NAME`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// KIND/NAME or KIND NAME; kinds: kustomization (ks), helmrelease (hr), gitrepository (git),
    /// ocirepository, helmrepository, helmchart (hc)
    #[arg(required = true, num_args = 1..=2, value_name = "KIND/NAME")]
    words: Vec<String>,

    #[command(flatten)]
    pub(crate) namespace: Namespace,
}

impl Target {
    /// The kind and the name that were written.
    pub(crate) fn parse(&self) -> Result<(Kind, String), Failure> {
        let (kind, name) = match self.words.as_slice() {
            [one] => one.split_once('/').ok_or_else(|| {
                Failure::new(format!("'{one}' names no object"))
                    .code(Code::Usage)
                    .hint("write KIND/NAME, such as kustomization/apps")
            })?,
            [kind, name] => (kind.as_str(), name.as_str()),
            _ => return Err(Failure::new("one object is wanted").code(Code::Usage)),
        };
        let known = Kind::parse(kind).ok_or_else(|| {
            Failure::new(format!("there is no kind '{kind}' here"))
                .code(Code::Usage)
                .hint(format!("kinds: {KINDS}"))
        })?;
        Ok((known, name.to_owned()))
    }

    /// The object itself.
    pub(crate) async fn fetch(&self, client: &Client) -> Result<(Kind, Value), Failure> {
        let (kind, name) = self.parse()?;
        let namespace = &self.namespace.namespace;
        let found = client.get(&kind.resource(), namespace, &name).await?;
        let object = found.ok_or_else(|| not_found(kind, namespace, &name))?;
        Ok((kind, object))
    }
}

/// The failure of naming something that is not there.
pub(crate) fn not_found(kind: Kind, namespace: &str, name: &str) -> Failure {
    Failure::new(format!("{} {namespace}/{name} does not exist", kind.name()))
        .hint("`windlass get` lists what there is; -n names another namespace")
}
