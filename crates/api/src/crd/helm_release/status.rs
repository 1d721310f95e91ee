//! `status` of a `HelmRelease`.

use super::super::schema::{
    Schema, count, integer, list, map_of, moment, object, optional, required, string,
};
use super::super::shared::{conditions, handled, inventory};
use object::map;

pub(super) fn status() -> Schema {
    let mut members = vec![
        optional("conditions", conditions()),
        optional("failures", integer("Failures since the last success.")),
        optional("helmChart", string("Namespace and name of the HelmChart that was made.")),
        optional("history", history()),
        optional("installFailures", integer("Failed installs since the last success.")),
        optional("inventory", inventory()),
        optional("lastAttemptedConfigDigest", string("Digest of the values of the last attempt.")),
        optional("lastAttemptedGeneration", integer("Generation of the last attempt.")),
        optional(
            "lastAttemptedReleaseAction",
            string("The last attempt.").one_of(&["install", "upgrade"]),
        ),
        optional("lastAttemptedReleaseActionDuration", string("How long the last attempt took.")),
        optional("lastAttemptedRevision", string("Version of the chart of the last attempt.")),
        optional("lastAttemptedRevisionDigest", string("Digest of that chart's OCI artifact.")),
        optional("lastAttemptedValuesChecksum", string("SHA-1 of the values; not written now.")),
        optional("lastHandledForceAt", string("The last reconcile.fluxcd.io/forceAt.")),
        optional("lastHandledResetAt", string("The last reconcile.fluxcd.io/resetAt.")),
        optional("lastReleaseRevision", count("Number of the last release; not written now.")),
        optional("observedCommonMetadataDigest", string("Digest of spec.commonMetadata.")),
        optional("observedPostRenderersDigest", string("Digest of spec.postRenderers.")),
        optional("storageNamespace", string("Namespace of the release's Secrets.").length(1, 63)),
        optional("upgradeFailures", integer("Failed upgrades since the last success.")),
    ];
    members.extend(handled());
    object(members, "What was reached.").default(map! {"observedGeneration": -1})
}

fn history() -> Schema {
    let test = vec![
        optional("lastCompleted", moment("When it ended.")),
        optional("lastStarted", moment("When it was started.")),
        optional("phase", string("How it went.")),
    ];
    let members = vec![
        optional("action", string("What was done: install or upgrade.")),
        optional("apiVersion", string("Layout of this record.")),
        optional("appVersion", string("Version of what the chart installs.")),
        required("chartName", string("Name of the chart.")),
        required("chartVersion", string("Version of the chart.")),
        required("configDigest", string("Digest of the values.")),
        optional("deleted", moment("When it was uninstalled.")),
        required("digest", string("Digest of the release as stored.")),
        required("firstDeployed", moment("When it was made.")),
        required("lastDeployed", moment("When it was last changed.")),
        required("name", string("Name of the release.")),
        required("namespace", string("Namespace of the release.")),
        optional("ociDigest", string("Digest of the chart's OCI artifact.")),
        required("status", string("Its state, in Helm's words.")),
        optional("testHooks", map_of(object(test, "One test."), "Tests and how they went.")),
        required("version", count("Number of the release.")),
    ];
    list(object(members, "One release."), "Releases since the last success, newest first.")
}
