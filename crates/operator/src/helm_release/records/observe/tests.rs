use super::*;
use object::{Dialect, from_yaml_one};

#[test]
fn no_values_have_the_digest_of_nothing() {
    let nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(values_digest(&Map::new()), nothing);
    let values = from_yaml_one("b: 1\na: {B: x, a: [1.0, 2.5]}\n", Dialect::Sigs).unwrap();
    let Value::Map(values) = values else { panic!("a map") };
    // `B` before `a`, and whole numbers without a point: what sigs.k8s.io/yaml makes of them.
    let yaml = "a:\n  B: x\n  a:\n  - 1\n  - 2.5\nb: 1\n";
    assert_eq!(values_digest(&values), source::blobs::digest(yaml.as_bytes()));
}
