use super::parse::Url;

fn error(text: &str) -> String {
    Url::parse(text.as_bytes()).map(|_| ()).unwrap_err()
}

#[test]
fn parts_come_apart() {
    let url = Url::parse(b"HTTPS://us%40er:p%3As@[fe80::1%25en0]:80/a%20b/c?x=1&y#f%20g").unwrap();
    assert_eq!(url.scheme, b"https");
    assert_eq!(url.host, b"[fe80::1%en0]:80");
    assert_eq!(url.hostname(), b"fe80::1%en0");
    assert_eq!(url.path, b"/a b/c");
    assert_eq!(url.query, b"x=1&y");
    assert_eq!(url.fragment, b"f g");
    assert_eq!(url.user.as_ref().unwrap().encoded(), b"us%40er:p%3As");
}

#[test]
fn faults_have_gos_words() {
    assert_eq!(error(":x"), r#"parse ":x": missing protocol scheme"#);
    assert_eq!(
        error("a:b/c d\n"),
        "parse \"a:b/c d\\n\": net/url: invalid control character in URL"
    );
    assert_eq!(error("1a:b"), r#"parse "1a:b": first path segment in URL cannot contain colon"#);
    assert_eq!(error("http://h/%zz"), r#"parse "http://h/%zz": invalid URL escape "%zz""#);
    assert_eq!(error("http://h:p/"), r#"parse "http://h:p/": invalid port ":p" after host"#);
    assert_eq!(error("http://a b/"), r#"parse "http://a b/": invalid character " " in host name"#);
}
