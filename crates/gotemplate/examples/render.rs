//! Times the rendering of recorded templates: `cargo run --release --example render -- FILE...`
//!
//! A file is JSON: `Templates` (`Name`, `Text`, `Scope`), `Scopes` (the root objects), and, to compare with,
//! `Rendered` (name to output) and `Nanos` (the time the Go program took for one render).

#![expect(clippy::unwrap_used, reason = "an example may stop")]

use object::Value as Data;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};
use windlass_gotemplate::{
    Call, FunctionError, Functions, GoObject, Kind, Limits, Method, MissingKey, NoEnv, Numbers,
    Options, Set, Signature, Type, Value,
};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `.Files` and `.Capabilities.APIVersions`, as far as most charts use them.
struct Lookup {
    type_name: &'static str,
    items: Data,
}

impl GoObject for Lookup {
    fn go_type(&self) -> Type {
        Type::named(self.type_name, Kind::Map)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn method(&self, name: &str) -> Option<Method> {
        let signature = Signature::new(&[Type::String]);
        matches!(name, "Get" | "Has").then_some(Method { signature })
    }

    fn call(&self, name: &str, _: &mut Call<'_>, args: &[Value]) -> Result<Value, FunctionError> {
        let wanted = args[0].as_text().unwrap_or_default();
        Ok(match (name, &self.items) {
            ("Get", items) => items.get(&wanted).and_then(Data::as_str).unwrap_or_default().into(),
            (_, Data::List(items)) => items.iter().any(|i| i.as_str() == Some(&wanted)).into(),
            _ => false.into(),
        })
    }
}

fn scope(data: &Data) -> Value {
    let root = Value::from_object(data, Numbers::Float64);
    let map = root.as_map().unwrap();
    let files = data.get("Files").cloned().unwrap_or_default();
    map.insert("Files", Value::object(Lookup { type_name: "engine.files", items: files }));
    let capabilities = map.get("Capabilities").unwrap_or_default();
    if let Some(capabilities) = capabilities.as_map() {
        let items = data.at(["Capabilities", "APIVersions"]).cloned().unwrap_or_default();
        let versions = Lookup { type_name: "common.VersionSet", items };
        capabilities.insert("APIVersions", Value::object(versions));
    }
    root
}

fn compile(templates: &[Data], functions: &Arc<Functions>) -> Set {
    let mut set = Set::new(Options {
        name: "gotpl".into(),
        missing_key: MissingKey::Zero,
        limits: Limits::default(),
        ..Options::new(Arc::clone(functions))
    });
    for template in templates {
        let field = |key: &str| template.get(key).and_then(Data::as_str).unwrap();
        set.parse(field("Name"), field("Text")).unwrap();
    }
    set
}

/// The outputs that differ from the recorded ones, and how many are the same.
fn render(
    set: &Set,
    file: &Data,
    templates: &[Data],
    scopes: &[Value],
    compare: bool,
) -> (usize, Vec<String>) {
    let (mut same, mut different) = (0, Vec::new());
    for template in templates {
        let name = template.get("Name").and_then(Data::as_str).unwrap();
        if name.rsplit('/').next().unwrap().starts_with('_') {
            continue;
        }
        let scope = template.get("Scope").and_then(Data::as_int).unwrap();
        let root = &scopes[usize::try_from(scope).unwrap()];
        let folder = name.rsplit_once("/templates/").map_or(name, |(folder, _)| folder);
        let own = Value::map(windlass_gotemplate::Entries::from_iter([
            ("Name", Value::from(name)),
            ("BasePath", Value::from(format!("{folder}/templates"))),
        ]));
        root.as_map().unwrap().insert("Template", own);
        let output = set.execute(name, root, &mut NoEnv);
        if !compare {
            continue;
        }
        let expected = file.get("Rendered").and_then(|r| r.get(name)).and_then(Data::as_str);
        match output {
            Ok(text) if Some(text.replace("<no value>", "").as_str()) == expected => same += 1,
            Ok(_) => different.push(name.to_owned()),
            Err(error) => different.push(format!("{name}: {error}")),
        }
    }
    (same, different)
}

/// The best of a few runs.
fn best(mut f: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        f();
        start.elapsed()
    };
    (0..30).map(time).min().unwrap()
}

fn main() {
    let functions = Arc::new(Functions::helm());
    for path in std::env::args().skip(1) {
        let file = object::from_json(&std::fs::read(&path).unwrap()).unwrap();
        let templates = file.get("Templates").unwrap().as_list().unwrap();
        let set = compile(templates, &functions);
        let scopes = file.get("Scopes").unwrap().as_list().unwrap();
        let scopes: Vec<Value> = scopes.iter().map(scope).collect();
        let (same, different) = render(&set, &file, templates, &scopes, true);
        let parsing = best(|| drop(compile(templates, &functions)));
        let rendering = best(|| drop(render(&set, &file, templates, &scopes, false)));
        let go = file.get("Nanos").and_then(Data::as_int).unwrap_or_default();
        let go = Duration::from_nanos(go.unsigned_abs());
        println!(
            "{path}: {same} same, {} different; parse {parsing:?}, render {rendering:?}, Go both {go:?}: {:.1} times faster",
            different.len(),
            go.as_secs_f64() / (parsing + rendering).as_secs_f64(),
        );
        different
            .iter()
            .take(5)
            .for_each(|d| println!("  {}", d.chars().take(300).collect::<String>()));
    }
}
