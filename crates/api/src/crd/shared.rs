//! Parts that several kinds have.

use super::schema::{
    Member, Schema, integer, list, moment, object, optional, required, string, texts,
};

/// Units of an interval.
pub(super) const INTERVAL: &str = "ms|s|m|h";
/// Units of a timeout of a source.
pub(super) const SHORT: &str = "ms|s|m";

/// The name of an object in the same namespace.
pub(super) fn local(doc: &str) -> Schema {
    object(vec![required("name", string("Name of the object."))], doc)
}

/// `status.conditions`.
pub(super) fn conditions() -> Schema {
    const LABEL: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    let kind = format!(r"^({LABEL}(\.{LABEL})*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$");
    let members = vec![
        required("lastTransitionTime", moment("When the status last changed.")),
        required("message", string("Details for people.").length(0, 32_768)),
        optional(
            "observedGeneration",
            integer("Generation of the resource the condition was computed for.").least(0),
        ),
        required(
            "reason",
            string("Why, in one CamelCase word.")
                .length(1, 1_024)
                .pattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
        ),
        required("status", string("Whether it holds.").one_of(&["True", "False", "Unknown"])),
        required("type", string("What the condition is about.").length(0, 316).pattern(&kind)),
    ];
    list(object(members, "One aspect of the state."), "The state, aspect by aspect.")
}

/// What a source holds.
pub(super) fn artifact(doc: &str) -> Schema {
    let members = vec![
        required(
            "digest",
            string("Digest of the tarball, as algorithm:hex.")
                .pattern("^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$"),
        ),
        required("lastUpdateTime", moment("When it was stored.")),
        optional("metadata", texts("What is known about its origin.")),
        required("path", string("Path of the tarball below the server's root.")),
        required("revision", string("Revision it was made from, such as main@sha1:<commit>.")),
        optional("size", integer("Size of the tarball in bytes.")),
        required("url", string("Address of the tarball.")),
    ];
    object(members, doc)
}

/// `status.lastHandledReconcileAt` and `status.observedGeneration`.
pub(super) fn handled() -> [Member; 2] {
    [
        optional(
            "lastHandledReconcileAt",
            string("The last reconcile.fluxcd.io/requestedAt that was answered."),
        ),
        optional("observedGeneration", integer("The last generation that was worked on.")),
    ]
}

/// Chooses objects.
pub(super) fn selector(doc: &str) -> Schema {
    let members = vec![
        optional("annotationSelector", string("Annotations, written as for kubectl -l.")),
        optional("group", string("API group, a regular expression.")),
        optional("kind", string("Kind, a regular expression.")),
        optional("labelSelector", string("Labels, written as for kubectl -l.")),
        optional("name", string("Name, a regular expression.")),
        optional("namespace", string("Namespace, a regular expression.")),
        optional("version", string("API version, a regular expression.")),
    ];
    object(members, doc)
}

/// `metadata` that is added to objects: labels and annotations.
pub(super) fn common_metadata(doc: &str) -> Schema {
    let members =
        vec![optional("annotations", texts("Annotations.")), optional("labels", texts("Labels."))];
    object(members, doc)
}

/// Images to replace.
pub(super) fn images() -> Schema {
    let image = vec![
        optional("digest", string("Digest to use; a tag does not count then.")),
        required("name", string("Name of the image, without tag.")),
        optional("newName", string("Name to use.")),
        optional("newTag", string("Tag to use.")),
    ];
    list(object(image, "One image."), "Images to replace.")
}

/// Patches of objects.
pub(super) fn patches() -> Schema {
    let patch = vec![
        required("patch", string("A strategic merge or JSON 6902 patch.")),
        optional("target", selector("What it is for; the object it names when not given.")),
    ];
    list(object(patch, "One patch."), "Patches of the objects.")
}

/// Fields that others may change.
pub(super) fn ignore_rules() -> Schema {
    let ignore = vec![
        required("paths", list(string("A JSON pointer."), "The fields.")),
        optional("target", selector("Objects it holds for; all when not given.")),
    ];
    list(object(ignore, "One rule."), "Fields that others may change.")
}

/// How the health of kinds is told.
pub(super) fn health_check_exprs() -> Schema {
    let expression = vec![
        required("apiVersion", string("API version; only its group counts.")),
        required("current", string("True in CEL when the object is healthy.")),
        optional("failed", string("True in CEL when it has failed.")),
        optional("inProgress", string("True in CEL when it is being worked on.")),
        optional("kind", string("Kind; all of the group when not given.")),
    ];
    list(object(expression, "One kind."), "How to tell the health of kinds.")
}

/// What has to be ready first.
pub(super) fn depends_on(doc: &str) -> Schema {
    let members = vec![
        required("name", string("Name.")),
        optional("namespace", string("Namespace; the same when not given.")),
        optional("readyExpr", string("When it is ready, in CEL over self and dep.")),
    ];
    list(object(members, "One of them."), doc)
}

/// Another cluster.
pub(super) fn kube_config() -> Schema {
    const ONE: &str = "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified";
    let secret = vec![
        optional("key", string("Key of the Secret; value or value.yaml when not given.")),
        required("name", string("Name of the Secret.")),
    ];
    let members = vec![
        optional("configMapRef", local("ConfigMap that says how to get in with a cloud identity.")),
        optional("secretRef", object(secret, "Secret with a kubeconfig.")),
    ];
    object(members, "Another cluster to apply to.").rules(&[
        ("has(self.configMapRef) || has(self.secretRef)", ONE),
        ("!has(self.configMapRef) || !has(self.secretRef)", ONE),
    ])
}

/// `status.inventory`.
pub(super) fn inventory() -> Schema {
    let entry = vec![
        required("id", string("The object, as namespace_name_group_kind.")),
        required("v", string("Its API version.")),
    ];
    let entries = list(object(entry, "One object."), "The objects.");
    object(vec![required("entries", entries)], "What was applied.")
}

/// Signatures to demand of something in a registry; `more` are members that not all kinds have.
pub(super) fn oci_verify(mut more: Vec<Member>) -> Schema {
    let mut members = vec![
        required(
            "provider",
            string("What checks the signatures.").one_of(&["cosign", "notation"]).default("cosign"),
        ),
        optional("secretRef", local("Secret with the keys that are trusted.")),
    ];
    members.append(&mut more);
    object(members, "Signatures to demand.")
}

/// `verify.matchOIDCIdentity`.
pub(super) fn oidc_identities() -> Member {
    let members = vec![
        required("issuer", string("Who vouches for it, a regular expression.")),
        required("subject", string("Who it is, a regular expression.")),
    ];
    optional(
        "matchOIDCIdentity",
        list(object(members, "One identity."), "Identities of which one has to have signed."),
    )
}

/// `provider` of what is read from a cloud.
pub(super) fn cloud() -> Member {
    optional(
        "provider",
        string("How to authenticate; generic means with a Secret.")
            .one_of(&["generic", "aws", "azure", "gcp"])
            .default("generic"),
    )
}

/// What the statuses of sources have in common.
pub(super) fn source_status() -> Vec<Member> {
    let mut members = vec![
        optional("artifact", artifact("What was stored last.")),
        optional("conditions", conditions()),
        optional("url", string("Where it can be had.")),
    ];
    members.extend(handled());
    members
}
