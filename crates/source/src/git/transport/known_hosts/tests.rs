use super::*;

const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIKRk2mPXb4nFBtEbWNVsRRIIGXsOUUwqMDmFwzEi8vj";
const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

fn key(text: &str) -> PublicKey {
    PublicKey::from_openssh(text).unwrap()
}

fn check(line: &str, host: &str, port: u16, named: bool) {
    let keys = HostKeys::of(&format!("# a comment\n\n{line} {A} some comment\n"), host, port);
    assert_eq!(!keys.is_empty(), named, "{line} {host}:{port}");
}

#[test]
fn names_patterns_and_ports() {
    check("example.com", "example.com", 22, true);
    check("example.com", "Example.COM", 22, true);
    check("example.com", "example.com", 2222, false);
    check("[example.com]:2222", "example.com", 2222, true);
    check("a.example,*.example.com,10.0.0.?", "git.example.com", 22, true);
    check("a.example,*.example.com,10.0.0.?", "10.0.0.7", 22, true);
    check("*.example.com,!bad.example.com", "bad.example.com", 22, false);
    check("*", "[x]", 22, true);
    check("@cert-authority *", "example.com", 22, false);
    check("example.org", "example.com", 22, false);
}

#[test]
fn hashed_names() {
    let salt = [7_u8; 20];
    let hash = hmac_sha1(&salt, b"[git.example.com]:2222");
    let line = format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hash));
    check(&line, "git.example.com", 2222, true);
    check(&line, "git.example.com", 22, false);
}

#[test]
fn hmac_is_that_of_rfc_2202() {
    assert_eq!(hmac_sha1(&[0x0b; 20], b"Hi There")[..4], [0xb6, 0x17, 0x31, 0x86]);
    assert_eq!(
        hmac_sha1(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First")[..4],
        [0xaa, 0x4a, 0xe5, 0xe1]
    );
}

#[test]
fn a_key_is_known_changed_or_revoked() {
    let keys = HostKeys::of(&format!("h {A}\n@revoked h {B}\n"), "h", 22);
    assert_eq!(keys.standing(&key(A)), Standing::Known);
    assert_eq!(keys.standing(&key(B)), Standing::Revoked);
    assert_eq!(HostKeys::of(&format!("h {A}"), "h", 22).standing(&key(B)), Standing::Changed);
}

#[test]
fn stars_do_not_explode() {
    let pattern = "*a".repeat(40);
    let name = "a".repeat(10_000);
    assert!(!wildcard(format!("{pattern}b").as_bytes(), name.as_bytes()));
}
