use super::*;

#[test]
fn a_deployment_is_known() {
    let kind = kind("apps", "v1", "Deployment").unwrap();
    assert_eq!((kind.plural.as_str(), kind.short_names[0].as_str()), ("deployments", "deploy"));
    assert!(kind.namespaced && kind.has_status());
    assert_eq!(kind.subresource("scale").unwrap().speaks, Gvk::new("autoscaling", "v1", "Scale"));
    let schema = schema("apps", "v1", "Deployment").unwrap();
    let containers = schema.at(["spec", "template", "spec", "containers"]).unwrap();
    assert_eq!(containers.list_type(), ListType::Map);
    assert_eq!(containers.list_map_keys, ["name"]);
    assert_eq!(containers.patch.as_ref().unwrap().merge_key.as_deref(), Some("name"));
    let ports = containers.items.as_ref().unwrap().property("ports").unwrap();
    assert_eq!(ports.list_map_keys, ["containerPort", "protocol"]);
    assert_eq!(ports.at(["*", "protocol"]).unwrap().default, Some(Value::from("TCP")));
    let strategy = schema.at(["spec", "strategy"]).unwrap();
    assert!(strategy.patch.as_ref().unwrap().retain_keys);
    assert_eq!(strategy.name.as_deref(), Some("io.k8s.api.apps.v1.DeploymentStrategy"));
    let limits = containers.at(["*", "resources", "limits", "cpu"]).unwrap();
    assert_eq!((limits.type_, limits.format.as_deref()), (Type::IntOrString, Some("quantity")));
}

#[test]
fn every_kind_is_an_object_with_metadata_and_found_again() {
    let mut resources = 0;
    for kind in kinds() {
        let schema = schema(&kind.group, &kind.version, &kind.kind).unwrap();
        assert_eq!(schema.type_, Type::Object, "{}", kind.gvk());
        assert!(schema.property("apiVersion").is_some(), "{}", kind.gvk());
        assert!(std::ptr::eq(resource(&kind.group, &kind.version, &kind.plural).unwrap(), kind));
        resources += usize::from(kind.verbs.iter().any(|v| v == "list"));
        for sub in &kind.subresources {
            let speaks = &sub.speaks;
            if !speaks.kind.ends_with("Options") {
                assert!(
                    super::schema(&speaks.group, &speaks.version, &speaks.kind).is_some(),
                    "{speaks}"
                );
            }
        }
    }
    assert!(resources > 50, "{resources} kinds can be listed");
}

#[test]
fn every_line_decodes_and_every_number_points_at_a_line() {
    for (number, line) in ALL_TYPES.lines.iter().enumerate() {
        let schema = node(u16::try_from(number).unwrap());
        let members = line.split(' ').filter(|w| w.starts_with('.')).count();
        if !line.starts_with('=') {
            assert_eq!(schema.properties.len(), members, "{line}");
        }
        assert!(schema.properties.is_sorted_by(|a, b| a.name < b.name), "{line}");
        for property in &schema.properties {
            let Branch::Builtin(to) = &property.schema else { panic!("{line}") };
            assert!(usize::from(*to) < ALL_TYPES.lines.len(), "{line}");
        }
    }
    assert!(definition_names().len() > 500);
    assert!(definition_names().is_sorted());
}

#[test]
fn recursion_is_walked_by_the_value() {
    let props =
        definition("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
            .unwrap();
    let deep = ["properties", "a", "properties", "b", "properties", "c", "type"];
    assert_eq!(props.at(deep).unwrap().type_, Type::String);
}

#[test]
fn presence_is_what_go_does() {
    let presence = |kind: (&str, &str, &str), path: &[&str], name: &str| {
        let schema = schema(kind.0, kind.1, kind.2).unwrap().at(path.iter().copied()).unwrap();
        schema.properties.iter().find(|p| p.name == name).unwrap().presence
    };
    let deployment = ("apps", "v1", "Deployment");
    assert_eq!(presence(deployment, &["spec"], "replicas"), Presence::Given);
    assert_eq!(presence(deployment, &["spec"], "paused"), Presence::NotEmpty);
    assert_eq!(presence(deployment, &["spec"], "strategy"), Presence::Always);
    assert_eq!(presence(deployment, &["spec"], "selector"), Presence::AlwaysOrNull);
    assert_eq!(presence(deployment, &[], "status"), Presence::Always);
    assert_eq!(presence(deployment, &["metadata"], "creationTimestamp"), Presence::NotEmpty);
    let container = ["spec", "template", "spec", "containers", "*"];
    assert_eq!(presence(deployment, &container, "resources"), Presence::Always);
    assert_eq!(presence(deployment, &container, "image"), Presence::NotEmpty);
    assert_eq!(
        presence(deployment, &["status", "conditions", "*"], "lastUpdateTime"),
        Presence::AlwaysOrNull
    );
    let role = ("rbac.authorization.k8s.io", "v1", "ClusterRole");
    assert_eq!(presence(role, &[], "rules"), Presence::AlwaysOrNull);
    assert_eq!(presence(("", "v1", "ConfigMap"), &[], "data"), Presence::NotEmpty);
}
