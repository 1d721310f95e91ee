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
