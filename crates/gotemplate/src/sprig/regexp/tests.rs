use super::*;

fn all(go: &str, text: &str) -> Vec<String> {
    let found = Pattern::compile(go).unwrap();
    found.all(text, -1).iter().map(|m| m.as_str().to_owned()).collect()
}

fn replaced(go: &str, text: &str, template: &str) -> String {
    let pattern = Pattern::compile(go).unwrap();
    pattern.replace(text, |captures, out| pattern.expand(template, captures, out))
}

#[test]
fn patterns_read_as_go_reads_them() {
    assert_eq!(all(r"\d+", "1 ٢ 3"), ["1", "3"]);
    assert_eq!(all("[[a]+", "[ab"), ["[a"]);
    assert_eq!(all("a{,2}", "a{,2}"), ["a{,2}"]);
    assert_eq!(all(r"\Qa.b\E+", "a.bb axb"), ["a.bb"]);
    assert_eq!(all("[]a]+", "a]b"), ["a]"]);
    assert_eq!(all(r"\bé", "é é"), [""; 0]);
    assert_eq!(all(r"\Bb", "ab b"), ["b"]);
    assert_eq!(all("(?i)STRASSE|(?P<n>x)(?P<n>y)", "strasse xy"), ["strasse", "xy"]);
    assert_eq!(all("a*", "baac"), ["", "aa", ""]);
}

#[test]
fn replacements_follow_gos_rules() {
    assert_eq!(replaced("a(x*)b", "-ab-axxb-", "$1W"), "---");
    assert_eq!(replaced("a(x*)b", "-ab-axxb-", "${1}W"), "-W-xxW-");
    assert_eq!(replaced("(?P<k>.)=(?P<v>.)", "a=b", "${v}=$k $$ $"), "b=a $ $");
    assert_eq!(replaced("x*", "abc", "-"), "-a-b-c-");
    assert_eq!(replaced("a*", "baac", "X"), "XbXcX");
}

#[test]
fn faults_are_told_in_gos_words() {
    for (go, text) in [
        ("(", "missing closing ): `(`"),
        (")", "unexpected ): `)`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){100}", "invalid repeat count: `{100}`"),
        ("[a", "missing closing ]: `[a`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\", "trailing backslash at end of expression: ``"),
        (r"\8", r"invalid escape sequence: `\8`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
        ("a|*", "missing argument to repetition operator: `*`"),
    ] {
        let error = Pattern::compile(go).map(|_| ()).unwrap_err();
        assert_eq!(error, format!("error parsing regexp: {text}"), "{go}");
    }
}
