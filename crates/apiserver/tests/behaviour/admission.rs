//! What may be stored: policies, webhooks, quotas, limits, accounts of Pods.
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, Mutex};

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const POLICY_BINDINGS: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
const PODS: &str = "/api/v1/namespaces/default/pods";
const QUOTAS: &str = "/api/v1/namespaces/default/resourcequotas";

fn json(yaml: &str) -> String {
    let value = object::from_yaml_one(yaml, object::Dialect::Sigs).unwrap();
    String::from_utf8(object::to_json(&value)).unwrap()
}

fn message(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, at(&answer.1, "message").as_str().unwrap_or_default())
}

fn policy(spec: &str) -> String {
    json(&format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {{name: p}}, spec: \
         {{matchConstraints: {{resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], \
         resources: [configmaps]}}]}}, {spec}}}}}"
    ))
}

fn policy_binding(rest: &str) -> String {
    json(&format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {{name: b}}, \
         spec: {{policyName: p, {rest}}}}}"
    ))
}

#[tokio::test]
async fn policies_deny_warn_and_pass() {
    let api = server().await;
    let spec = "variables: [{name: a, expression: 'object.data.a'}], validations: [{expression: 'variables.a != \"1\"', \
                messageExpression: '\"a is \" + variables.a'}]";
    let (code, answer) = api.post(POLICIES, &policy(spec)).await;
    assert_eq!(code, 201, "{answer:?}");
    assert_eq!(api.post(MAPS, &config_map("free", "")).await.0, 201, "it is not bound");
    api.post(POLICY_BINDINGS, &policy_binding("validationActions: [Deny]")).await;
    let refused = api.post(MAPS, &config_map("m", "")).await;
    assert_eq!(
        message(&refused),
        (
            422,
            r#"configmaps "m" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: a is 1"#
        )
    );
    assert_eq!(at(&refused.1, "reason").as_str(), Some("Invalid"));
    assert_eq!(api.post(MAPS, &config_map("m", "").replace(r#""1""#, r#""2""#)).await.0, 201);
    // What other versions and kinds are is none of its business.
    assert_eq!(
        api.post(
            "/api/v1/namespaces",
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}"#
        )
        .await
        .0,
        201
    );
    let path = format!("{POLICY_BINDINGS}/b");
    api.patch(&path, "merge-patch+json", r#"{"spec":{"validationActions":["Warn"]}}"#).await;
    let json = [("content-type", "application/json")];
    let warned = api.raw(Method::POST, MAPS, &json, &config_map("w", "")).await;
    assert_eq!(warned.status().as_u16(), 201);
    assert_eq!(
        warned.headers()["warning"],
        "299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': a is 1\""
    );
}

#[tokio::test]
async fn policies_take_parameters_and_conditions() {
    let api = server().await;
    let spec = "paramKind: {apiVersion: v1, kind: ConfigMap}, matchConditions: [{name: judged, expression: \
                'has(object.metadata.labels)'}], validations: [{expression: 'object.data.a == params.data.wanted', \
                message: not as wanted, reason: Forbidden}]";
    assert_eq!(api.post(POLICIES, &policy(spec)).await.0, 201);
    let bound =
        "validationActions: [Deny], paramRef: {name: settings, parameterNotFoundAction: Deny}";
    assert_eq!(api.post(POLICY_BINDINGS, &policy_binding(bound)).await.0, 201);
    let labelled = |name: &str| config_map(name, r#","labels":{"a":"b"}"#);
    let refused = api.post(MAPS, &labelled("m")).await;
    assert!(message(&refused).1.contains("no params found"), "{refused:?}");
    let settings = config_map("settings", "").replace(r#""a":"1""#, r#""wanted":"2""#);
    api.delete(&format!("{POLICY_BINDINGS}/b")).await;
    assert_eq!(api.post(MAPS, &settings).await.0, 201);
    api.post(POLICY_BINDINGS, &policy_binding(bound)).await;
    let refused = api.post(MAPS, &labelled("m")).await;
    assert_eq!(refused.0, 403);
    assert!(message(&refused).1.ends_with("denied request: not as wanted"), "{refused:?}");
    assert_eq!(api.post(MAPS, &config_map("unlabelled", "")).await.0, 201);
    assert_eq!(api.post(MAPS, &labelled("n").replace(r#""1""#, r#""2""#)).await.0, 201);
}

/// A webhook on a socket: answers what `answer` makes of the request, and remembers what it was asked.
async fn webhook(
    answer: impl Fn(&Value) -> Value + Send + Sync + 'static,
) -> (String, String, Arc<Mutex<Vec<Value>>>) {
    let other = server().await;
    let tls = other.0.credentials().tls(&[]).unwrap();
    let authority = STANDARD.encode(other.0.credentials().ca_pem());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/hook", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (seen, answer) = (asked.clone(), Arc::new(answer));
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(tls);
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, seen, answer) = (acceptor.clone(), seen.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let service = tower::service_fn(move |request: Request<hyper::body::Incoming>| {
                    let (seen, answer) = (seen.clone(), answer.clone());
                    async move {
                        let bytes = request.into_body().collect().await.unwrap().to_bytes();
                        let review = from_json(&bytes).unwrap();
                        seen.lock().unwrap().push(review.clone());
                        let body = object::to_json(&answer(&review));
                        Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(
                            Bytes::from(body),
                        )))
                    }
                });
                let service = hyper_util::service::TowerToHyperService::new(service);
                let builder = hyper_util::server::conn::auto::Builder::new(
                    hyper_util::rt::TokioExecutor::new(),
                );
                let _ =
                    builder.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
            });
        }
    });
    (url, authority, asked)
}

fn review(question: &Value, response: &str) -> Value {
    let uid = at(question, "request.uid").as_str().unwrap();
    let text = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{"uid":"{uid}",{response}}}}}"#
    );
    from_json(text.as_bytes()).unwrap()
}

