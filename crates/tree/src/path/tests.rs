use super::*;
use proptest::prelude::*;

#[test]
fn dots_and_slashes_vanish() {
    let path = TreePath::parse("/a//b/./c/../d/").unwrap();
    assert_eq!(path.as_str(), "a/b/d");
    assert_eq!(path.join("../../x").unwrap().as_str(), "a/x");
    assert_eq!(path.parent().unwrap().file_name(), "b");
    assert_eq!(TreePath::parse("./").unwrap().to_string(), ".");
}

#[test]
fn what_leads_outside_is_refused() {
    assert!(matches!(TreePath::parse(".."), Err(PathError::Outside(_))));
    assert!(matches!(TreePath::parse("a/../../b"), Err(PathError::Outside(_))));
    assert!(matches!(TreePath::root().join("/etc"), Err(PathError::Absolute(_))));
    assert!(matches!(TreePath::parse("a\0b"), Err(PathError::Character(_))));
}

#[test]
fn within_is_by_segments() {
    let directory = TreePath::parse("a/b").unwrap();
    assert!(TreePath::parse("a/b/c").unwrap().is_within(&directory));
    assert!(directory.is_within(&directory));
    assert!(!TreePath::parse("a/bc").unwrap().is_within(&directory));
    assert!(directory.is_within(&TreePath::root()));
}

proptest! {
    /// Whatever is joined to whatever, the result is inside and in normal form.
    #[test]
    fn no_text_leads_outside(
        base in "[a-c./]{0,10}",
        steps in proptest::collection::vec("([a-c]|\\.|\\.\\.|/|\\PC){0,8}", 0..6),
    ) {
        let mut path = TreePath::parse(&base).unwrap_or_default();
        // Depth as a machine would count it that only knows "up" and "down".
        for step in steps {
            let mut depth = path.segments().count() as i64;
            let mut lowest = depth;
            for segment in step.split('/') {
                depth += match segment { "" | "." => 0, ".." => -1, _ => 1 };
                lowest = lowest.min(depth);
            }
            let joined = path.join(&step);
            prop_assert_eq!(joined.is_ok(), lowest >= 0 && !step.starts_with('/'));
            let Ok(joined) = joined else { continue };
            prop_assert!(!joined.as_str().starts_with('/') && !joined.as_str().ends_with('/'));
            prop_assert!(joined.segments().all(|s| !matches!(s, "" | "." | "..")));
            prop_assert_eq!(joined.segments().count() as i64, depth);
            prop_assert_eq!(&TreePath::parse(joined.as_str()).unwrap(), &joined);
            path = joined;
        }
    }
}
