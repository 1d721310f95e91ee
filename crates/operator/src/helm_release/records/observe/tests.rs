use super::*;
use helm::release::{HookRun, Info, Status};
use object::{Dialect, from_yaml_one};

#[test]
fn no_values_have_the_digest_of_nothing() {
    let nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(values_digest(&Map::new()), nothing);
    let values = from_yaml_one("b: 1\na: {B: x, a: [1.0, 2.5]}\n", Dialect::Sigs).unwrap();
    let Value::Map(values) = values else { panic!("a map") };
    // Whole numbers without a point: what sigs.k8s.io/yaml makes of them.
    let yaml = "a:\n  B: x\n  a:\n  - 1\n  - 2.5\nb: 1\n";
    assert_eq!(values_digest(&values), source::blobs::digest(yaml.as_bytes()));
}

#[test]
fn a_record_is_hashed_in_the_order_of_go_and_without_its_tests() {
    let hook = |event: helm::HookEvent| StoredHook {
        hook: helm::Hook {
            name: "h".into(),
            kind: "Job".into(),
            path: "p".into(),
            manifest: "m<".into(),
            events: vec![event],
            weight: 0,
            delete_policies: Vec::new(),
            output_log_policies: Vec::new(),
        },
        last_run: HookRun::default(),
    };
    let metadata = object::map! {"version": "1.0.0", "name": "web", "apiVersion": "v2"};
    let mut release = Release {
        name: "app".into(),
        version: 3,
        info: Info {
            first_deployed: "2026-01-02T03:04:05Z".into(),
            status: Status::Deployed,
            description: "Upgrade complete".into(),
            ..Info::default()
        },
        chart: object::map! {"metadata": metadata}.into(),
        manifest: "---\n".into(),
        namespace: "ns".into(),
        hooks: vec![hook(helm::HookEvent::PreInstall)],
        ..Release::default()
    };
    let json = concat!(
        r#"{"name":"app","version":3,"info":{"first_deployed":"2026-01-02T03:04:05Z","#,
        r#""description":"Upgrade complete","status":"deployed"},"#,
        r#""chartMetadata":{"name":"web","version":"1.0.0","apiVersion":"v2"},"config":null,"#,
        r#""manifest":"---\n","hooks":[{"name":"h","kind":"Job","path":"p","manifest":"m\u003c","#,
        r#""events":["pre-install"],"last_run":{"phase":""}}],"namespace":"ns"}"#,
        "\n"
    );
    let wanted = source::blobs::digest(json.as_bytes());
    assert_eq!(digest(&release, ""), wanted);
    release.hooks.push(hook(helm::HookEvent::Test));
    assert_eq!(digest(&release, ""), wanted, "tests may be run by anybody at any time");
    assert_ne!(digest(&release, "sha256:x"), wanted);
}

#[test]
fn post_renderers_are_hashed_in_the_order_of_go() {
    let text = r#"[{"kustomize":{"patches":[{"patch":"p","target":{"kind":"Deployment","name":"a"}}],"images":[{"name":"i","newTag":"1"}]}}]"#;
    let value = object::from_json(text.as_bytes()).unwrap();
    let renderers: Vec<api::PostRenderer> = object::from_value(&value).unwrap();
    assert_eq!(renderers_digest(&renderers), json_digest(text.as_bytes()));
    assert_eq!(renderers_digest(&[]), "");
}
