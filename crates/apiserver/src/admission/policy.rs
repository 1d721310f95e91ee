//! ValidatingAdmissionPolicies and their bindings.
//!
//! After `k8s.io/apiserver/pkg/admission/plugin/policy/validating`. Deliberately absent: the CEL library `authorizer`,
//! type checking (a type error shows when the expression runs).

use super::condition::{self, Conditions, evaluate};
use super::matching::Matching;
use super::request::Request;
use crate::rest::{Api, ApiError, Call, Cause, LabelSelector};
use crate::store::{Key, ListQuery, ResourceId, Stored, View};
use http::StatusCode;
use object::{Gvk, Manifest, Value, map};
use schema::FieldError;
use schema::rules::{Expression, Scope};
use std::collections::BTreeMap;
use std::sync::Arc;

const KNOWN: [&str; 6] =
    ["object", "oldObject", "request", "params", "namespaceObject", "variables"];
/// The longest computed message, in bytes.
const LONGEST_MESSAGE: usize = 5 * 1024;
/// The longest value of an audit annotation, in bytes.
const LONGEST_ANNOTATION: usize = 10 * 1024;

/// An expression with its text.
struct Compiled {
    text: String,
    expression: Result<Expression, String>,
}

impl Compiled {
    fn read(of: &Value, key: &str) -> Option<Self> {
        let text = of.get(key)?.as_str().filter(|t| !t.is_empty())?.to_owned();
        Some(Self { expression: Expression::compile(&text, &KNOWN), text })
    }

    fn evaluate(&self, scope: &mut Scope) -> Result<schema::rules::Evaluated, String> {
        evaluate(&self.expression, &self.text, scope)
    }
}

struct Validation {
    expression: Compiled,
    message: String,
    computed: Option<Compiled>,
    reason: &'static str,
}

pub(super) struct Policy {
    name: String,
    matching: Matching,
    conditions: Conditions,
    variables: Vec<(String, Compiled)>,
    validations: Vec<Validation>,
    annotations: Vec<(String, Compiled)>,
    params: Option<Gvk>,
    ignores_failures: bool,
}

pub(super) struct Binding {
    name: String,
    policy: String,
    matching: Option<Matching>,
    actions: Vec<String>,
    params: Option<Value>,
}

/// A policy with its bindings.
type Bound = (Arc<Policy>, Vec<Arc<Binding>>);

/// Policies and bindings of the store.
#[derive(Default)]
pub(super) struct Policies {
    policies: BTreeMap<String, Arc<Policy>>,
    bindings: BTreeMap<String, Arc<Binding>>,
    all: Arc<Vec<Bound>>,
}

impl Policies {
    /// Every policy that is bound.
    pub(super) fn all(&self) -> Arc<Vec<Bound>> {
        self.all.clone()
    }

    fn join(&mut self) {
        let of = |policy: &Arc<Policy>| {
            let bindings = self.bindings.values().filter(|b| b.policy == policy.name);
            (policy.clone(), bindings.cloned().collect::<Vec<_>>())
        };
        self.all =
            Arc::new(self.policies.values().map(of).filter(|(_, b)| !b.is_empty()).collect());
    }
}

impl View for Policies {
    fn put(&mut self, object: &Stored) {
        let (name, value) = (object.name().to_owned(), object.value());
        if object.key.resource.plural() == "validatingadmissionpolicies" {
            self.policies.insert(name, Arc::new(Policy::read(&value)));
        } else {
            self.bindings.insert(name, Arc::new(Binding::read(&value)));
        }
        self.join();
    }

    fn remove(&mut self, object: &Stored) {
        if object.key.resource.plural() == "validatingadmissionpolicies" {
            self.policies.remove(object.name());
        } else {
            self.bindings.remove(object.name());
        }
        self.join();
    }
}

fn items<'v>(of: &'v Value, key: &str) -> &'v [Value] {
    of.get(key).and_then(Value::as_list).unwrap_or_default()
}

