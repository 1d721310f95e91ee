//! Whatever a template says, rendering it ends, and without a panic.

use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use windlass_gotemplate::{
    Entries, Functions, Limits, MissingKey, NoEnv, Options, Set, Value, contained,
};

static FUNCTIONS: LazyLock<Arc<Functions>> = LazyLock::new(|| Arc::new(Functions::helm()));
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let slow = ["gen", "bcrypt", "htpasswd", "derive", "buildCustomCert"];
    let mut names: Vec<String> = FUNCTIONS.names().map(str::to_owned).collect();
    names.retain(|n| !slow.iter().any(|s| n.starts_with(s)));
    names.sort_unstable();
    names
});

fn data() -> Value {
    let inner = Value::map(Entries::from_iter([("a", Value::int(1)), ("n", Value::Nil)]));
    Value::map(Entries::from_iter([
        ("s", Value::from("héllo wörld")),
        ("raw", Value::from_bytes(vec![0xff, b'a', 0xc3])),
        ("bytes", Value::Bytes(b"ab\xff".as_slice().into())),
        ("i", Value::int(3)),
        ("f", Value::from(2.5)),
        ("nan", Value::from(f64::NAN)),
        ("big", Value::from(1e300)),
        ("b", Value::from(true)),
        ("n", Value::Nil),
        ("l", Value::list(vec![Value::int(1), Value::from("x"), Value::Nil, inner.clone()])),
        ("ss", Value::strings(["b", "a"])),
        ("m", inner),
    ]))
}

/// Renders within narrow limits; how it ends does not matter.
fn render(text: &str) {
    let limits = Limits { depth: 60, output: 1 << 20, work: 200_000, memory: 16 << 20 };
    contained(|| {
        let options = Options {
            missing_key: MissingKey::Zero,
            limits,
            ..Options::new(Arc::clone(&FUNCTIONS))
        };
        let mut set = Set::new(options);
        if set.parse("t", text).is_ok() {
            let tree = set.tree("t", false).unwrap_or_default();
            assert!(tree.len() <= 20 * text.len() + 100);
            let _ = set.execute("t", &data(), &mut NoEnv);
        }
    });
}

fn operand() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            ".",
            "$",
            ".s",
            ".raw",
            ".bytes",
            ".i",
            ".f",
            ".nan",
            ".big",
            ".b",
            ".n",
            ".l",
            ".ss",
            ".m",
            ".m.a",
            ".x.y",
            "nil",
            "true",
            "1",
            "-1",
            "0",
            "1.5",
            "1e300",
            "9223372036854775807",
            "-9223372036854775808",
            "100000000000",
            "'x'",
            "1i",
            r#""""#,
            r#""a""#,
            r#""%d %s %v""#,
            r#""\xff""#,
            r#""{{.}}""#,
            r#""t""#,
            r#""[a-z]*""#,
            r#""{a: [1]}""#,
            r#""2006-01-02""#,
            r#""1.2.3""#,
            "`x: [`",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        (prop::sample::select(NAMES.clone()), prop::collection::vec(inner, 0..4))
            .prop_map(|(name, args)| format!("({name} {})", args.join(" ")))
    })
}

fn piece() -> impl Strategy<Value = String> {
    let value = operand().prop_map(|o| format!("{{{{ {o} }}}}"));
    let leaf = prop_oneof![
        4 => value,
        1 => Just("text\n  ".to_owned()),
        1 => operand().prop_map(|o| format!("{{{{- $x = {o} -}}}}")),
        1 => prop::sample::select(vec!["{{break}}", "{{continue}}", r#"{{template "d" .}}"#, r#"{{include "d" .}}"#])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let body = prop::collection::vec(inner, 0..4).prop_map(|b| b.concat());
        let keyword =
            prop::sample::select(vec!["if", "with", "range", "range $k, $v :=", "range $x ="]);
        (keyword, operand(), body.clone(), body).prop_map(|(keyword, operand, body, otherwise)| {
            format!("{{{{ {keyword} {operand} }}}}{body}{{{{ else }}}}{otherwise}{{{{ end }}}}")
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn templates_of_all_functions(pieces in prop::collection::vec(piece(), 1..5)) {
        let body = pieces.concat();
        render(&format!("{{{{ define \"d\" }}}}{{{{ $x := 1 }}}}{body}{{{{ end }}}}{{{{ $x := . }}}}{body}"));
    }

    #[test]
    fn any_text(text in r#"(\{\{|\}\}|-|[ \n.$|()"'`:=,é0-9a-z]|/\*|\*/|range|if|else|end|define|printf|nil){0,40}"#) {
        render(&text);
        render(&format!("{{{{{text}}}}}"));
    }
}

/// Values that contain themselves, and lists and texts that double.
#[test]
fn bombs() {
    for text in [
        r#"{{$d := dict}}{{$_ := set $d "d" $d}}{{$d}}{{toYaml $d}}{{toJson $d}}{{deepCopy $d}}"#,
        r#"{{$d := dict}}{{$_ := set $d "d" $d}}{{eq (deepEqual $d $d) true}}{{printf "%v" $d}}{{merge $d $d}}"#,
        r#"{{$x := list 1 2}}{{range until 1000}}{{$x = concat $x $x}}{{end}}"#,
        r#"{{$x := "ab"}}{{range until 1000}}{{$x = print $x $x}}{{end}}"#,
        r#"{{$x := list}}{{range until 1000000}}{{$x = list $x}}{{end}}{{$x}}"#,
        r#"{{$x := dict "a" 1}}{{range until 100}}{{$x = dict "a" $x "b" $x}}{{end}}{{toJson $x}}"#,
        r#"{{$x := dict "a" 1}}{{range until 100}}{{$x = dict "a" $x "b" $x}}{{end}}{{$x}}"#,
        r#"{{define "d"}}{{include "d" .}}{{include "d" .}}{{end}}{{include "d" .}}"#,
        r#"{{tpl "{{tpl . .}}" "{{tpl . .}}"}}"#,
        r#"{{define "d"}}{{tpl "{{include \"d\" .}}" .}}{{end}}{{include "d" .}}"#,
        "{{until 1000000000}}",
        "{{range 1000000000000}}{{end}}",
        r#"{{repeat 1000000000 "x"}}"#,
        r#"{{printf "%1000000d%1000000d" 1 2}}"#,
        r#"{{regexMatch "(a{1000}){1000}" "a"}}"#,
        r#"{{indent 1000000000 "x"}}"#,
    ] {
        render(text);
    }
}
