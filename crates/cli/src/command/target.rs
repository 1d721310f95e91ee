//! Which object a command is about: `kustomization/apps`, `ks apps`, `gitrepository/sample`.

use crate::failure::{Code, Failure};
use clap::Args;
use cluster::{Client, Resource};
use object::Value;

/// A kind the commands know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    GitRepository,
    Kustomization,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::GitRepository, Self::Kustomization];

    /// From any of the names people use: kind, plural, short names, in any case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "gitrepository" | "gitrepositories" | "gitrepo" | "git" => Some(Self::GitRepository),
            "kustomization" | "kustomizations" | "ks" => Some(Self::Kustomization),
            _ => None,
        }
    }

    pub(crate) fn resource(self) -> Resource {
        match self {
            Self::GitRepository => operator::kinds::git_repository(),
            Self::Kustomization => operator::kinds::kustomization(),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GitRepository => "GitRepository",
            Self::Kustomization => "Kustomization",
        }
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
    /// KIND/NAME or KIND NAME; kinds: kustomization (ks), gitrepository (git)
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
                .hint("kinds: kustomization (ks), gitrepository (git)")
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