fn configuration(kind: &str, url: &str, authority: &str, rest: &str) -> String {
    json(&format!(
        "{{apiVersion: admissionregistration.k8s.io/v1, kind: {kind}WebhookConfiguration, metadata: {{name: hooks}}, \
         webhooks: [{{name: a.example.org, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {{url: \
         '{url}', caBundle: {authority}}}, rules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE, DELETE], \
         resources: [configmaps]}}] {rest}}}]}}"
    ))
}

const MUTATING: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const VALIDATING: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

#[tokio::test]
async fn mutating_webhooks_change_what_is_created() {
    let api = server().await;
    let (url, authority, asked) = webhook(|question| {
        let patch =
            STANDARD.encode(r#"[{"op":"add","path":"/metadata/labels","value":{"by":"hook"}}]"#);
        let response = format!(
            r#""allowed":true,"patchType":"JSONPatch","patch":"{patch}","warnings":["careful"]"#
        );
        let creates = at(question, "request.operation").as_str() == Some("CREATE");
        review(question, if creates { &response } else { r#""allowed":true"# })
    })
    .await;
    let (code, answer) = api.post(MUTATING, &configuration("Mutating", &url, &authority, "")).await;
    assert_eq!(code, 201, "{answer:?}");
    let json = [("content-type", "application/json")];
    let reply = api.raw(Method::POST, MAPS, &json, &config_map("m", "")).await;
    assert_eq!(reply.status().as_u16(), 201);
    assert_eq!(reply.headers()["warning"], "299 - \"careful\"");
    let (_, map) = api.get(&format!("{MAPS}/m")).await;
    assert_eq!(map.label("by"), Some("hook"));
    let question = asked.lock().unwrap()[0].clone();
    assert_eq!(at(&question, "request.userInfo.username").as_str(), Some("test"));
    assert_eq!(at(&question, "request.object.data.a").as_str(), Some("1"));
    assert_eq!(at(&question, "request.name").as_str(), Some("m"));
    assert_eq!(at(&question, "request.resource.resource").as_str(), Some("configmaps"));
    assert_eq!(api.delete(&format!("{MAPS}/m")).await.0, 200);
    let question = asked.lock().unwrap()[1].clone();
    assert_eq!(at(&question, "request.operation").as_str(), Some("DELETE"));
    assert_eq!(at(&question, "request.oldObject.data.a").as_str(), Some("1"));
}

#[tokio::test]
async fn validating_webhooks_refuse() {
    let api = server().await;
    let (url, authority, asked) = webhook(|question| {
        review(question, r#""allowed":false,"status":{"code":403,"reason":"Forbidden","message":"no maps today"}"#)
    })
    .await;
    let with = |rest: &str| configuration("Validating", &url, &authority, rest);
    api.post(VALIDATING, &with(", objectSelector: {matchLabels: {judged: 'yes'}}")).await;
    assert_eq!(api.post(MAPS, &config_map("free", "")).await.0, 201);
    assert!(asked.lock().unwrap().is_empty());
    let judged = config_map("m", r#","labels":{"judged":"yes"}"#);
    let refused = api.post(MAPS, &judged).await;
    assert_eq!(
        message(&refused),
        (403, r#"admission webhook "a.example.org" denied the request: no maps today"#)
    );
    let put = async |text: &str| {
        let path = format!("{VALIDATING}/hooks");
        assert_eq!(api.delete(&path).await.0, 200);
        assert_eq!(api.post(VALIDATING, text).await.0, 201);
    };
    // Not in reach: refused, or passed over.
    let gone =
        with("").replace("/hook", "").replace("https://127.0.0.1:", "https://127.0.0.1:1?p=");
    put(&gone).await;
    let refused = api.post(MAPS, &config_map("x", "")).await;
    assert_eq!(refused.0, 500);
    let text = "Internal error occurred: failed calling webhook \"a.example.org\": failed to call webhook: Post ";
    assert!(message(&refused).1.starts_with(text), "{refused:?}");
    put(&gone.replace(
        r#""name":"a.example.org""#,
        r#""failurePolicy":"Ignore","name":"a.example.org""#,
    ))
    .await;
    assert_eq!(api.post(MAPS, &config_map("x", "")).await.0, 201);
    // Conditions and side effects.
    put(&with(", matchConditions: [{name: c, expression: 'object.metadata.name == \"other\"'}]"))
        .await;
    assert_eq!(api.post(MAPS, &config_map("y", "")).await.0, 201);
    // Webhooks that would have effects in a dry run cannot be configured, as in Kubernetes since v1.22.
    let effects = with("").replace(r#""sideEffects":"None""#, r#""sideEffects":"Some""#);
    assert_eq!(api.post(VALIDATING, &effects.replace("\"hooks\"", "\"more\"")).await.0, 422);
}

#[tokio::test]
async fn quotas_count_what_there_is() {
    let api = server().await;
    let quota = json(
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {configmaps: '3', \
         count/secrets: '1', pods: '1', requests.cpu: '1'}}}",
    );
    assert_eq!(api.post(QUOTAS, &quota).await.0, 201);
    assert_eq!(api.post(MAPS, &config_map("a", "")).await.0, 201);
    assert_eq!(api.post(MAPS, &config_map("b", "")).await.0, 201);
    let refused = api.post(MAPS, &config_map("c", "")).await;
    assert_eq!(
        message(&refused),
        (
            403,
            r#"configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=3, limited: configmaps=3"#
        )
    );
    api.delete(&format!("{MAPS}/a")).await;
    let used = async |name: &str| {
        let (_, quota) = api.get(&format!("{QUOTAS}/q")).await;
        quota.at(["status", "used", name]).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for _ in 0..100 {
        if used("configmaps").await == "2" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(used("configmaps").await, "2");
    assert_eq!(api.post(MAPS, &config_map("c", "")).await.0, 201);
    let pod = |name: &str, cpu: &str| {
        json(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{containers: [{{name: c, image: i, \
             resources: {{requests: {{cpu: {cpu}}}}}}}]}}}}"
        ))
    };
    let refused = api.post(PODS, &pod("big", "1500m")).await;
    assert!(
        message(&refused).1.contains(
            "requested: requests.cpu=1500m, used: requests.cpu=0, limited: requests.cpu=1"
        ),
        "{refused:?}"
    );
    assert_eq!(api.post(PODS, &pod("small", "500m")).await.0, 201);
    assert_eq!(used("requests.cpu").await, "500m");
    assert_eq!(api.post(PODS, &pod("second", "1m")).await.0, 403);
}

#[tokio::test]
async fn pods_have_an_account_and_limits() {
    let api = server().await;
    let pod = |rest: &str| {
        json(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{name: c, image: i}}] {rest}}}}}"
        ))
    };
    let refused = api.post(PODS, &pod(", serviceAccountName: nobody")).await;
    assert_eq!(
        message(&refused),
        (
            403,
            r#"pods "p" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found"#
        )
    );
    let range = json(
        "{apiVersion: v1, kind: LimitRange, metadata: {name: r}, spec: {limits: [{type: Container, default: {cpu: \
         500m}, defaultRequest: {cpu: 100m}, max: {cpu: '1'}}]}}",
    );
    assert_eq!(api.post("/api/v1/namespaces/default/limitranges", &range).await.0, 201);
    let (code, created) = api.post(PODS, &pod("")).await;
    assert_eq!(code, 201, "{created:?}");
    let container = at(&created, "spec.containers.0");
    assert_eq!(at(container, "resources.limits.cpu").as_str(), Some("500m"));
    assert_eq!(at(container, "resources.requests.cpu").as_str(), Some("100m"));
    assert_eq!(
        at(container, "volumeMounts.0.mountPath").as_str(),
        Some("/var/run/secrets/kubernetes.io/serviceaccount")
    );
    assert_eq!(at(&created, "spec.serviceAccountName").as_str(), Some("default"));
    let path = "spec.volumes.0.projected.sources.0.serviceAccountToken.expirationSeconds";
    assert_eq!(at(&created, path).as_int(), Some(3607));
    let greedy =
        pod("").replace(r#""image":"i""#, r#""image":"i","resources":{"limits":{"cpu":"2"}}"#);
    let refused = api.post(PODS, &greedy).await;
    assert_eq!(
        message(&refused).1,
        r#"pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2"#
    );
}

