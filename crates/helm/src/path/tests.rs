use super::*;

#[test]
fn paths_are_cleaned_as_in_go() {
    let cases = [
        ("", "."),
        ("a/./b//c/..", "a/b"),
        ("../a", "../a"),
        ("a/../..", ".."),
        ("/../a", "/a"),
        ("./", "."),
    ];
    for (path, expected) in cases {
        assert_eq!(clean(path), expected, "{path}");
    }
    assert_eq!((base("a/b/"), base(""), base("//")), ("b", ".", "/"));
    assert_eq!((extension("a.b/c"), extension("a/b.tar.gz")), ("", ".gz"));
}

#[test]
fn patterns_match_within_segments() {
    let cases = [
        ("*.txt", "a.txt", true),
        ("*.txt", "a/b.txt", false),
        ("a/*", "a/b", true),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "axxbyy", false),
        ("[a-c]?", "bz", true),
        ("[^a]", "a", false),
        ("\\*", "*", true),
        ("?", "/", false),
        ("*", "", true),
    ];
    for (pattern, name, expected) in cases {
        assert_eq!(Pattern::parse(pattern).unwrap().matches(name), expected, "{pattern} {name}");
    }
    for pattern in ["[", "[]", "[a", "a\\", "[a-"] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
}
