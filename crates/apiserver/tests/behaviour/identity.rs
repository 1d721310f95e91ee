//! Who asks: tokens, certificates, impersonation, and the reviews about them.
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const ACCOUNTS: &str = "/api/v1/namespaces/default/serviceaccounts";

async fn with(api: &Asker, headers: &[(&str, &str)], path: &str) -> (u16, Value) {
    let mut request = Request::get(path);
    for (key, value) in headers {
        request = request.header(*key, *value);
    }
    let request = request.body(Full::new(Bytes::new())).unwrap();
    let reply = api.0.authenticating_service().oneshot(request).await.unwrap();
    let code = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (code, from_json(&bytes).unwrap_or_default())
}

async fn who_am_i(api: &Asker, token: &str) -> (u16, Value) {
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let body = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let reply = api.0.authenticating_service().oneshot(request).await.unwrap();
    let code = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (code, from_json(&bytes).unwrap_or_default())
}

async fn token(api: &Asker, spec: &str) -> (u16, Value) {
    let body = format!(
        r#"{{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{spec}}}"#
    );
    api.post(&format!("{ACCOUNTS}/default/token"), &body).await
}

#[tokio::test]
async fn tokens_of_accounts() {
    let api = server().await;
    let (code, answer) = token(&api, "{}").await;
    assert_eq!(code, 201, "{answer:?}");
    assert_eq!(at(&answer, "spec.expirationSeconds").as_int(), Some(3600));
    let issued = at(&answer, "status.token").as_str().unwrap().to_owned();
    let (code, me) = who_am_i(&api, &issued).await;
    assert_eq!(code, 201);
    assert_eq!(
        at(&me, "status.userInfo.username").as_str(),
        Some("system:serviceaccount:default:default")
    );
    let groups = at(&me, "status.userInfo.groups").as_list().unwrap();
    let groups: Vec<_> = groups.iter().filter_map(Value::as_str).collect();
    let expected =
        ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"];
    assert_eq!(groups, expected);
    let bearer = format!("Bearer {issued}");
    let refused = with(&api, &[("authorization", &bearer)], MAPS).await;
    assert_eq!(refused.0, 403);
    // For somebody else: not for this server.
    let (_, other) = token(&api, r#"{"audiences":["vault"]}"#).await;
    let other = at(&other, "status.token").as_str().unwrap().to_owned();
    assert_eq!(who_am_i(&api, &other).await.0, 401);
    let review = |token: &str, audiences: &str| {
        format!(
            r#"{{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{{"token":"{token}","audiences":{audiences}}}}}"#
        )
    };
    let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    let (_, seen) = api.post(reviews, &review(&other, r#"["vault"]"#)).await;
    assert_eq!(at(&seen, "status.authenticated").as_bool(), Some(true));
    assert_eq!(at(&seen, "status.audiences.0").as_str(), Some("vault"));
    let (_, seen) = api.post(reviews, &review("nonsense", "[]")).await;
    assert_eq!(at(&seen, "status.error").as_str(), Some("invalid bearer token"));
    let (code, refused) = token(&api, r#"{"expirationSeconds":10}"#).await;
    assert_eq!(code, 422);
    assert_eq!(
        at(&refused, "message").as_str(),
        Some(
            "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 10: may not \
             specify a duration less than 10 minutes"
        )
    );
    // With the account its tokens end, also when there is another account of that name.
    assert_eq!(api.delete(&format!("{ACCOUNTS}/default")).await.0, 200);
    assert_eq!(who_am_i(&api, &issued).await.0, 401);
    for _ in 0..100 {
        if api.get(&format!("{ACCOUNTS}/default")).await.0 == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(who_am_i(&api, &issued).await.0, 401);
}

#[tokio::test]
async fn tokens_bound_to_an_object_end_with_it() {
    let api = server().await;
    let secrets = "/api/v1/namespaces/default/secrets";
    let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}"#;
    api.post(secrets, secret).await;
    let bound = r#"{"boundObjectRef":{"apiVersion":"v1","kind":"Secret","name":"s"}}"#;
    let (code, answer) = token(&api, bound).await;
    assert_eq!(code, 201, "{answer:?}");
    let issued = at(&answer, "status.token").as_str().unwrap().to_owned();
    assert_eq!(who_am_i(&api, &issued).await.0, 201);
    api.delete(&format!("{secrets}/s")).await;
    assert_eq!(who_am_i(&api, &issued).await.0, 401);
    assert_eq!(token(&api, bound).await.0, 404);
}

#[tokio::test]
async fn secrets_with_tokens_are_filled_in() {
    let api = server().await;
    let secrets = "/api/v1/namespaces/default/secrets";
    let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"t",
        "annotations":{"kubernetes.io/service-account.name":"default"}},"type":"kubernetes.io/service-account-token"}"#;
    assert_eq!(api.post(secrets, secret).await.0, 201);
    let path = format!("{secrets}/t");
    let mut held = Value::Null;
    for _ in 0..100 {
        held = api.get(&path).await.1;
        if held.at(["data", "token"]).is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let decoded = |key: &str| {
        let text = held.at(["data", key]).unwrap().as_str().unwrap();
        String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
    };
    assert!(decoded("ca.crt").contains("BEGIN CERTIFICATE"));
    assert_eq!(decoded("namespace"), "default");
    assert_eq!(who_am_i(&api, &decoded("token")).await.0, 201);
    api.delete(&path).await;
    assert_eq!(who_am_i(&api, &decoded("token")).await.0, 401);
    let trusted = api.get(&format!("{MAPS}/kube-root-ca.crt")).await.1;
    assert!(trusted.at(["data", "ca.crt"]).is_some());
}

#[tokio::test]
async fn asking_as_somebody_else() {
    let api = server().await;
    let token = format!("Bearer {}", api.0.credentials().token());
    let admin = ("authorization", token.as_str());
    let jane = ("impersonate-user", "jane");
    assert_eq!(with(&api, &[admin], MAPS).await.0, 200);
    let refused = with(&api, &[admin, jane], MAPS).await;
    assert_eq!(refused.0, 403);
    assert!(at(&refused.1, "message").as_str().unwrap().contains(r#"User "jane" cannot list"#));
    let masters = ("impersonate-group", "system:masters");
    assert_eq!(with(&api, &[admin, jane, masters], MAPS).await.0, 200);
    let (code, refused) = with(&api, &[admin, masters], MAPS).await;
    assert_eq!(code, 400);
    assert_eq!(
        at(&refused, "message").as_str(),
        Some("requested [{Group  system:masters    }] without impersonating a user")
    );
    // Nobody becomes somebody else without being told that they may.
    let (code, refused) = with(&api, &[jane], MAPS).await;
    assert_eq!(code, 403);
    assert_eq!(
        at(&refused, "message").as_str(),
        Some(
            r#"users "jane" is forbidden: User "system:anonymous" cannot impersonate resource "users" in API group "" at the cluster scope"#
        )
    );
    assert_eq!(with(&api, &[("authorization", "Bearer wrong")], "/healthz").await.0, 401);
}

#[tokio::test]
async fn reviews_of_access() {
    let api = server().await;
    let jane = Identity::new("jane", &["system:authenticated"]);
    let selves = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let may = |verb: &str| {
        format!(
            r#"{{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
            "spec":{{"resourceAttributes":{{"verb":"{verb}","resource":"pods","namespace":"default"}}}}}}"#
        )
    };
    let (code, answer) = api.by(&jane, Method::POST, selves, &may("get")).await;
    assert_eq!((code, at(&answer, "status.allowed").as_bool()), (201, Some(false)));
    let (_, answer) = api.post(selves, &may("get")).await;
    assert_eq!(at(&answer, "status.allowed").as_bool(), Some(true));
    let others = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let ask = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",
        "spec":{"user":"jane","groups":["system:authenticated"],"nonResourceAttributes":{"verb":"get","path":"/api"}}}"#;
    let (_, answer) = api.post(others, ask).await;
    assert_eq!(at(&answer, "status.allowed").as_bool(), Some(true), "{answer:?}");
    assert_eq!(
        at(&answer, "status.reason").as_str(),
        Some(
            r#"RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated""#
        )
    );
    let nothing =
        r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{}}"#;
    assert_eq!(api.post(selves, nothing).await.0, 422);
    let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let ask = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"default"}}"#;
    let (_, answer) = api.by(&jane, Method::POST, rules, ask).await;
    assert!(at(&answer, "status.nonResourceRules").as_list().unwrap().len() > 1, "{answer:?}");
    assert_eq!(at(&answer, "status.incomplete").as_bool(), Some(false));
}

