//! Writes `facts/protobuf.txt`: the field numbers of the messages that clients send, from the `generated.proto`
//! files of Kubernetes' Go modules: `cargo run --example protobuf_facts -- FOLDER_OF_MODULES VERSION`, such as
//! `~/go/pkg/mod/k8s.io v0.35.0`. Only what is reached from the kinds that are served is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Messages = BTreeMap<String, Vec<(u32, String, String)>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("say where the modules are")?;
    let version = arguments.next().ok_or("say which version")?;
    let mut messages = Messages::new();
    for module in ["api", "apimachinery", "apiextensions-apiserver", "kube-aggregator"] {
        collect(&Path::new(&folder).join(format!("{module}@{version}")), &mut messages)?;
    }
    let mut wanted = BTreeSet::new();
    for kind in schema::builtin::kinds() {
        let package = match kind.group.as_str() {
            "" => "k8s.io.api.core".to_owned(),
            "apiextensions.k8s.io" => {
                "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions".to_owned()
            }
            "apiregistration.k8s.io" => {
                "k8s.io.kube_aggregator.pkg.apis.apiregistration".to_owned()
            }
            "flowcontrol.apiserver.k8s.io" => "k8s.io.api.flowcontrol".to_owned(),
            group => format!("k8s.io.api.{}", group.split('.').next().unwrap_or_default()),
        };
        reach(&format!("{package}.{}.{}", kind.version, kind.kind), &messages, &mut wanted);
    }
    let others = [
        "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions",
        "k8s.io.api.autoscaling.v1.Scale",
        "k8s.io.api.policy.v1.Eviction",
        "k8s.io.api.authentication.v1.TokenRequest",
    ];
    others.iter().for_each(|name| reach(name, &messages, &mut wanted));
    let text = print(&wanted, &messages, &version);
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("facts/protobuf.txt"), text)?;
    Ok(())
}

fn collect(folder: &Path, messages: &mut Messages) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, messages)?;
        } else if path.file_name().is_some_and(|n| n == "generated.proto") {
            parse(&std::fs::read_to_string(&path)?, messages);
        }
    }
    Ok(())
}

fn parse(text: &str, messages: &mut Messages) {
    let mut package = "";
    let mut message = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("package ") {
            package = name.trim_end_matches(';');
        } else if let Some(name) = line.strip_prefix("message ") {
            let name = format!("{package}.{}", name.trim_end_matches(" {"));
            messages.entry(name.clone()).or_default();
            message = Some(name);
        } else if let Some((declared, number)) = line.trim_end_matches(';').split_once(" = ")
            && let (Some(name), Ok(number)) = (&message, number.parse())
            && let Some((kind, field)) = declared.rsplit_once(' ')
        {
            let kind = kind.trim_start_matches("optional ").replace("repeated ", "*");
            let kind = kind.replace("map<string, ", "%").replace('>', "");
            let (mark, kind) = match kind.strip_prefix(['*', '%']) {
                Some(rest) => (kind[..1].to_owned(), rest.to_owned()),
                None => (String::new(), kind),
            };
            let kind = match kind.strip_prefix('.') {
                Some(full) => full.to_owned(),
                None if kind.chars().next().is_some_and(char::is_uppercase) => {
                    format!("{package}.{kind}")
                }
                None => kind,
            };
            if let Some(fields) = messages.get_mut(name) {
                fields.push((number, field.to_owned(), format!("{mark}{kind}")));
            }
        }
    }
}

fn reach(name: &str, messages: &Messages, wanted: &mut BTreeSet<String>) {
    let Some(fields) = messages.get(name) else { return };
    if wanted.insert(name.to_owned()) {
        for (_, _, kind) in fields {
            reach(kind.trim_start_matches(['*', '%']), messages, wanted);
        }
    }
}

fn print(wanted: &BTreeSet<String>, messages: &Messages, version: &str) -> String {
    let numbers: BTreeMap<&String, usize> =
        wanted.iter().enumerate().map(|(at, name)| (name, at)).collect();
    let mut out = format!(
        "# Kubernetes {version}. Generated: `cargo run --example protobuf_facts`. The form is told in \
         src/rest/protobuf.rs.\n"
    );
    for name in wanted {
        out.push_str(name);
        for (number, field, kind) in &messages[name] {
            let bare = kind.trim_start_matches(['*', '%']);
            let mark = &kind[..kind.len() - bare.len()];
            let short = match numbers.get(&bare.to_owned()) {
                Some(at) => at.to_string(),
                None => match bare {
                    "string" => "s".to_owned(),
                    "bool" => "b".to_owned(),
                    "bytes" => "y".to_owned(),
                    "double" => "d".to_owned(),
                    _ => "i".to_owned(),
                },
            };
            out.push_str(&format!(" {number}{field}={mark}{short}"));
        }
        out.push('\n');
    }
    out
}
