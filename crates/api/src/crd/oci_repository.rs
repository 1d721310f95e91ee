//! The definition of `OCIRepository`.

use super::schema::{Schema, boolean, duration, object, optional, required, string};
use super::shared::{INTERVAL, SHORT, cloud, local, oci_verify, oidc_identities, source_status};
use super::{Column, Definition, READY, STATUS};
use crate::oci::OciRepository;
use object::map;

pub(super) fn definition() -> Definition {
    let mut status = source_status();
    status.extend([
        optional("observedIgnore", string("spec.ignore of the artifact.")),
        optional("observedLayerSelector", layer_selector()),
    ]);
    Definition {
        short: &["ocirepo"],
        categories: &["all", "fluxcd", "fluxcd-sources"],
        component: "source-controller",
        columns: vec![Column::text("URL", ".spec.url"), READY, STATUS, Column::age()],
        doc: "Files in an OCI registry that others use.",
        spec: spec(),
        status: object(status, "What was reached.").default(map! {"observedGeneration": -1}),
        ..Definition::of::<OciRepository>()
    }
}

fn layer_selector() -> Schema {
    let members = vec![
        optional("mediaType", string("Media type of the layer; the first layer when not given.")),
        optional(
            "operation",
            string("Whether the layer is extracted, or kept as it is.")
                .one_of(&["extract", "copy"]),
        ),
    ];
    object(members, "Which layer to take, and how.")
}

fn spec() -> Schema {
    let reference = vec![
        optional("digest", string("Digest to stay at.")),
        optional("semver", string("Range of versions; the highest matching tag is followed.")),
        optional("semverFilter", string("Regular expression; only tags that match count.")),
        optional("tag", string("Tag to follow.")),
    ];
    let root = optional("trustedRootSecretRef", local("Secret with another root of trust."));
    let members = vec![
        optional("certSecretRef", local("Secret with ca.crt, tls.crt and tls.key.")),
        optional("ignore", string("Files to leave out, in the notation of .gitignore.")),
        optional("insecure", boolean("Whether plain HTTP is spoken.")),
        required("interval", duration(INTERVAL, "How often to look for a new revision.")),
        optional("layerSelector", layer_selector()),
        cloud(),
        optional("proxySecretRef", local("Secret with address, username and password of a proxy.")),
        optional("ref", object(reference, "What to follow. A digest wins over semver and tag.")),
        optional("secretRef", local("Secret with .dockerconfigjson.")),
        optional("serviceAccountName", string("Account whose image pull secrets are used.")),
        optional("suspend", boolean("Whether to leave everything as it is.")),
        optional("timeout", duration(SHORT, "How long one fetch may take.").default("60s")),
        required("url", string("Address of the repository.").pattern("^oci://.*$")),
        optional("verify", oci_verify(vec![oidc_identities(), root])),
    ];
    object(members, "What is wanted.")
}
