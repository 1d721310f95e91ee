//! The resources the operator works on.

use api::Typed;
use cluster::Resource;

fn of<T: Typed>() -> Resource {
    Resource::known(T::GROUP, T::VERSION, T::KIND, T::PLURAL, true)
}

/// `source.toolkit.fluxcd.io/v1` GitRepositories.
pub fn git_repository() -> Resource {
    of::<api::GitRepository>()
}

/// `kustomize.toolkit.fluxcd.io/v1` Kustomizations.
pub fn kustomization() -> Resource {
    of::<api::Kustomization>()
}

/// `source.toolkit.fluxcd.io/v1` OCIRepositories.
pub fn oci_repository() -> Resource {
    of::<api::OciRepository>()
}

/// `source.toolkit.fluxcd.io/v1` HelmRepositories.
pub fn helm_repository() -> Resource {
    of::<api::HelmRepository>()
}

/// `source.toolkit.fluxcd.io/v1` HelmCharts.
pub fn helm_chart() -> Resource {
    of::<api::HelmChart>()
}

/// `helm.toolkit.fluxcd.io/v2` HelmReleases.
pub fn helm_release() -> Resource {
    of::<api::HelmRelease>()
}

/// Events of the core group.
pub fn event() -> Resource {
    Resource::known("", "v1", "Event", "events", true)
}

/// Secrets.
pub fn secret() -> Resource {
    Resource::known("", "v1", "Secret", "secrets", true)
}

/// ConfigMaps.
pub fn config_map() -> Resource {
    Resource::known("", "v1", "ConfigMap", "configmaps", true)
}
