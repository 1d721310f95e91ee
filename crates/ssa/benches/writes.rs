//! What a write and a look at an event cost, for a Deployment of the usual size (about 4.5 KB of JSON, two
//! containers, two managers): `cargo bench -p windlass-ssa`.

#![expect(clippy::unwrap_used, reason = "a broken benchmark may end")]

use criterion::{Criterion, criterion_group, criterion_main};
use object::{Gvk, Value, from_json, to_json};
use std::hint::black_box;
use windlass_ssa::{
    FieldSet, OneVersion, Tracking, TypeRef, content_hash, in_sync, owned_hash, reset_fields,
};

fn desired() -> Value {
    let env: Vec<String> = (0..12)
        .map(|i| format!(r#"{{"name":"SETTING_{i}","value":"value number {i}"}}"#))
        .collect();
    let container = |name: &str| {
        format!(
            r#"{{"name":"{name}","image":"registry.example.com/team/{name}:1.2.3","env":[{}],
            "ports":[{{"containerPort":8080,"name":"http","protocol":"TCP"}}],
            "resources":{{"limits":{{"cpu":"500m","memory":"256Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},
            "livenessProbe":{{"httpGet":{{"path":"/healthz","port":"http"}},"periodSeconds":10}},
            "readinessProbe":{{"httpGet":{{"path":"/readyz","port":"http"}},"periodSeconds":10}},
            "volumeMounts":[{{"name":"config","mountPath":"/etc/config"}}]}}"#,
            env.join(",")
        )
    };
    let text = format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment",
        "metadata":{{"name":"web","namespace":"shop","labels":{{"app.kubernetes.io/name":"web","app.kubernetes.io/part-of":"shop"}}}},
        "spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{
          "metadata":{{"labels":{{"app":"web","version":"1.2.3"}},"annotations":{{"prometheus.io/scrape":"true"}}}},
          "spec":{{"serviceAccountName":"web","containers":[{},{}],
            "volumes":[{{"name":"config","configMap":{{"name":"web-config"}}}}]}}}}}}}}"#,
        container("web"),
        container("sidecar")
    );
    from_json(text.as_bytes()).unwrap()
}

fn status(n: i64) -> Value {
    let text = format!(
        r#"{{"replicas":{n},"readyReplicas":{n},"observedGeneration":1,"conditions":[
        {{"type":"Available","status":"True","reason":"MinimumReplicasAvailable","lastUpdateTime":"2026-01-01T00:00:00Z"}},
        {{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable","lastUpdateTime":"2026-01-01T00:00:00Z"}}]}}"#
    );
    from_json(text.as_bytes()).unwrap()
}

fn benches(c: &mut Criterion) {
    let gvk = Gvk::new("apps", "v1", "Deployment");
    let schema = schema::builtin::schema("apps", "v1", "Deployment").unwrap();
    let converter = OneVersion::new("apps/v1", TypeRef::object(schema));
    let endpoint = |subresource: &'static str| {
        Tracking::new(&converter, gvk.clone())
            .through(subresource)
            .resetting("apps/v1", reset_fields("apps", "Deployment", true, subresource))
    };
    let (object, through_status) = (endpoint(""), endpoint("status"));
    let desired = desired();
    let live = object.apply(None, &desired, "windlass", false, "2026-01-01T00:00:00Z").unwrap();
    let mut with_status = live.clone();
    with_status.make_map().insert("status", status(1));
    let live = through_status.update(
        Some(&live),
        with_status,
        "kube-controller-manager",
        "2026-01-01T00:00:01Z",
    );
    println!("the live object has {} bytes of JSON", to_json(&live).len());
    let now = "2026-01-01T00:00:02Z";

    let mut more_status = live.clone();
    more_status.make_map().insert("status", status(3));
    c.bench_function("update of the status", |b| {
        b.iter(|| {
            let new = more_status.clone();
            through_status.update(Some(&live), new, "kube-controller-manager", now)
        });
    });
    let mut scaled = live.clone();
    scaled.get_mut("spec").unwrap().make_map().insert("replicas", 5);
    c.bench_function("update of one field", |b| {
        b.iter(|| object.update(Some(&live), scaled.clone(), "kubectl-scale", now));
    });
    c.bench_function("update without a change", |b| {
        b.iter(|| object.update(Some(&live), live.clone(), "kubectl-edit", now));
    });
    c.bench_function("apply without a change", |b| {
        b.iter(|| object.apply(Some(&live), &desired, "windlass", true, now).unwrap());
    });
    let mut changed = desired.clone();
    changed.get_mut("spec").unwrap().make_map().insert("replicas", 5);
    c.bench_function("apply of one field", |b| {
        b.iter(|| object.apply(Some(&live), &changed, "windlass", true, now).unwrap());
    });
    let mut less = desired.clone();
    less.get_mut("spec").unwrap().make_map().remove("replicas");
    c.bench_function("apply that takes a field away", |b| {
        b.iter(|| object.apply(Some(&live), &less, "windlass", true, now).unwrap());
    });
    c.bench_function("create by apply", |b| {
        b.iter(|| object.apply(None, &desired, "windlass", true, now).unwrap());
    });
    c.bench_function("owned hash of an event", |b| {
        b.iter(|| owned_hash(black_box(&live), "windlass"));
    });
    c.bench_function("in sync", |b| {
        b.iter(|| in_sync(black_box(&desired), &live, "windlass"));
    });
    c.bench_function("content hash of a whole object", |b| {
        b.iter(|| content_hash(black_box(&live)));
    });
    let fields = live.at(["metadata", "managedFields"]).and_then(Value::as_list).unwrap();
    let fields = fields[0].get("fieldsV1").unwrap();
    c.bench_function("read a field set", |b| {
        b.iter(|| FieldSet::from_fields_v1(black_box(fields)).unwrap());
    });
    let set = FieldSet::from_fields_v1(fields).unwrap();
    c.bench_function("write a field set", |b| b.iter(|| black_box(&set).to_fields_v1()));
    c.bench_function("clone of the object, for comparison", |b| {
        b.iter(|| black_box(&live).clone())
    });
}

criterion_group!(all, benches);
criterion_main!(all);
