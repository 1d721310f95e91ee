use super::{read, write};
use crate::value::Value;

fn round(text: &str) -> String {
    let value = read::document(text).unwrap();
    write::document(&value).unwrap().as_text().unwrap().into_owned()
}

fn error(text: &str) -> String {
    read::document(text).map(|_| ()).unwrap_err()
}

#[test]
fn documents_come_back() {
    let text = "a = 1\nb = [1, 2.5, \"x\\n\"]\nd = 1979-05-27\n\n[c]\n  d = true\n  [c.e]\n    f = 1.0\n\n[[t]]\n  x = 1\n\n[[t]]\n  y = 2\n";
    assert_eq!(round(text), text);
    assert_eq!(
        round("a.b.c = 1\n[a.d]\n\"e f\" = '''\nx'''"),
        "\n[a]\n  [a.b]\n    c = 1\n  [a.d]\n    \"e f\" = \"x\"\n".trim_start()
    );
    assert_eq!(
        round("t = [{a = 1}, {b = {c = 0x1f}}]"),
        "[[t]]\n  a = 1\n\n[[t]]\n  [t.b]\n    c = 31\n"
    );
}

#[test]
fn faults_have_gos_words() {
    for (text, wanted) in [
        ("one", "line 1: unexpected EOF; expected key separator '='"),
        ("é = 1", "line 1: expected '.' or '=', but got 'é' instead"),
        ("a = 1\na = 2", "line 2 (last key \"a\"): Key 'a' has already been defined."),
        ("a = \n", "line 1 (last key \"a\"): expected value but found '\\n' instead"),
        ("[a\nb = 1", "line 2: expected '.' or ']' to end table name, but got '\\n' instead"),
        (
            "a = [1, 2",
            "line 1 (last key \"a\"): expected a comma (',') or array terminator (']'), but got end of file",
        ),
        ("a = 01", "line 1 (last key \"a\"): Invalid integer \"01\": cannot have leading zeroes"),
    ] {
        assert_eq!(error(text), format!("toml: {wanted}"), "{text}");
    }
}

#[test]
fn nil_items_are_refused() {
    let list: Value = vec![Value::Nil].into();
    assert_eq!(
        write::document(&list).map(|_| ()).unwrap_err(),
        "toml: cannot encode array with nil element"
    );
}
