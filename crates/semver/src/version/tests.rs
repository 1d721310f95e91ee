use super::*;
use proptest::prelude::*;

#[test]
fn short_versions_are_filled_up_and_keep_their_text() {
    let version = Version::parse("v1.2-rc.1+b").unwrap();
    assert_eq!(version.to_string(), "1.2.0-rc.1+b");
    assert_eq!(version.original(), "v1.2-rc.1+b");
    assert_eq!(Version::parse("1.02.3").unwrap().minor(), 2);
}

#[test]
fn strict_reading_names_the_broken_rule() {
    let error = |text| Version::parse_strict(text).unwrap_err();
    assert_eq!(error(""), VersionError::Empty);
    assert_eq!(error("1.2"), VersionError::Invalid);
    assert_eq!(error("v1.2.3"), VersionError::Characters);
    assert_eq!(error("1.02.3"), VersionError::LeadingZero);
    assert_eq!(error("1.2.3-01"), VersionError::LeadingZero);
    assert_eq!(error("1.2.3-a..b"), VersionError::Prerelease);
    assert_eq!(error("1.2.3+"), VersionError::Metadata);
    assert!(Version::parse_strict("1.2.3-a.b+c.d").is_ok());
}

#[test]
fn flux_wants_three_segments() {
    assert!(Version::parse_full("1.2").is_err());
    assert!(Version::parse_full("v1.2.3").is_ok());
}

#[test]
fn prereleases_compare_part_by_part() {
    let ordered = [
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ];
    for pair in ordered.windows(2) {
        assert!(Version::parse(pair[0]).unwrap() < Version::parse(pair[1]).unwrap(), "{pair:?}");
    }
    assert_eq!(Version::parse("1.0.0+a").unwrap(), Version::parse("v1+b").unwrap());
}

proptest! {
    #[test]
    fn printing_and_reading_again_is_the_same(
        a in any::<u64>(), b in 0u64..100, c in 0u64..100, pre in "([a-z][a-z0-9-]{0,4}(\\.[a-z]{1,3})?)?"
    ) {
        let mut text = format!("{a}.{b}.{c}");
        if !pre.is_empty() {
            text = format!("{text}-{pre}");
        }
        let version = Version::parse_strict(&text).unwrap();
        prop_assert_eq!(version.to_string(), text.clone());
        prop_assert_eq!(Version::parse(&text).unwrap(), version);
    }

    #[test]
    fn any_text_reads_or_fails_without_panic(text in "\\PC{0,20}") {
        let _ = Version::parse(&text);
        let _ = Version::parse_strict(&text);
        let _ = crate::Constraint::parse(&text);
    }

    #[test]
    fn the_order_is_total(texts in proptest::collection::vec("[0-2]\\.[0-2](\\.[0-2])?(-[0ab1.]{1,4})?", 3)) {
        let v: Vec<Version> = texts.iter().filter_map(|t| Version::parse(t).ok()).collect();
        if let [a, b, c] = &v[..] {
            prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }
}