fn text(of: &Value, key: &str) -> String {
    of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Policy {
    fn read(policy: &Value) -> Self {
        let none = Value::Null;
        let spec = policy.get("spec").unwrap_or(&none);
        let named = |list: &str, name: &str, expression: &str| {
            let read = |item: &Value| Some((text(item, name), Compiled::read(item, expression)?));
            items(spec, list).iter().filter_map(read).collect()
        };
        let validation = |v: &Value| {
            Some(Validation {
                expression: Compiled::read(v, "expression")?,
                message: text(v, "message").trim().to_owned(),
                computed: Compiled::read(v, "messageExpression"),
                reason: reason(&text(v, "reason")),
            })
        };
        let params = spec.get("paramKind").filter(|p| !p.is_null());
        Self {
            name: policy.name().to_owned(),
            matching: Matching::of_resources(spec.get("matchConstraints").unwrap_or(&none)),
            conditions: Conditions::read(spec, &KNOWN),
            variables: named("variables", "name", "expression"),
            validations: items(spec, "validations").iter().filter_map(validation).collect(),
            annotations: named("auditAnnotations", "key", "valueExpression"),
            params: params.map(|p| Gvk::from_api_version(&text(p, "apiVersion"), &text(p, "kind"))),
            ignores_failures: text(spec, "failurePolicy") == "Ignore",
        }
    }
}

impl Binding {
    fn read(binding: &Value) -> Self {
        let none = Value::Null;
        let spec = binding.get("spec").unwrap_or(&none);
        let actions = items(spec, "validationActions").iter().filter_map(Value::as_str);
        let given = |key: &str| spec.get(key).filter(|v| !v.is_null());
        Self {
            name: binding.name().to_owned(),
            policy: text(spec, "policyName"),
            matching: given("matchResources").map(Matching::of_resources),
            actions: actions.map(str::to_owned).collect(),
            params: given("paramRef").cloned(),
        }
    }
}

/// The reasons that a policy may give.
fn reason(text: &str) -> &'static str {
    match text {
        "Unauthorized" => "Unauthorized",
        "Forbidden" => "Forbidden",
        "RequestEntityTooLarge" => "RequestEntityTooLarge",
        _ => "Invalid",
    }
}

