use super::*;

#[test]
fn values_stay_small() {
    assert!(size_of::<Value>() <= 24, "{}", size_of::<Value>());
    assert!(size_of::<Option<Value>>() <= 24);
}
