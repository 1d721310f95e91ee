//! Who may do what: bindings, service accounts, certificates, admission.

use super::age::human_duration;
use super::cell::{Row, text};
use super::columns::{Column, Kind, col, int, wide};
use super::selector::selector_cell;
use jiff::SignedDuration;
use object::Value;

const BINDING_COLUMNS: &[Column] =
    &[col("Name"), col("Role"), col("Age"), wide("Users"), wide("Groups"), wide("ServiceAccounts")];
const WEBHOOK_COLUMNS: &[Column] = &[col("Name"), int("Webhooks"), col("Age")];
const POLICY_BINDING_COLUMNS: &[Column] =
    &[col("Name"), col("PolicyName"), col("ParamRef"), col("Age")];
const ADMISSION: &str = "admissionregistration.k8s.io";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "rbac.authorization.k8s.io",
        kind: "RoleBinding",
        columns: BINDING_COLUMNS,
        cells: binding,
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        kind: "ClusterRoleBinding",
        columns: BINDING_COLUMNS,
        cells: binding,
    },
    Kind {
        group: "",
        kind: "ServiceAccount",
        columns: &[col("Name"), col("Secrets"), col("Age")],
        cells: |row| vec![row.name(), row.count(["secrets"]).into(), row.age()],
    },
    Kind {
        group: "certificates.k8s.io",
        kind: "CertificateSigningRequest",
        columns: &[
            col("Name"),
            col("Age"),
            col("SignerName"),
            col("Requestor"),
            col("RequestedDuration"),
            col("Condition"),
        ],
        cells: signing_request,
    },
    Kind {
        group: "certificates.k8s.io",
        kind: "ClusterTrustBundle",
        columns: &[col("Name"), col("SignerName")],
        cells: |row| vec![row.name(), row.text_or(["spec", "signerName"], "<none>")],
    },
    Kind {
        group: ADMISSION,
        kind: "MutatingWebhookConfiguration",
        columns: WEBHOOK_COLUMNS,
        cells: webhooks,
    },
    Kind {
        group: ADMISSION,
        kind: "ValidatingWebhookConfiguration",
        columns: WEBHOOK_COLUMNS,
        cells: webhooks,
    },
    Kind {
        group: ADMISSION,
        kind: "ValidatingAdmissionPolicy",
        columns: &[col("Name"), int("Validations"), col("ParamKind"), col("Age")],
        cells: |row| policy(row, "validations"),
    },
    Kind {
        group: ADMISSION,
        kind: "MutatingAdmissionPolicy",
        columns: &[col("Name"), int("Mutations"), col("ParamKind"), col("Age")],
        cells: |row| policy(row, "mutations"),
    },
    Kind {
        group: ADMISSION,
        kind: "ValidatingAdmissionPolicyBinding",
        columns: POLICY_BINDING_COLUMNS,
        cells: policy_binding,
    },
    Kind {
        group: ADMISSION,
        kind: "MutatingAdmissionPolicyBinding",
        columns: POLICY_BINDING_COLUMNS,
        cells: policy_binding,
    },
];

fn binding(row: &Row<'_>) -> Vec<Value> {
    let role = format!("{}/{}", row.text(["roleRef", "kind"]), row.text(["roleRef", "name"]));
    let subjects = |kind: &str| {
        let of_kind = row.list(["subjects"]).iter().filter(|s| text(s, "kind") == kind);
        let names = of_kind.map(|s| match kind {
            "ServiceAccount" => format!("{}/{}", text(s, "namespace"), text(s, "name")),
            _ => text(s, "name").to_owned(),
        });
        Value::from(names.collect::<Vec<_>>().join(", "))
    };
    vec![
        row.name(),
        role.into(),
        row.age(),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

fn signing_request(row: &Row<'_>) -> Vec<Value> {
    let has =
        |kind: &str| row.list(["status", "conditions"]).iter().any(|c| text(c, "type") == kind);
    let mut state = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    }
    .to_owned();
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !row.text(["status", "certificate"]).is_empty() {
        state.push_str(",Issued");
    }
    let asked = row.at(["spec", "expirationSeconds"]).and_then(Value::as_int);
    let asked = asked.map_or("<none>".to_owned(), |s| human_duration(SignedDuration::from_secs(s)));
    vec![
        row.name(),
        row.age(),
        row.text_or(["spec", "signerName"], "<none>"),
        row.text(["spec", "username"]).into(),
        asked.into(),
        state.into(),
    ]
}

fn webhooks(row: &Row<'_>) -> Vec<Value> {
    vec![row.name(), row.count(["webhooks"]).into(), row.age()]
}

fn policy(row: &Row<'_>, rules: &str) -> Vec<Value> {
    let parameter = row.at(["spec", "paramKind"]).map_or("<unset>".to_owned(), |kind| {
        format!("{}/{}", text(kind, "apiVersion"), text(kind, "kind"))
    });
    vec![row.name(), row.count(["spec", rules]).into(), parameter.into(), row.age()]
}

fn policy_binding(row: &Row<'_>) -> Vec<Value> {
    let parameter = match row.at(["spec", "paramRef"]) {
        None => "<unset>".into(),
        Some(parameter) => match (text(parameter, "namespace"), text(parameter, "name")) {
            (_, "") => selector_cell(parameter.get("selector")),
            ("", name) => format!("*/{name}").into(),
            (namespace, name) => format!("{namespace}/{name}").into(),
        },
    };
    vec![row.name(), row.text(["spec", "policyName"]).into(), parameter, row.age()]
}
