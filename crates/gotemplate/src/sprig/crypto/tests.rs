use super::*;

#[test]
fn sums_are_the_known_ones() {
    assert_eq!(adler32(b"Wikipedia"), 300_286_872);
    assert_eq!(adler32(&[0xff; 100_000]), 345_649_196);
}

#[test]
fn bcrypt_gives_the_known_hash() {
    // Checked with Go's `CompareHashAndPassword`; the salt is `abcdefghijklmnopqrstuu`.
    let salt: [u8; 16] = *b"\x71\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a\xab\xb2\xdb\xaf\xc3";
    let hash = bcrypt::hash(b"allmine", &salt);
    assert_eq!(hash, "$2a$10$abcdefghijklmnopqrstuuRXn.H.TK1Zm6/NWJvZciW7xqpK0ZRuy");
}

#[test]
fn passwords_are_derived() {
    let derived = master_password::derive(1, "medium", [b"password", b"user", b"example.com"]);
    assert_eq!(derived.unwrap(), "ZedJuz8$");
}