fn code(reason: &str) -> StatusCode {
    match reason {
        "Unauthorized" => StatusCode::UNAUTHORIZED,
        "Forbidden" => StatusCode::FORBIDDEN,
        "RequestEntityTooLarge" => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Something that a policy has against a request.
struct Objection {
    /// Which validation.
    index: usize,
    message: String,
    reason: &'static str,
}

/// What one evaluation of a policy gave.
#[derive(Default)]
struct Verdict {
    objections: Vec<Objection>,
    annotations: Vec<(String, String)>,
    /// Faults of audit annotations, which are always refusals.
    faults: Vec<String>,
}

/// Asks every policy that concerns the request.
///
/// # Errors
/// As the first policy that denies it has it.
pub(super) fn validate(
    api: &Api,
    call: &mut Call,
    request: &Request<'_>,
    policies: &[Bound],
    value: Option<&Value>,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    if is_review(request) {
        return Ok(());
    }
    let mut denied: Option<(String, &'static str)> = None;
    for (policy, bindings) in policies {
        let Some(served) = policy.matching.find(api, request, value, old)? else { continue };
        for binding in bindings {
            if let Some(matching) = &binding.matching
                && matching.find(api, request, value, old)?.is_none()
            {
                continue;
            }
            let by = format!(
                "ValidatingAdmissionPolicy '{}' with binding '{}' denied request: ",
                policy.name, binding.name
            );
            let params = match params(api, policy, binding, &request.target.namespace) {
                Ok(params) => params,
                Err(_) if policy.ignores_failures => continue,
                Err(fault) => {
                    denied.get_or_insert((
                        format!("{by}failed to configure binding: {fault}"),
                        "Invalid",
                    ));
                    continue;
                }
            };
            for param in params {
                let mut scope = condition::scope(request, &served, value, old)?;
                scope.set("params", &param);
                scope.set("namespaceObject", &namespace(api, request));
                let verdict = policy.judge(&mut scope);
                if let Some((message, reason)) = report(call, policy, binding, verdict) {
                    denied.get_or_insert((format!("{by}{message}"), reason));
                }
            }
        }
    }
    let Some((message, reason)) = denied else { return Ok(()) };
    let mut error = request.forbidden(&message);
    error.reason = reason;
    error.code = code(reason);
    Err(error.because(Cause { message, ..Cause::default() }))
}

/// Does what the binding says with a verdict; the objection that denies the request.
fn report(
    call: &mut Call,
    policy: &Policy,
    binding: &Binding,
    verdict: Verdict,
) -> Option<(String, &'static str)> {
    let mut denied = None;
    for objection in verdict.objections {
        for action in &binding.actions {
            match action.as_str() {
                "Deny" => drop(denied.get_or_insert((objection.message.clone(), objection.reason))),
                "Warn" => call.warn(format!(
                    "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {}",
                    policy.name, binding.name, objection.message
                )),
                _ => {
                    let actions =
                        binding.actions.iter().map(|a| a.as_str().into()).collect::<Vec<Value>>();
                    let failure = map! {
                        "message": objection.message.as_str(),
                        "policy": policy.name.as_str(),
                        "binding": binding.name.as_str(),
                        "expressionIndex": i64::try_from(objection.index).unwrap_or(i64::MAX),
                        "validationActions": actions,
                    };
                    let text = object::to_json(&vec![Value::from(failure)].into());
                    call.annotate(
                        "validation.policy.admission.k8s.io/validation_failure",
                        String::from_utf8_lossy(&text),
                    );
                }
            }
        }
    }
    for (key, value) in verdict.annotations {
        call.annotate(format!("{}/{key}", policy.name), value);
    }
    denied.or_else(|| verdict.faults.into_iter().next().map(|fault| (fault, "Invalid")))
}

impl Policy {
    fn judge(&self, scope: &mut Scope) -> Verdict {
        let mut verdict = Verdict::default();
        let failed = |verdict: &mut Verdict, index: usize, message: String| {
            if !self.ignores_failures {
                verdict.objections.push(Objection { index, message, reason: "Invalid" });
            }
        };
        match self.conditions.hold(scope) {
            Ok(true) => {}
            Ok(false) => return verdict,
            Err(fault) => {
                failed(&mut verdict, 0, fault);
                return verdict;
            }
        }
        let mut broken = Vec::new();
        for (name, variable) in &self.variables {
            match variable.evaluate(scope) {
                Ok(value) => scope.set_variable(name, value),
                // It matters only to those who use it.
                Err(fault) => {
                    let inner = fault.split_once("resulted in error: ").map_or(&*fault, |(_, e)| e);
                    let told = format!("composited variable {name:?} fails to evaluate: {inner}");
                    broken.push((format!("variables.{name}"), told));
                }
            }
        }
        for (index, validation) in self.validations.iter().enumerate() {
            match validation.expression.evaluate(scope) {
                Ok(value) if value.as_bool() == Some(true) => {}
                Ok(_) => {
                    let message = validation.says(scope);
                    verdict.objections.push(Objection {
                        index,
                        message,
                        reason: validation.reason,
                    });
                }
                Err(fault) => {
                    let text = &validation.expression.text;
                    let cause = broken.iter().find(|(name, _)| text.contains(name.as_str()));
                    let told = |(_, cause): &(String, String)| {
                        format!("expression '{text}' resulted in error: {cause}")
                    };
                    failed(&mut verdict, index, cause.map_or(fault, told));
                }
            }
        }
        self.annotate(scope, &mut verdict);
        verdict
    }

    fn annotate(&self, scope: &mut Scope, verdict: &mut Verdict) {
        for (key, expression) in &self.annotations {
            match expression.evaluate(scope) {
                Ok(value) if value.is_null() => {}
                Ok(value) => match value.as_str().map(str::trim) {
                    Some("") => {}
                    Some(text) => {
                        let end = text.floor_char_boundary(LONGEST_ANNOTATION);
                        verdict.annotations.push((key.clone(), text[..end].to_owned()));
                    }
                    None => verdict.faults.push(format!(
                        "valueExpression '{}' resulted in unsupported return type. Return type must be either string \
                         or null.",
                        expression.text
                    )),
                },
                Err(_) if self.ignores_failures => {}
                Err(fault) => verdict.faults.push(fault),
            }
        }
    }
}

impl Validation {
    /// The computed message, else the written one, else the expression.
    fn says(&self, scope: &mut Scope) -> String {
        let computed = self.computed.as_ref().and_then(|c| c.evaluate(scope).ok());
        let computed = computed.as_ref().and_then(|c| c.as_str()).map(str::trim);
        let usable = |m: &&str| !m.is_empty() && m.len() <= LONGEST_MESSAGE && !m.contains('\n');
        match computed.filter(usable) {
            Some(message) => message.to_owned(),
            None if !self.message.is_empty() => self.message.clone(),
            None => format!("failed expression: {}", self.expression.text.trim()),
        }
    }
}

/// Reviews of access are not judged: somebody who locked themselves out must be able to find out.
fn is_review(request: &Request<'_>) -> bool {
    let kind = &request.target.served.kind;
    (kind.group == "authentication.k8s.io" || kind.group == "authorization.k8s.io")
        && kind.kind.ends_with("Review")
}

fn namespace(api: &Api, request: &Request<'_>) -> Value {
    let name = &request.target.namespace;
    if name.is_empty() {
        return Value::Null;
    }
    let key = Key::new(&ResourceId::new("", "namespaces"), "", name);
    let mut namespace = api.store().newest(&key).map(|n| n.value()).unwrap_or_default();
    if !namespace.is_null() {
        namespace.metadata_mut().remove("managedFields");
    }
    namespace
}

/// The parameters that a policy is evaluated with: one `null` when it takes none.
fn params(
    api: &Api,
    policy: &Policy,
    binding: &Binding,
    namespace: &str,
) -> Result<Vec<Value>, String> {
    let (Some(kind), Some(wanted)) = (&policy.params, &binding.params) else {
        return Ok(vec![Value::Null]);
    };
    let snapshot = api.registry().snapshot();
    let unknown =
        || format!("paramKind kind `{}, Kind={}` not known", kind.api_version(), kind.kind);
    let served = snapshot.kind(kind).ok_or_else(unknown)?;
    let namespace = if served.kind.namespaced {
        let own = text(wanted, "namespace");
        if own.is_empty() { namespace.to_owned() } else { own }
    } else {
        String::new()
    };
    if served.kind.namespaced && namespace.is_empty() {
        return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".to_owned());
    }
    let seen = |stored: &Arc<Stored>| crate::convert::from_storage(served, stored.value());
    let name = text(wanted, "name");
    let found: Result<Vec<Value>, ApiError> = if !name.is_empty() {
        api.store().get(&Key::new(&served.id, &namespace, &name)).iter().map(seen).collect()
    } else {
        let selector = wanted.get("selector").and_then(LabelSelector::read).unwrap_or_default();
        let filter = |stored: &Stored| selector.matches(|key| stored.label(key));
        let query = ListQuery {
            namespace: Some(namespace.as_str()).filter(|n| !n.is_empty()),
            filter: Some(&filter),
            ..ListQuery::default()
        };
        let listing = api.store().list(&served.id, &query).map_err(|e| e.to_string())?;
        listing.items.iter().map(seen).collect()
    };
    let found = found.map_err(|e| e.to_string())?;
    if found.is_empty() && text(wanted, "parameterNotFoundAction") == "Deny" {
        return Err(
            "no params found for policy binding with `Deny` parameterNotFoundAction".to_owned()
        );
    }
    Ok(found)
}

/// What is wrong with a policy: constraints that are missing, expressions that do not compile.
pub(super) fn faults(policy: &Value) -> Vec<FieldError> {
    let none = Value::Null;
    let spec = policy.get("spec").unwrap_or(&none);
    let mut faults = Vec::new();
    let rules = spec.at(["matchConstraints", "resourceRules"]).and_then(Value::as_list);
    if rules.is_none_or(<[Value]>::is_empty) {
        faults.push(FieldError::required("spec.matchConstraints.resourceRules", ""));
    }
    for (list, member) in [
        ("matchConditions", "expression"),
        ("variables", "expression"),
        ("validations", "expression"),
        ("validations", "messageExpression"),
        ("auditAnnotations", "valueExpression"),
    ] {
        for (index, item) in items(spec, list).iter().enumerate() {
            if let Some(Compiled { text, expression: Err(fault) }) = Compiled::read(item, member) {
                let path = format!("spec.{list}[{index}].{member}");
                faults.push(FieldError::invalid(
                    path,
                    text,
                    format!("compilation failed: {fault}"),
                ));
            }
        }
    }
    faults
}