#[tokio::test]
async fn certificates_name_their_user() {
    let api = server().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = api.0.credentials().tls(&[]).unwrap();
    let served = api.0.clone();
    tokio::spawn(windlass_apiserver::serve(listener, served, tls, std::future::pending()));
    let ask = async |certificate: Option<(String, String)>| {
        let mut kubeconfig = api.0.kubeconfig(&address.to_string());
        let token = format!("token: {}", api.0.credentials().token());
        let own = certificate.map_or_else(String::new, |(certificate, key)| {
            let (certificate, key) = (STANDARD.encode(certificate), STANDARD.encode(key));
            format!("client-certificate-data: {certificate}\n    client-key-data: {key}")
        });
        kubeconfig = kubeconfig.replace(&token, &own);
        let kubeconfig = kube::config::Kubeconfig::from_yaml(&kubeconfig).unwrap();
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        let client = kube::Client::try_from(config).unwrap();
        let review = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
        let request = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
            .header("content-type", "application/json")
            .body(review.as_bytes().to_vec())
            .unwrap();
        let answer = client.request_text(request).await;
        answer.map(|text| from_json(text.as_bytes()).unwrap()).map_err(|e| e.to_string())
    };
    let made = api.0.credentials().client_certificate("jane", &["dev", "ops"]).unwrap();
    let me = ask(Some(made)).await.unwrap();
    assert_eq!(at(&me, "status.userInfo.username").as_str(), Some("jane"));
    assert_eq!(at(&me, "status.userInfo.groups.0").as_str(), Some("dev"));
    assert_eq!(at(&me, "status.userInfo.groups.1").as_str(), Some("ops"));
    let nobody = ask(None).await.unwrap_err();
    assert!(nobody.contains("system:anonymous"), "{nobody}");
    // Signed by somebody else: the connection is refused.
    let other = server().await;
    let strange = other.0.credentials().client_certificate("jane", &["dev"]).unwrap();
    assert!(ask(Some(strange)).await.is_err());
}

