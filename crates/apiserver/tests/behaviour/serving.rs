//! Discovery, documents, clients.
use super::*;

#[tokio::test]
async fn discovery_and_documents() {
    let api = server().await;
    let aggregated =
        [("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")];
    let reply = api.raw(Method::GET, "/apis", &aggregated, "").await;
    let kind = reply.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.contains("as=APIGroupDiscoveryList"), "{kind}");
    let (_, core) = api.get("/api/v1").await;
    assert_eq!(at(&core, "kind").as_str(), Some("APIResourceList"));
    let (_, version) = api.get("/version").await;
    assert!(at(&version, "gitVersion").as_str().unwrap().starts_with("v1.35."));
    let (_, index) = api.get("/openapi/v3").await;
    let url = index.at(["paths", "apis/apps/v1", "serverRelativeURL"]).unwrap().as_str().unwrap();
    let (code, document) = api.get(url).await;
    assert_eq!(code, 200);
    assert!(document.at(["paths", "/apis/apps/v1/namespaces/{namespace}/deployments"]).is_some());
    assert_eq!(api.get("/nothing").await.0, 404);
    let open = api.0.authenticating_service();
    for (path, expected) in [("/healthz", 200), ("/version", 200), ("/api/v1/nodes", 403)] {
        let request = Request::get(path).body(Full::new(Bytes::new())).unwrap();
        assert_eq!(open.clone().oneshot(request).await.unwrap().status().as_u16(), expected);
    }
}

#[tokio::test]
async fn a_kube_client_works_in_process() {
    use k8s_openapi::api::core::v1::ConfigMap;
    let api = server().await;
    let client = kube::Client::new(api.0.service(Identity::admin("kube")), "default");
    let maps: kube::Api<ConfigMap> = kube::Api::default_namespaced(client);
    let watched = maps.clone();
    let watch = tokio::spawn(async move {
        use futures::TryStreamExt;
        let stream = watched.watch(&kube::api::WatchParams::default(), "0").await.unwrap();
        let mut stream = std::pin::pin!(stream);
        loop {
            if let kube::api::WatchEvent::Added(map) = stream.try_next().await.unwrap().unwrap() {
                let name = map.metadata.name.unwrap();
                if name != ROOT_CERTIFICATE {
                    return name;
                }
            }
        }
    });
    let map = serde_json::from_str(&config_map("from-kube", "")).unwrap();
    maps.create(&Default::default(), &map).await.unwrap();
    assert_eq!(watch.await.unwrap(), "from-kube");
    let patch = kube::api::Patch::Apply(&map);
    maps.patch("from-kube", &kube::api::PatchParams::apply("me"), &patch).await.unwrap();
    assert_eq!(maps.list(&Default::default()).await.unwrap().items.len(), 2);
}
