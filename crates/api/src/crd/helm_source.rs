//! The definitions of `HelmRepository` and `HelmChart`.

use super::helm_release::reconcile_strategy;
use super::schema::{Schema, boolean, duration, list, object, optional, required, string, texts};
use super::shared::{INTERVAL, SHORT, cloud, local, oci_verify, oidc_identities, source_status};
use super::{Column, Definition, READY, STATUS};
use crate::chart::{HelmChart, HelmRepository};
use object::map;

pub(super) fn repository() -> Definition {
    Definition {
        short: &["helmrepo"],
        categories: &["all", "fluxcd", "fluxcd-sources"],
        component: "source-controller",
        columns: vec![Column::text("URL", ".spec.url"), Column::age(), READY, STATUS],
        doc: "A Helm repository, over HTTP or in an OCI registry.",
        spec: repository_spec(),
        status: object(source_status(), "What was reached.")
            .default(map! {"observedGeneration": -1}),
        ..Definition::of::<HelmRepository>()
    }
}

fn repository_spec() -> Schema {
    let labels = vec![optional("matchLabels", texts("Labels of the namespace."))];
    let namespaces = list(object(labels, "One of them."), "Namespaces that may use it.");
    let members = vec![
        optional(
            "accessFrom",
            object(vec![required("namespaceSelectors", namespaces)], "Who may use it."),
        ),
        optional("certSecretRef", local("Secret with ca.crt, tls.crt and tls.key.")),
        optional("insecure", boolean("Whether a registry is spoken to over plain HTTP.")),
        optional("interval", duration(INTERVAL, "How often to look for a new index.")),
        optional("passCredentials", boolean("Whether other hosts get the credentials, too.")),
        cloud(),
        optional("secretRef", local("Secret with username and password.")),
        optional("suspend", boolean("Whether to leave everything as it is.")),
        optional("timeout", duration(SHORT, "How long one fetch may take.")),
        optional("type", string("Kind of repository.").one_of(&["default", "oci"])),
        required("url", string("Address of the repository.").pattern("^(http|https|oci)://.*$")),
    ];
    object(members, "What is wanted.")
}

pub(super) fn chart() -> Definition {
    let mut status = source_status();
    status.extend([
        optional("observedChartName", string("Name of the chart.")),
        optional("observedSourceArtifactRevision", string("Revision of the source.")),
        optional("observedValuesFiles", list(string("A file."), "Values files that were found.")),
    ]);
    Definition {
        short: &["hc"],
        categories: &["all", "fluxcd", "fluxcd-sources"],
        component: "source-controller",
        columns: vec![
            Column::text("Chart", ".spec.chart"),
            Column::text("Version", ".spec.version"),
            Column::text("Source Kind", ".spec.sourceRef.kind"),
            Column::text("Source Name", ".spec.sourceRef.name"),
            Column::age(),
            READY,
            STATUS,
        ],
        doc: "A chart out of a Helm repository, a Git repository or a bucket.",
        spec: chart_spec(),
        status: object(status, "What was reached.").default(map! {"observedGeneration": -1}),
        ..Definition::of::<HelmChart>()
    }
}

fn chart_spec() -> Schema {
    let source = vec![
        optional("apiVersion", string("API version.")),
        required("kind", string("Kind.").one_of(&["HelmRepository", "GitRepository", "Bucket"])),
        required("name", string("Name.")),
    ];
    let members = vec![
        required("chart", string("Name of the chart, or its directory.")),
        optional("ignoreMissingValuesFiles", boolean("Whether missing values files are left out.")),
        required("interval", duration(INTERVAL, "How often to look for a new version.")),
        reconcile_strategy(),
        required("sourceRef", object(source, "Where the chart is from.")),
        optional("suspend", boolean("Whether to leave everything as it is.")),
        optional("valuesFiles", list(string("A file."), "Files of the source with values.")),
        optional("verify", oci_verify(vec![oidc_identities()])),
        optional("version", string("A version or a range.").default("*")),
    ];
    object(members, "What is wanted.").rules(&[(
        "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
        "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'",
    )])
}
