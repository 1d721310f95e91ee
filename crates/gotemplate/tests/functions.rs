//! The functions of Sprig and Helm: that all are there, what they give for the cases under `tests/cases` (their outcomes
//! are those of Helm 4.2's functions on Go 1.26), and that hostile use ends with an error.

use object::{Dialect, Value as Data, from_yaml_one};
use std::path::Path;
use std::sync::Arc;
use windlass_gotemplate::{
    Env, FunctionError, Functions, Limits, MissingKey, NoEnv, Numbers, Options, Set, Value,
};

/// What Helm 4 offers its templates beside the built-in functions.
const HELM: &str = include_str!("helm-functions.txt");

#[test]
fn every_function_of_helm_is_there() {
    let functions = Functions::helm();
    let missing: Vec<&str> = HELM.lines().filter(|name| !functions.has(name)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let builtin = Functions::builtin();
    let mut surplus: Vec<&str> = functions
        .names()
        .filter(|name| !builtin.has(name) && !HELM.lines().any(|known| known == *name))
        .collect();
    surplus.sort_unstable();
    assert!(surplus.is_empty(), "not Helm's: {surplus:?}");
}

fn render(template: &str, data: &Value, missing_key: MissingKey) -> Result<String, String> {
    render_in(template, data, missing_key, &mut NoEnv)
}

fn render_in(
    template: &str,
    data: &Value,
    missing_key: MissingKey,
    env: &mut dyn Env,
) -> Result<String, String> {
    let options = Options {
        name: "t".into(),
        missing_key,
        limits: Limits { work: 5_000_000, ..Limits::default() },
        ..Options::new(Arc::new(Functions::helm()))
    };
    let mut set = Set::new(options);
    set.parse("t", template).map_err(|e| e.to_string())?;
    set.execute("t", data, env).map_err(|e| e.to_string())
}

#[test]
fn functions_give_what_helms_give() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
    let (mut passed, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file = from_yaml_one(&text, Dialect::Sigs).unwrap();
        let data = file.get("data").unwrap();
        for case in file.get("cases").unwrap().as_list().unwrap() {
            let text = |key: &str| case.get(key).and_then(Data::as_str);
            let numbers = match text("numbers") {
                Some("float64") => Numbers::Float64,
                _ => Numbers::Int,
            };
            let missing_key = match text("missingkey") {
                Some("zero") => MissingKey::Zero,
                _ => MissingKey::Invalid,
            };
            let template = text("template").unwrap();
            let ours = render(template, &Value::from_object(data, numbers), missing_key);
            let theirs = match text("error") {
                Some(error) => Err(error.to_owned()),
                None => Ok(text("expected").unwrap().to_owned()),
            };
            if ours == theirs {
                passed += 1;
            } else {
                wrong.push(format!("{template}\n    ours {ours:?}\n    Go's {theirs:?}"));
            }
        }
    }
    println!("{passed} passed, {} failed", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(passed > 500, "the cases are gone");
}

/// Templates that would take all memory or time, or recurse for ever.
#[test]
fn hostile_use_ends_with_an_error() {
    let cycle = r#"{{ $d := dict }}{{ $_ := set $d "self" $d }}"#;
    let twice = r#"{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}"#;
    for template in [
        "{{ repeat 1000000000000 `x` }}".to_owned(),
        "{{ until 1000000000000 }}".to_owned(),
        "{{ untilStep 0 9223372036854775807 1 }}".to_owned(),
        "{{ seq 0 1 9223372036854775806 }}".to_owned(),
        "{{ indent 1000000000000 `x` }}".to_owned(),
        "{{ randAlphaNum 1000000000000 }}".to_owned(),
        "{{ randBytes 1000000000000 }}".to_owned(),
        "{{ $s := `x` }}{{ range until 100 }}{{ $s = print $s $s }}{{ end }}".to_owned(),
        "{{ $s := repeat 1000 `x` }}{{ replace `x` (repeat 1000000 `y`) $s }}".to_owned(),
        "{{ wrapWith 1 (repeat 1000000 `y`) (repeat 1000 `x`) }}".to_owned(),
        "{{ join (repeat 1000000 `y`) (until 1000) }}".to_owned(),
        "{{ regexReplaceAll `x` (repeat 1000 `x`) (repeat 1000000 `y`) }}".to_owned(),
        "{{ regexFind `((a{100}){10}){10}` `x` }}".to_owned(),
        "{{ regexFind (printf `%s%s` (repeat 2000 `(`) (repeat 2000 `)`)) `x` }}".to_owned(),
        "{{ fromJson (repeat 100000 `[`) | index `x` }}".to_owned(),
        format!("{cycle}{{{{ mustToYaml $d }}}}"),
        format!("{cycle}{{{{ mustToJson $d }}}}"),
        format!("{cycle}{{{{ mustToToml $d }}}}"),
        format!("{cycle}{{{{ deepCopy $d }}}}"),
        format!("{cycle}{{{{ $e := dict }}}}{{{{ $_ := set $e `self` $e }}}}{{{{ merge $d $e }}}}"),
        format!("{twice}{{{{ mustToJson $l }}}}"),
        format!("{twice}{{{{ deepCopy $l }}}}"),
        "{{ define `a` }}{{ include `a` . }}{{ end }}{{ include `a` . }}".to_owned(),
        "{{ $t := `{{ tpl .t . }}` }}{{ tpl $t (dict `t` $t) }}".to_owned(),
    ] {
        let outcome = render(&template, &Value::Nil, MissingKey::Invalid);
        assert!(outcome.is_err(), "{template}");
    }
}

/// Values that share parts or contain themselves can be compared.
#[test]
fn circles_are_compared() {
    let template = "{{ $a := dict }}{{ $_ := set $a `x` $a }}{{ $b := dict }}{{ $_ := set $b `x` $b }}\
        {{ deepEqual $a $b }} {{ $l := list 1 }}{{ $m := list 1 }}\
        {{ range until 60 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}";
    assert_eq!(render(template, &Value::Nil, MissingKey::Invalid).unwrap(), "true true");
}

/// Counts up: every render sees the same.
struct Counting(u8);

impl Env for Counting {
    fn now(&mut self) -> (i64, u32) {
        (1_700_000_000, 0)
    }

    fn random(&mut self, buffer: &mut [u8]) -> Result<(), FunctionError> {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(5).wrapping_add(3);
            *byte = self.0;
        }
        Ok(())
    }
}

#[test]
fn renders_with_the_same_outside_are_the_same() {
    let template = "{{ uuidv4 }} {{ randAlphaNum 20 }} {{ randInt 5 10 }} {{ shuffle `abcdef` }} {{ now }}\
        {{ encryptAES `k` `text` | decryptAES `k` }} {{ genPrivateKey `ecdsa` }} {{ bcrypt `x` }}";
    let once = || render_in(template, &Value::Nil, MissingKey::Invalid, &mut Counting(7)).unwrap();
    let first = once();
    assert_eq!(first, once());
    assert!(first.contains("text") && first.contains("2023-11-14 22:13:20 +0000 UTC"), "{first}");
    let without = render("{{ uuidv4 }}", &Value::Nil, MissingKey::Invalid).unwrap_err();
    assert!(without.contains("no source of randomness"), "{without}");
}
