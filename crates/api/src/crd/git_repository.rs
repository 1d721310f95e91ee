//! The definition of `GitRepository`.

use super::schema::{Schema, boolean, duration, list, object, optional, required, string};
use super::shared::{INTERVAL, SHORT, artifact, conditions, handled, local};
use super::{Column, Definition, READY, STATUS};
use crate::source::GitRepository;
use object::map;

pub(super) fn definition() -> Definition {
    Definition {
        short: &["gitrepo"],
        categories: &["all", "fluxcd", "fluxcd-sources"],
        component: "source-controller",
        columns: vec![Column::text("URL", ".spec.url"), Column::age(), READY, STATUS],
        doc: "A Git repository whose files others use.",
        spec: spec(),
        status: status(),
        ..Definition::of::<GitRepository>()
    }
}

fn include(doc: &str) -> Schema {
    let members = vec![
        optional("fromPath", string("Directory to take from it; its root when not given.")),
        required("repository", local("The GitRepository to take files from.")),
        optional(
            "toPath",
            string("Directory to put them into; the repository's name when not given."),
        ),
    ];
    list(object(members, "One repository to take files from."), doc)
}

fn reference() -> Schema {
    let members = vec![
        optional("branch", string("Branch to follow; master when nothing is given.")),
        optional("commit", string("Commit to stay at; with a branch, only that is fetched.")),
        optional("name", string("Reference to follow, in full, such as refs/pull/420/head.")),
        optional("semver", string("Range of versions; the highest matching tag is followed.")),
        optional("tag", string("Tag to follow.")),
    ];
    object(members, "What to follow. A commit wins over a name, then semver, tag and branch.")
}

fn verify() -> Schema {
    let members = vec![
        optional(
            "mode",
            string("What has to be signed.")
                .one_of(&["head", "HEAD", "Tag", "TagAndHEAD"])
                .default("HEAD"),
        ),
        required("secretRef", local("Secret with the public keys that are trusted.")),
    ];
    object(members, "Signatures to demand.")
}

fn spec() -> Schema {
    let members = vec![
        optional("ignore", string("Files to leave out, in the notation of .gitignore.")),
        optional("include", include("Other repositories whose files are added.")),
        required("interval", duration(INTERVAL, "How often to look for a new revision.")),
        optional(
            "provider",
            string("How to authenticate; generic means with spec.secretRef.")
                .one_of(&["generic", "aws", "azure", "github"]),
        ),
        optional("proxySecretRef", local("Secret with address, username and password of a proxy.")),
        optional("recurseSubmodules", boolean("Whether submodules are brought in.")),
        optional("ref", reference()),
        optional(
            "secretRef",
            local(
                "Secret with username and password, bearerToken, identity and known_hosts, or ca.crt.",
            ),
        ),
        optional(
            "serviceAccountName",
            string("Account whose cloud identity authenticates; for azure and aws only."),
        ),
        optional(
            "sparseCheckout",
            list(string("A directory."), "Directories to keep; all when not given."),
        ),
        optional("suspend", boolean("Whether to leave everything as it is.")),
        optional("timeout", duration(SHORT, "How long one fetch may take.").default("60s")),
        required(
            "url",
            string("Address of the repository; `file://` only where the operator allows it.")
                .pattern("^(http|https|ssh|file)://.*$"),
        ),
        optional("verify", verify()),
    ];
    object(members, "What is wanted.").rules(&[(
        "!has(self.serviceAccountName) || (has(self.provider) && \
         (self.provider == 'azure' || self.provider == 'aws'))",
        "serviceAccountName can only be set when provider is 'azure' or 'aws'",
    )])
}

fn status() -> Schema {
    let mut members = vec![
        optional("artifact", artifact("What was stored last.")),
        optional("conditions", conditions()),
        optional(
            "includedArtifacts",
            list(artifact("One of them."), "What the included repositories held."),
        ),
        optional("observedIgnore", string("spec.ignore of the artifact.")),
        optional("observedInclude", include("spec.include of the artifact.")),
        optional("observedRecurseSubmodules", boolean("spec.recurseSubmodules of the artifact.")),
        optional(
            "observedSparseCheckout",
            list(string("A directory."), "spec.sparseCheckout of the artifact."),
        ),
        optional("sourceVerificationMode", string("spec.verify.mode the artifact passed.")),
    ];
    members.extend(handled());
    object(members, "What was reached.").default(map! {"observedGeneration": -1})
}
