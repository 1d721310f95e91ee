use super::*;

#[test]
fn reads_and_writes_what_kubernetes_does() {
    let moment: Timestamp = "2026-11-21T04:06:03Z".parse().unwrap();
    assert_eq!(moment.to_string(), "2026-11-21T04:06:03Z");
    assert_eq!("2026-11-21T05:06:03.999+01:00".parse::<Timestamp>().unwrap(), moment);
    assert!("yesterday".parse::<Timestamp>().is_err());
    assert!(Timestamp::from_unix(i64::MAX).to_string().starts_with("9999-12-30T"));
    assert_eq!(Timestamp::from_unix(-5).to_string(), "1970-01-01T00:00:00Z");
}

#[test]
fn time_does_not_run_backwards() {
    let (early, late) = (Timestamp::from_unix(10), Timestamp::from_unix(25));
    assert_eq!(late.since(early).as_secs(), 15);
    assert_eq!(early.since(late).as_secs(), 0);
}
