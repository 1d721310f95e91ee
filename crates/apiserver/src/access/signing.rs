//! CertificateSigningRequests: who asked, who may approve, and the signer `kubernetes.io/kube-apiserver-client`.
//!
//! After `pkg/registry/certificates`, `plugin/pkg/admission/certificates` and `pkg/controller/certificates/signer`.
//! Deliberately absent: the signers of kubelets, cleaning up old requests.

use super::issuing::SigningRequest;
use super::{Attributes, Identity, MASTERS};
use crate::rest::{Api, ApiError, Call, Target};
use crate::store::Key;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::{Manifest, Value, map};

const GROUP: &str = "certificates.k8s.io";
const CLIENT: &str = "kubernetes.io/kube-apiserver-client";
const MANAGER: &str = "kube-controller-manager";
/// Seconds that a certificate lasts at most, and at least.
const LONGEST: i64 = 365 * 24 * 3600;
const SHORTEST: i64 = 600;
/// What such a certificate may be used for.
const USAGES: [&str; 3] = ["client auth", "digital signature", "key encipherment"];

fn is_request(target: &Target) -> bool {
    target.served.kind.group == GROUP && target.served.kind.kind == "CertificateSigningRequest"
}

fn spec<'v>(request: &'v Value, key: &'static str) -> &'v str {
    request.at(["spec", key]).and_then(Value::as_str).unwrap_or_default()
}

fn parsed(request: &Value) -> Option<SigningRequest> {
    let pem = STANDARD.decode(spec(request, "request")).ok()?;
    SigningRequest::read(std::str::from_utf8(&pem).ok()?)
}

/// Notes in a new request who asks; nobody becomes a member of `system:masters` this way.
pub(crate) fn prepare(call: &Call, target: &Target, request: &mut Value) -> Result<(), ApiError> {
    if !is_request(target) || !target.subresource.is_empty() {
        return Ok(());
    }
    let who = call.who.as_deref().cloned().unwrap_or_default();
    let mut info = who.user_info();
    let spec_of = request.make_map().entry("spec").make_map();
    for key in ["username", "uid", "groups", "extra"] {
        match info.remove(key) {
            Some(value) => drop(spec_of.insert(key, value)),
            None => drop(spec_of.remove(key)),
        }
    }
    let masters = |request: &Value| {
        parsed(request)
            .and_then(|r| r.user())
            .is_some_and(|(_, groups)| groups.iter().any(|g| g == MASTERS))
    };
    if spec(request, "signerName") == CLIENT && masters(request) {
        let why = format!("use of {CLIENT} signer with {MASTERS} group is not allowed");
        return Err(ApiError::forbidden(&target.served, request.name(), &why));
    }
    Ok(())
}

/// Whether a request may be approved or denied by `who`.
pub(crate) fn check_approval(
    api: &Api,
    who: Option<&Identity>,
    target: &Target,
    request: &Value,
) -> Result<(), ApiError> {
    if !is_request(target) || target.subresource != "approval" {
        return Ok(());
    }
    let Some(who) = who else { return Ok(()) };
    let signer = spec(request, "signerName");
    let domain = signer.split('/').next().unwrap_or_default();
    let may = |name: &str| {
        let asked = Attributes {
            verb: "approve".to_owned(),
            group: GROUP.to_owned(),
            version: "*".to_owned(),
            resource: "signers".to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        };
        api.access().allows(who, &asked)
    };
    if may(signer) || may(&format!("{domain}/*")) {
        return Ok(());
    }
    let why = format!("user not permitted to approve requests with signerName {signer:?}");
    Err(ApiError::forbidden(&target.served, request.name(), &why))
}

fn has_condition(request: &Value, type_: &str) -> bool {
    let conditions = request.at(["status", "conditions"]).and_then(Value::as_list);
    conditions.unwrap_or_default().iter().any(|c| {
        let text = |key: &str| c.get(key).and_then(Value::as_str).unwrap_or_default();
        text("type") == type_ && text("status") == "True"
    })
}

/// Whether a request waits for its certificate.
pub(crate) fn is_waiting(request: &Value) -> bool {
    spec(request, "signerName") == CLIENT
        && has_condition(request, "Approved")
        && !has_condition(request, "Denied")
        && !has_condition(request, "Failed")
        && request.at(["status", "certificate"]).is_none()
}

/// Signs an approved request, or says why it cannot be.
///
/// # Errors
/// When the request cannot be written.
pub(crate) async fn sign(api: &Api, key: &Key) -> Result<(), ApiError> {
    let Some(stored) = api.store().get(key) else { return Ok(()) };
    let request = stored.value();
    let Some(issuer) = api.authority().and_then(super::Authority::issuer) else { return Ok(()) };
    if !is_waiting(&request) {
        return Ok(());
    }
    let now = api.clock().now();
    let asked = request.at(["spec", "expirationSeconds"]).and_then(Value::as_int);
    let seconds = asked.map_or(LONGEST, |s| s.clamp(SHORTEST, LONGEST));
    let usages = request.at(["spec", "usages"]).and_then(Value::as_list).unwrap_or_default();
    let usages: Vec<&str> = usages.iter().filter_map(Value::as_str).collect();
    let fine = usages.contains(&USAGES[0]) && usages.iter().all(|usage| USAGES.contains(usage));
    let result = if fine {
        let issued = parsed(&request)
            .and_then(|r| issuer.issue(&r.subject, &r.public_key_info, now, seconds));
        issued.ok_or("the request cannot be read, or is not signed with the key it names")
    } else {
        Err(
            "usages did not match \"client auth\", with \"digital signature\" and \"key encipherment\" as the only others",
        )
    };
    let change = |request: &mut Value| {
        let status = request.make_map().entry("status").make_map();
        match &result {
            Ok(certificate) => drop(status.insert("certificate", STANDARD.encode(certificate))),
            Err(why) => {
                let time = crate::clock::seconds(now);
                let failed = map! {
                    "type": "Failed",
                    "status": "True",
                    "reason": "SignerValidationFailure",
                    "message": *why,
                    "lastUpdateTime": time.as_str(),
                    "lastTransitionTime": time.as_str(),
                };
                if let Some(conditions) = status.entry("conditions").as_list_mut() {
                    conditions.push(failed.into());
                }
            }
        }
    };
    api.modify_object(key, "status", MANAGER, change).await.map(drop)
}
