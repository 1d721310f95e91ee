use super::*;

fn check(url: &str, expected: &str) {
    assert_eq!(Location::parse(url).unwrap().to_string(), expected, "{url}");
}

#[test]
fn the_forms_users_write() {
    check("https://user:pass@example.com/org/repo.git/", "https://example.com/org/repo.git");
    check("http://127.0.0.1:8080/repo", "http://127.0.0.1:8080/repo");
    check("ssh://git@example.com/org/repo", "ssh://example.com/org/repo");
    check("ssh://git@example.com:2222/org/repo", "ssh://example.com:2222/org/repo");
    check("git@example.com:org/repo.git", "ssh://example.com/org/repo.git");
    check("file:///srv/my%20repo", "/srv/my repo");
    check("/srv/repo", "/srv/repo");
    check("./repo", "./repo");
    check("https://[::1]:3000/x", "https://[::1]:3000/x");
}

#[test]
fn what_cannot_be_used_says_so_without_the_password() {
    for url in [
        "",
        "ftp://u:hunter2@h/x",
        "https://u:hunter2@/x",
        "https://u:hunter2@h:port/x",
        "ssh://u:hunter2@h",
        "https://-oProxy/x",
        "ssh://git@-oProxyCommand=x/y",
    ] {
        let error = Location::parse(url).unwrap_err();
        assert_eq!(error.reason().as_str(), "URLInvalid", "{url}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let location = Location::parse("https://u:hunter2@h/x").unwrap();
    assert!(!format!("{location} {location:?}").contains("hunter2"));
}

#[test]
fn submodule_urls_are_relative_to_the_repository() {
    let base = Location::parse("https://example.com/org/repo.git").unwrap();
    let join = |r: &str| base.join(r).unwrap().to_string();
    assert_eq!(join("../other.git"), "https://example.com/org/other.git");
    assert_eq!(join("./sub"), "https://example.com/org/repo.git/sub");
    assert_eq!(join("https://elsewhere.example/x"), "https://elsewhere.example/x");
    assert!(base.join("../../../x").is_err());
    assert!(!base.same_host(&base.join("https://elsewhere.example/x").unwrap()));
    assert!(base.same_host(&base.join("../x").unwrap()));
    assert!(!base.same_host(&Location::parse("http://example.com/org/repo.git").unwrap()));
}

#[test]
fn paths_of_this_machine_are_told_apart_however_they_are_written() {
    for url in ["/srv/x", "./x", "x", "file:///x", "FILE:///x", "file://x", "File:///x"] {
        assert!(Location::parse(url).unwrap().is_local(), "{url}");
    }
    for url in ["https://h/x", "HTTP://h/x", "ssh://h/x", "git@h:x", "h:x"] {
        assert!(!Location::parse(url).unwrap().is_local(), "{url}");
    }
}
