use super::*;

fn matches(constraint: &str, version: &str) -> bool {
    Constraint::parse(constraint).unwrap().matches(&Version::parse(version).unwrap())
}

#[test]
fn groups_commas_and_spaces() {
    assert!(matches(">=1.2, <2 || ~3.1", "1.9.9"));
    assert!(matches(">=1.2 <2||~3.1", "3.1.5"));
    assert!(!matches(">=1.2,<2 || ~3.1", "2.0.0"));
    assert!(Constraint::parse(">=1.2<2").is_err());
}

#[test]
fn hyphen_ranges_are_rewritten() {
    let constraint = Constraint::parse("1.2 - 1.4.5 || 3 - 4").unwrap();
    assert_eq!(constraint.to_string(), ">=1.2 <=1.4.5 || >=3 <=4");
    assert!(constraint.matches(&Version::parse("4.9.0").unwrap()));
    assert!(!constraint.matches(&Version::parse("1.4.6").unwrap()));
}

#[test]
fn prereleases_match_where_the_group_names_one() {
    assert!(!matches(">=1.0", "1.1.0-rc.1"));
    assert!(matches(">=1.0-0", "1.1.0-rc.1"));
    assert!(!matches(">=1.0 || >=9.0-0", "1.1.0-rc.1"));
    let any = Constraint::parse("*").unwrap();
    let candidate = Version::parse("1.0.0-rc.1").unwrap();
    assert!(!any.matches(&candidate));
    assert!(any.with_prereleases().matches(&candidate));
}

#[test]
fn reasons_name_version_and_comparison() {
    let constraint = Constraint::parse("~1.2.3, !=1.2.5 || >4").unwrap();
    let reasons = constraint.validate(&Version::parse("v1.3.0").unwrap()).unwrap_err();
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "\"1.3.0\" does not have same major and minor version as \"1.2.3\"",
            "\"1.3.0\" is less than or equal to \"4\""
        ]
    );
}

#[test]
fn hostile_lengths_are_refused() {
    assert_eq!(Constraint::parse(&"1".repeat(513)).unwrap_err(), ConstraintError::TooLong);
    assert_eq!(Constraint::parse(&"1||".repeat(33)).unwrap_err(), ConstraintError::TooManyGroups);
}