#[tokio::test]
async fn signing_requests_are_approved_and_signed() {
    let api = server().await;
    let requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = |group: &str| {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, group);
        params.distinguished_name.push(rcgen::DnType::CommonName, "jane");
        STANDARD.encode(params.serialize_request(&key).unwrap().pem().unwrap())
    };
    let request = |name: &str, group: &str| {
        format!(
            r#"{{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{{"name":"{name}"}},
            "spec":{{"request":"{}","signerName":"kubernetes.io/kube-apiserver-client","usages":["client auth"]}}}}"#,
            pem(group)
        )
    };
    let (code, made) = api.post(requests, &request("jane", "dev")).await;
    assert_eq!(code, 201, "{made:?}");
    assert_eq!(at(&made, "spec.username").as_str(), Some("test"));
    let refused = api.post(requests, &request("root", "system:masters")).await;
    assert_eq!(refused.0, 403, "{refused:?}");
    let path = format!("{requests}/jane");
    let mut approved = made.clone();
    let conditions = r#"{"conditions":[{"type":"Approved","status":"True","reason":"x","message":"x"}],"certificate":"AAAA"}"#;
    approved.make_map().insert("status", from_json(conditions.as_bytes()).unwrap());
    let approver = Identity::new("joe", &["system:authenticated"]);
    let role = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"approver"},"rules":[
        {"verbs":["update"],"apiGroups":["certificates.k8s.io"],"resources":["certificatesigningrequests/approval"]}]}"#;
    api.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", role).await;
    let binding = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"approver"},
        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"approver"},
        "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"joe"}]}"#;
    api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding).await;
    let body = String::from_utf8(object::to_json(&approved)).unwrap();
    let refused = api.by(&approver, Method::PUT, &format!("{path}/approval"), &body).await;
    assert_eq!(refused.0, 403, "{refused:?}");
    let text = r#"user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client""#;
    assert!(at(&refused.1, "message").as_str().unwrap().ends_with(text), "{refused:?}");
    let (code, answer) = api.put(&format!("{path}/approval"), &approved).await;
    assert_eq!(code, 200, "{answer:?}");
    assert_eq!(at(&answer, "status.certificate"), &Value::Null, "approving does not sign");
    for _ in 0..100 {
        let (_, now) = api.get(&path).await;
        if let Some(certificate) = at(&now, "status.certificate").as_str() {
            let pem = String::from_utf8(STANDARD.decode(certificate).unwrap()).unwrap();
            assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?}", api.get(&path).await);
}
