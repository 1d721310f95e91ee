use super::stability;

#[test]
fn versions_are_ordered_as_kubernetes_does() {
    let ordered = ["foo", "v1alpha1", "v2alpha1", "v1beta1", "v1beta2", "v1", "v2", "v10"];
    for pair in ordered.windows(2) {
        assert!(stability(pair[0]) < stability(pair[1]), "{} before {}", pair[0], pair[1]);
    }
}
