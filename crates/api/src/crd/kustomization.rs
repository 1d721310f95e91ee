//! The definition of `Kustomization`.

use super::schema::{
    Schema, boolean, duration, integer, list, moment, object, optional, required, string, texts,
};
use super::shared::{
    INTERVAL, common_metadata, conditions, depends_on, handled, health_check_exprs, ignore_rules,
    images, inventory, kube_config, local, patches,
};
use super::{Column, Definition, READY, STATUS};
use crate::kustomization::Kustomization;
use object::map;

pub(super) fn definition() -> Definition {
    Definition {
        short: &["ks"],
        categories: &["all", "fluxcd", "fluxcd-appliers"],
        component: "kustomize-controller",
        columns: vec![Column::age(), READY, STATUS],
        doc: "A directory of a source that is rendered and applied to a cluster.",
        spec: spec(),
        status: status(),
        ..Definition::of::<Kustomization>()
    }
}

fn spec() -> Schema {
    let mut members = vec![
        required("interval", duration(INTERVAL, "Time between two runs.")),
        optional(
            "retryInterval",
            duration(
                INTERVAL,
                "Time until a failed run is tried again; spec.interval when not given.",
            ),
        ),
        optional(
            "timeout",
            duration(INTERVAL, "How long a run may take; spec.interval less 30s when not given."),
        ),
        optional("suspend", boolean("Whether to leave everything as it is.")),
        required("sourceRef", source()),
        optional("path", string("Directory in the source; its root when not given.")),
        optional("dependsOn", depends_on("Kustomizations that have to be ready first.")),
        optional("decryption", decryption()),
        optional("kubeConfig", kube_config()),
        optional("serviceAccountName", string("Account whose rights are used to apply.")),
    ];
    members.extend(rendering());
    members.extend(applying());
    members.extend(health());
    object(members, "What is wanted.")
}

fn source() -> Schema {
    let members = vec![
        optional("apiVersion", string("API version.")),
        required(
            "kind",
            string("Kind.").one_of(&[
                "OCIRepository",
                "GitRepository",
                "Bucket",
                "ExternalArtifact",
            ]),
        ),
        required("name", string("Name.")),
        optional("namespace", string("Namespace; the same when not given.")),
    ];
    object(members, "Where the files come from.")
}

fn decryption() -> Schema {
    let members = vec![
        required("provider", string("Format of encrypted files.").one_of(&["sops"])),
        optional("secretRef", local("Secret with the keys.")),
        optional("serviceAccountName", string("Account whose cloud identity may use the keys.")),
    ];
    object(members, "How encrypted files are decrypted.")
}

fn rendering() -> Vec<super::schema::Member> {
    vec![
        optional(
            "buildMetadata",
            list(
                string("One of them.").one_of(&["originAnnotations", "transformerAnnotations"]),
                "Annotations that tell where objects come from.",
            ),
        ),
        optional("commonMetadata", common_metadata("Labels and annotations of all objects.")),
        optional(
            "components",
            list(string("Path of a component."), "Components to add to the Kustomization."),
        ),
        optional("ignoreMissingComponents", boolean("Whether missing components are left out.")),
        optional("images", images()),
        optional("namePrefix", string("Prefix of all names.").length(1, 200)),
        optional("nameSuffix", string("Suffix of all names.").length(1, 200)),
        optional("patches", patches()),
        optional("postBuild", post_build()),
        optional("targetNamespace", string("Namespace of all objects.").length(1, 63)),
    ]
}

fn post_build() -> Schema {
    let from = vec![
        required("kind", string("Kind.").one_of(&["Secret", "ConfigMap"])),
        required("name", string("Name.").length(1, 253)),
        optional("optional", boolean("Whether it may be missing.").default(false)),
    ];
    let members = vec![
        optional("substitute", texts("Values of variables.")),
        optional(
            "substituteFrom",
            list(object(from, "One of them."), "Objects with more values; those above win."),
        ),
        optional(
            "substituteStrategy",
            string("Whether to substitute when there are no variables.")
                .one_of(&["WithVariables", "Always"]),
        ),
    ];
    object(members, "Variables to put into the rendered objects.")
}

fn applying() -> Vec<super::schema::Member> {
    vec![
        required("prune", boolean("Whether objects that leave the source are deleted.")),
        optional(
            "deletionPolicy",
            string(
                "What happens to the objects when this is deleted; as spec.prune when not given.",
            )
            .one_of(&["MirrorPrune", "Delete", "WaitForTermination", "Orphan"]),
        ),
        optional(
            "force",
            boolean("Whether objects are recreated when an immutable field changes.")
                .default(false),
        ),
        optional("ignore", ignore_rules()),
    ]
}

fn health() -> Vec<super::schema::Member> {
    let check = vec![
        optional("apiVersion", string("API version; apps/v1 when not given.")),
        required("kind", string("Kind.")),
        required("name", string("Name.")),
        optional("namespace", string("Namespace.")),
    ];
    vec![
        optional("wait", boolean("Whether to wait for the health of all objects.")),
        optional(
            "healthChecks",
            list(object(check, "One of them."), "Objects to wait for, when spec.wait is not set."),
        ),
        optional("healthCheckExprs", health_check_exprs()),
    ]
}

fn status() -> Schema {
    let mut members = vec![
        optional("conditions", conditions()),
        optional("history", history()),
        optional("inventory", inventory()),
        optional("lastAppliedOriginRevision", string("Revision that revision was made from.")),
        optional("lastAppliedRevision", string("Revision of the last run that succeeded.")),
        optional("lastAttemptedRevision", string("Revision of the last run.")),
    ];
    members.extend(handled());
    object(members, "What was reached.").default(map! {"observedGeneration": -1})
}

fn history() -> Schema {
    let members = vec![
        required("digest", string("Digest of the rendered objects.")),
        required("firstReconciled", moment("When it was seen first.")),
        required("lastReconciled", moment("When it was seen last.")),
        required("lastReconciledDuration", string("How long the last run took.")),
        required("lastReconciledStatus", string("How it went, as the reason of Ready.")),
        optional("metadata", texts("Revision, and the revision it was made from.")),
        required("totalReconciliations", integer("How often it was seen.")),
    ];
    list(object(members, "One outcome."), "The last outcomes, newest first.")
}
