use super::*;

fn key(group: &str, kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

#[test]
fn ids_are_flux_ids_and_can_be_read_back() {
    for (key, id_text) in [
        (key("apps", "Deployment", "bench", "app0000"), "bench_app0000_apps_Deployment"),
        (key("", "ServiceAccount", "bench", "app0000"), "bench_app0000__ServiceAccount"),
        (key("", "Namespace", "", "bench"), "_bench__Namespace"),
        (
            key(RBAC, "ClusterRole", "", "system:node:x"),
            "_system__node__x_rbac.authorization.k8s.io_ClusterRole",
        ),
    ] {
        assert_eq!(id(&key), id_text);
        let entry = entry(&key, "v1");
        assert_eq!(parse(&entry).unwrap().0, key);
    }
}

#[test]
fn malformed_ids_are_refused() {
    for text in ["", "a", "a_b", "a_b_c"] {
        let entry = InventoryEntry { id: text.to_owned(), v: "v1".to_owned() };
        assert_eq!(parse(&entry), Err(InventoryError(text.to_owned())));
    }
}