const WIDGETS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  conversion:
    strategy: Webhook
    webhook: {conversionReviewVersions: [v1], clientConfig: {url: 'URL', caBundle: BUNDLE}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {size: {type: string}}}}
  - name: v2
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, properties: {length: {type: integer}}}}
";

/// `size` of v1 is `length` of v2, as text.
fn converted(question: &Value) -> Value {
    let version = at(question, "request.desiredAPIVersion").as_str().unwrap();
    let one = |object: &Value| {
        let mut object = object.clone();
        let members = object.make_map();
        members.insert("apiVersion", version);
        match version {
            "example.org/v2" => {
                let size = members.remove("size").unwrap_or_default();
                let number: i64 = size.as_str().unwrap_or("0").parse().unwrap();
                members.insert("length", number);
            }
            _ => {
                let length = members.remove("length").and_then(|l| l.as_int()).unwrap_or(0);
                members.insert("size", length.to_string());
            }
        }
        object
    };
    let objects: Vec<Value> =
        at(question, "request.objects").as_list().unwrap().iter().map(one).collect();
    let mut answer = from_json(br#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","response":{"result":{"status":"Success"}}}"#).unwrap();
    let response = answer.make_map().entry("response").make_map();
    response.insert("uid", at(question, "request.uid").clone());
    response.insert("convertedObjects", objects);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_convert_custom_resources() {
    let api = server().await;
    let (url, authority, asked) = webhook(converted).await;
    let definition = json(&WIDGETS.replace("URL", &url).replace("BUNDLE", &authority));
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let (code, answer) = api.post(definitions, &definition).await;
    assert_eq!(code, 201, "{answer:?}");
    let widgets = |version: &str| format!("/apis/example.org/{version}/namespaces/default/widgets");
    let widget =
        r#"{"apiVersion":"example.org/v2","kind":"Widget","metadata":{"name":"w"},"length":7}"#;
    let (code, created) = api.post(&widgets("v2"), widget).await;
    assert_eq!(code, 201, "{created:?}");
    assert_eq!(at(&created, "length").as_int(), Some(7));
    let (_, stored) = api.get(&format!("{}/w", widgets("v1"))).await;
    assert_eq!(at(&stored, "size").as_str(), Some("7"));
    assert_eq!(at(&stored, "length"), &Value::Null);
    let path = format!("{}/w", widgets("v2"));
    let (code, changed) = api.patch(&path, "merge-patch+json", r#"{"length":8}"#).await;
    assert_eq!((code, at(&changed, "length").as_int()), (200, Some(8)), "{changed:?}");
    assert_eq!(at(&api.get(&format!("{}/w", widgets("v1"))).await.1, "size").as_str(), Some("8"));
    for n in 0..5 {
        api.post(&widgets("v1"), &format!(r#"{{"apiVersion":"example.org/v1","kind":"Widget","metadata":{{"name":"n{n}"}},"size":"{n}"}}"#)).await;
    }
    let before = asked.lock().unwrap().len();
    let (_, list) = api.get(&widgets("v2")).await;
    assert_eq!(at(&list, "items.3.length").as_int(), Some(3), "{list:?}");
    assert_eq!(asked.lock().unwrap().len(), before + 1, "a list asks once");
    let events = lines(
        api.raw(Method::GET, &format!("{}?watch=1", widgets("v2")), &[], "").await.into_body(),
        6,
    )
    .await;
    assert_eq!(at(&events[5], "object.length").as_int(), Some(8));
    // Out of reach: nothing is stored, and everybody is told why.
    let path = format!("{definitions}/widgets.example.org");
    let away =
        r#"{"spec":{"conversion":{"webhook":{"clientConfig":{"url":"https://127.0.0.1:1/"}}}}}"#;
    assert_eq!(api.patch(&path, "merge-patch+json", away).await.0, 200);
    let refused = api.post(&widgets("v2"), &widget.replace("\"w\"", "\"x\"")).await;
    assert_eq!(refused.0, 500);
    let text = "conversion webhook for example.org/v2, Kind=Widget failed: Post \"https://127.0.0.1:1/?timeout=30s\": ";
    assert!(message(&refused).1.starts_with(text), "{refused:?}");
    assert_eq!(api.get(&format!("{}/x", widgets("v1"))).await.0, 404);
}

#[tokio::test]
async fn policies_see_subresources_as_what_they_speak() {
    let api = server().await;
    let spec = "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: p}, spec: \
                {matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ['*'], resources: \
                [deployments/scale]}, {apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: \
                [serviceaccounts/token]}]}, validations: [{expression: 'object.kind != \"Scale\" || object.spec.replicas < 5'}, \
                {expression: 'object.kind != \"TokenRequest\"', message: no tokens}]}}";
    assert_eq!(api.post(POLICIES, &json(spec)).await.0, 201);
    api.post(POLICY_BINDINGS, &policy_binding("validationActions: [Deny]")).await;
    api.post(DEPLOYMENTS, DEPLOYMENT).await;
    let path = format!("{DEPLOYMENTS}/web/scale");
    let scaled = api.patch(&path, "merge-patch+json", r#"{"spec":{"replicas":2}}"#).await;
    assert_eq!(scaled.0, 200, "{scaled:?}");
    let refused = api.patch(&path, "merge-patch+json", r#"{"spec":{"replicas":7}}"#).await;
    assert!(message(&refused).1.contains("failed expression"), "{refused:?}");
    let token = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"#;
    let refused = api.post("/api/v1/namespaces/default/serviceaccounts/default/token", token).await;
    assert!(message(&refused).1.ends_with("no tokens"), "{refused:?}");
}
