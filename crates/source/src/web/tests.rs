use super::fixture::Server;
use super::*;

#[test]
fn references_lead_where_browsers_would_go() {
    let base = "https://charts.example:8443/stable/index.yaml";
    for (reference, wanted) in [
        ("a-1.tgz", "https://charts.example:8443/stable/a-1.tgz"),
        ("./a-1.tgz", "https://charts.example:8443/stable/a-1.tgz"),
        ("../a-1.tgz?x=1/../2", "https://charts.example:8443/a-1.tgz?x=1/../2"),
        ("../../../a", "https://charts.example:8443/a"),
        ("/a", "https://charts.example:8443/a"),
        ("//other.example/a", "https://other.example/a"),
        ("http://third.example/a", "http://third.example/a"),
    ] {
        assert_eq!(resolve(base, reference).unwrap(), wanted, "{reference}");
    }
    assert!(resolve(base, "file:///etc/passwd").is_err());
    assert!(resolve(base, "oci://x/y").is_err());
}

#[test]
fn origins_know_the_usual_ports() {
    assert_eq!(origin("https://A.example/x"), origin("https://a.example:443/y"));
    assert_ne!(origin("http://a.example/x"), origin("https://a.example/x"));
    assert_ne!(origin("https://a.example.evil/"), origin("https://a.example/"));
    assert_eq!(url::without_user("https://me:pw@a.example/x"), "https://a.example/x");
}

#[tokio::test]
async fn credentials_do_not_follow_to_another_host() {
    let other = Server::start(|_| (200, vec![], b"there".to_vec())).await;
    let away = other.url("/b");
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/a" => (302, vec![("location", "/a2".to_owned())], vec![]),
        _ => (307, vec![("location", away.clone())], vec![]),
    })
    .await;
    let web = Web::new(&Tls::default(), Duration::from_secs(5)).unwrap();
    let login = Login::Basic { username: "me".into(), password: Secret::new("pw") };
    let url = server.url("/a");
    let question = Question { login: login.header().unwrap(), ..Question::get(&url) };
    let answer = web.ask(question).await.unwrap().accepted().await.unwrap();
    assert_eq!(answer.collect(100).await.unwrap(), b"there");
    assert!(server.asked().iter().all(|a| a.header("authorization") == Some("Basic bWU6cHc=")));
    assert_eq!(server.asked().len(), 2);
    assert_eq!(other.asked()[0].header("authorization"), None);
}

#[tokio::test]
async fn answers_are_bounded_and_errors_say_what_the_server_said() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/big" => (200, vec![], vec![b'x'; 4096]),
        "/loop" => (302, vec![("location", "/loop".to_owned())], vec![]),
        _ => (404, vec![], b"no such\nchart".to_vec()),
    })
    .await;
    let web = Web::new(&Tls::default(), Duration::from_secs(5)).unwrap();
    let ask = async |path: &str| web.ask(Question::get(&server.url(path))).await;
    let big = ask("/big").await.unwrap().collect(1000).await.unwrap_err();
    assert!(matches!(big, WebError::TooLarge { limit: 1000, .. }), "{big}");
    let gone = ask("/gone").await.unwrap().accepted().await.err().unwrap();
    assert!(gone.is_not_found());
    assert!(gone.to_string().ends_with("answers 404 Not Found: no such chart"), "{gone}");
    assert!(matches!(ask("/loop").await, Err(WebError::Redirect { .. })));
}
