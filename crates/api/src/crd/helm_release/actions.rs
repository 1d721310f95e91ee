//! The parts of a `HelmRelease` that say how each of Helm's actions is done.

use super::super::schema::{
    Member, Schema, boolean, count, duration, list, object, optional, required, string,
};
use super::super::shared::INTERVAL;

/// `install`, `upgrade`, `test`, `rollback`, `uninstall`.
pub(super) fn members() -> Vec<Member> {
    vec![
        optional("install", install()),
        optional("rollback", rollback()),
        optional("test", test()),
        optional("uninstall", uninstall()),
        optional("upgrade", upgrade()),
    ]
}

fn timeout() -> Member {
    optional("timeout", duration(INTERVAL, "How long it may take; spec.timeout by default."))
}

/// What every action that applies objects can leave out.
fn left_out() -> Vec<Member> {
    vec![
        optional("disableHooks", boolean("Whether hooks are left out.")),
        optional("disableWait", boolean("Whether health is not waited for.")),
        optional("disableWaitForJobs", boolean("Whether Jobs are not waited for.")),
        timeout(),
    ]
}

/// What installing and upgrading have in common besides.
fn releasing() -> Vec<Member> {
    let mut members = left_out();
    members.extend([
        optional(
            "crds",
            string("What happens to definitions of the chart.").one_of(&[
                "Skip",
                "Create",
                "CreateReplace",
            ]),
        ),
        optional("disableOpenAPIValidation", boolean("Whether objects are not validated.")),
        optional("disableSchemaValidation", boolean("Whether values are not validated.")),
        optional("disableTakeOwnership", boolean("Whether objects of others are refused.")),
    ]);
    members
}

fn strategy(rule: (&str, &str)) -> Member {
    let members = vec![
        required("name", string("Name.").one_of(&["RemediateOnFailure", "RetryOnFailure"])),
        optional("retryInterval", duration(INTERVAL, "Time until it is tried again.")),
    ];
    optional("strategy", object(members, "What to do when it fails, by name.").rules(&[rule]))
}

fn remediation(more: Vec<Member>) -> Member {
    let mut members = vec![
        optional("ignoreTestFailures", boolean("Whether failed tests are no failure.")),
        optional("remediateLastFailure", boolean("Whether to remediate also the last failure.")),
        optional("retries", count("How often to try again; negative for ever.")),
    ];
    members.extend(more);
    optional("remediation", object(members, "What to do when it fails."))
}

fn merging() -> Member {
    optional(
        "serverSideApply",
        string("Whether the server merges; auto as the last release did.")
            .one_of(&["enabled", "disabled", "auto"]),
    )
}

fn install() -> Schema {
    let mut members = releasing();
    members.extend([
        optional("createNamespace", boolean("Whether the target namespace is created.")),
        remediation(Vec::new()),
        optional("replace", boolean("Whether a name that was uninstalled is used again.")),
        optional("serverSideApply", boolean("Whether the server merges.")),
        optional("skipCRDs", boolean("Whether definitions are left out.")),
        strategy((
            "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
            ".retryInterval cannot be set when .name is 'RemediateOnFailure'",
        )),
    ]);
    object(members, "How it is installed.")
}

fn upgrade() -> Schema {
    let how = string("How to remediate.").one_of(&["rollback", "uninstall"]);
    let mut members = releasing();
    members.extend([
        optional(
            "chartNameChangeStrategy",
            string("What to do when the chart has another name.")
                .one_of(&["InPlaceUpdate", "Reinstall"]),
        ),
        optional("cleanupOnFail", boolean("Whether what a failed upgrade created is deleted.")),
        optional("force", boolean("Whether objects are recreated when they cannot be changed.")),
        optional("preserveValues", boolean("Whether values of the last release stay.")),
        remediation(vec![optional("strategy", how)]),
        merging(),
        strategy((
            "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
            ".retryInterval can only be set when .name is 'RetryOnFailure'",
        )),
    ]);
    object(members, "How it is upgraded.")
}

fn test() -> Schema {
    let filter = vec![
        optional("exclude", boolean("Whether it is left out instead.")),
        required("name", string("Name of the test.").length(1, 253)),
    ];
    let members = vec![
        optional("enable", boolean("Whether tests are run after installing and upgrading.")),
        optional("filters", list(object(filter, "One test."), "Which tests to run.")),
        optional("ignoreFailures", boolean("Whether failed tests are no failure.")),
        timeout(),
    ];
    object(members, "How it is tested.")
}

fn rollback() -> Schema {
    let mut members = left_out();
    members.extend([
        optional("cleanupOnFail", boolean("Whether what a failed rollback created is deleted.")),
        optional("force", boolean("Whether objects are recreated when they cannot be changed.")),
        optional("recreate", boolean("Whether pods are restarted.")),
        merging(),
    ]);
    object(members, "How it is rolled back.")
}

fn uninstall() -> Schema {
    let members = vec![
        optional(
            "deletionPropagation",
            string("How what depends on the objects is deleted.")
                .one_of(&["background", "foreground", "orphan"])
                .default("background"),
        ),
        optional("disableHooks", boolean("Whether hooks are left out.")),
        optional("disableWait", boolean("Whether it is not waited until all is gone.")),
        optional("keepHistory", boolean("Whether the release's Secrets are kept.")),
        timeout(),
    ];
    object(members, "How it is uninstalled.")
}
