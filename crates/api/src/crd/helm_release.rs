//! The definition of `HelmRelease`.

mod actions;
mod status;

use super::schema::{
    Member, Schema, boolean, count, duration, free, list, object, optional, required, string,
};
use super::shared::{
    INTERVAL, common_metadata, depends_on, health_check_exprs, ignore_rules, images, kube_config,
    oci_verify, patches,
};
use super::{Column, Definition, READY, STATUS};
use crate::helm_release::HelmRelease;

pub(super) fn definition() -> Definition {
    Definition {
        short: &["hr"],
        categories: &["all", "fluxcd", "fluxcd-appliers"],
        component: "helm-controller",
        columns: vec![Column::age(), READY, STATUS],
        doc: "A Helm chart that is installed and kept so.",
        spec: spec(),
        status: status::status(),
        ..Definition::of::<HelmRelease>()
    }
}

fn spec() -> Schema {
    let mut members = vec![
        optional("chart", chart()),
        optional("chartRef", chart_ref()),
        optional("commonMetadata", common_metadata("Labels and annotations of all objects.")),
        optional("dependsOn", depends_on("HelmReleases that have to be ready first.")),
        optional("driftDetection", drift_detection()),
        optional("healthCheckExprs", health_check_exprs()),
        required("interval", duration(INTERVAL, "Time between two runs.")),
        optional("kubeConfig", kube_config()),
        optional("maxHistory", count("Releases kept; 5 when not given, 0 for all.")),
        optional("persistentClient", boolean("Whether Helm keeps its client.")),
        optional(
            "postRenderStrategy",
            string("Which objects are post-rendered, and how.")
                .one_of(&["nohooks", "combined", "separate"]),
        ),
        optional("postRenderers", post_renderers()),
        optional(
            "releaseName",
            string("Name of the release; made of targetNamespace and name when not given.")
                .length(1, 53),
        ),
        optional(
            "serviceAccountName",
            string("Account whose rights are used to apply.").length(1, 253),
        ),
        optional("storageNamespace", string("Namespace of the release's Secrets.").length(1, 63)),
        optional("suspend", boolean("Whether to leave everything as it is.")),
        optional("targetNamespace", string("Namespace of the release.").length(1, 63)),
        optional("timeout", duration(INTERVAL, "How long an action may take; 5m when not given.")),
        optional("values", free("Values of the chart; they win over all others.")),
        optional("valuesFrom", values_from()),
        optional("waitStrategy", wait_strategy()),
    ];
    members.extend(actions::members());
    object(members, "What is wanted.").rules(&[(
        "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
        "either chart or chartRef must be set",
    )])
}

fn reference(kinds: &[&str], doc: &str) -> Schema {
    let members = vec![
        optional("apiVersion", string("API version.")),
        required("kind", string("Kind.").one_of(kinds)),
        required("name", string("Name.").length(1, 253)),
        optional("namespace", string("Namespace; the same when not given.").length(1, 63)),
    ];
    object(members, doc)
}

fn chart_ref() -> Schema {
    reference(&["OCIRepository", "HelmChart", "ExternalArtifact"], "A chart that is there.")
}

fn chart() -> Schema {
    let spec = vec![
        required("chart", string("Name of the chart, or its directory.").length(1, 2048)),
        optional("ignoreMissingValuesFiles", boolean("Whether missing values files are left out.")),
        optional("interval", duration(INTERVAL, "How often to look; spec.interval by default.")),
        reconcile_strategy(),
        required(
            "sourceRef",
            reference(&["HelmRepository", "GitRepository", "Bucket"], "Where the chart is from."),
        ),
        optional("valuesFiles", list(string("A file."), "Files of the chart with values.")),
        optional("verify", oci_verify(Vec::new())),
        optional("version", string("A version or a range.").default("*")),
    ];
    let members = vec![
        optional("metadata", common_metadata("Labels and annotations of the HelmChart.")),
        required("spec", object(spec, "Spec of the HelmChart.")),
    ];
    object(members, "A HelmChart to make.")
}

pub(super) fn reconcile_strategy() -> Member {
    optional(
        "reconcileStrategy",
        string("What makes a new artifact: another version, or another revision of the source.")
            .one_of(&["ChartVersion", "Revision"])
            .default("ChartVersion"),
    )
}

fn drift_detection() -> Schema {
    let members = vec![
        optional("ignore", ignore_rules()),
        optional(
            "mode",
            string("Whether changes are corrected, told or not looked for.")
                .one_of(&["enabled", "warn", "disabled"]),
        ),
    ];
    object(members, "What happens to changes that others make.")
}

fn post_renderers() -> Schema {
    let kustomize = vec![optional("images", images()), optional("patches", patches())];
    let member = optional("kustomize", object(kustomize, "Patches and images."));
    list(object(vec![member], "One step."), "Changes to the rendered objects.")
}

fn values_from() -> Schema {
    let members = vec![
        required("kind", string("Kind.").one_of(&["Secret", "ConfigMap"])),
        optional("literal", boolean("Whether the value is text as it stands.")),
        required("name", string("Name.").length(1, 253)),
        optional("optional", boolean("Whether it may be missing.")),
        optional(
            "targetPath",
            string("Where the value goes; it holds YAML when not given.")
                .length(0, 250)
                .pattern(r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$"),
        ),
        optional(
            "valuesKey",
            string("Key of its data; values.yaml when not given.")
                .length(0, 253)
                .pattern(r"^[\-._a-zA-Z0-9]+$"),
        ),
    ];
    list(object(members, "One of them."), "Objects with values; later ones win.")
}

fn wait_strategy() -> Schema {
    let name = string("How to wait.").one_of(&["poller", "legacy"]);
    object(vec![required("name", name)], "How to wait for health.")
}
