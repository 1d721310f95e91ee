//! ConfigMaps and Secrets out of literals, files and env files.
//!
//! Source: `api/internal/generators`, `api/kv/kv.go`, `kyaml/yaml/datamap.go`.

use crate::error::{BuildError, Fault};
use crate::kustomization::GeneratorArgs;
use crate::load::{Loader, Root};
use crate::node::{Map, Node, Scalar, Tag};
use crate::resource::{Behavior, Resource};
use base64::Engine as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use tree::TreePath;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    ConfigMap,
    Secret,
}

impl What {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

/// Longest line an env file may have (Go's scanner stops there).
const LINE: usize = 64 * 1024;

/// Makes one ConfigMap or Secret.
///
/// # Errors
/// When it has no name, a source does not exist or does not read, or a key stands twice.
pub(crate) fn generate(
    what: What,
    args: &GeneratorArgs,
    loader: &Loader<'_>,
    root: &Root,
    file: &Arc<TreePath>,
) -> Result<Resource, BuildError> {
    if args.name.is_empty() {
        let message = format!("a {} is generated without a name; add one", what.kind());
        return Err(BuildError::new(Fault::Syntax, message).in_file(file));
    }
    let object = format!("v1 {} {}", what.kind(), args.name);
    let data = data(args, loader, root).map_err(|e| e.on(&object).in_file(file))?;
    let mut map = Map::default();
    map.push("apiVersion", Node::string("v1"));
    map.push("kind", Node::string(what.kind()));
    let mut metadata = Map::default();
    metadata.set_field("name", Node::untyped(args.name.as_str()));
    if !args.namespace.is_empty() {
        metadata.set_field("namespace", Node::untyped(args.namespace.as_str()));
    }
    let options = args.options.clone().unwrap_or_default();
    for (field, texts) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        for (key, text) in texts.iter().flatten() {
            let inner = metadata.get_or_add(field, Node::map).make_map();
            inner.push(key, Node::string(text.as_str()));
        }
    }
    map.push("metadata", Node::Map(metadata));
    match what {
        What::ConfigMap => {
            for (key, value) in data {
                let (field, text) = match String::from_utf8(value) {
                    Ok(text) => ("data", text),
                    Err(e) => ("binaryData", base64_lines(e.as_bytes())),
                };
                map.get_or_add(field, Node::map).make_map().push(&key, Node::string(text));
            }
        }
        What::Secret => {
            let kind = if args.secret_type.is_empty() { "Opaque" } else { &args.secret_type };
            map.push("type", Node::string(kind));
            let mut encoded = Map::default();
            for (key, value) in data {
                encoded.push(&key, Node::string(base64_lines(&value)));
            }
            map.push("data", Node::Map(encoded));
        }
    }
    if options.immutable {
        map.push("immutable", Node::Scalar(Scalar::new("true", Tag::Bool)));
    }
    let mut resource = Resource::new(Node::Map(map), file.clone(), 0);
    resource.needs_hash = !options.disable_name_suffix_hash;
    resource.behavior = Behavior::parse(&args.behavior);
    Ok(resource)
}

/// Base64; from 70 characters on in lines of 70, each with a line break.
fn base64_lines(bytes: &[u8]) -> String {
    const WIDTH: usize = 70;
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    if encoded.len() < WIDTH {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / WIDTH + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(WIDTH));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out
}

type Data = BTreeMap<String, Vec<u8>>;

fn data(args: &GeneratorArgs, loader: &Loader<'_>, root: &Root) -> Result<Data, BuildError> {
    let mut data = Data::new();
    let fail = |message: String| BuildError::new(Fault::Syntax, message);
    let mut add = |key: String, value: Vec<u8>| {
        if data.contains_key(&key) {
            return Err(fail(format!("the key '{key}' stands twice; remove one")));
        }
        data.insert(key, value);
        Ok(())
    };
    for path in &args.envs {
        let (file, content) = loader.file(root, path).map_err(|e| named(e, "env file", path))?;
        for (number, line) in content.split(|b| *b == b'\n').enumerate() {
            if line.len() > LINE {
                break;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let pair = env_line(line, number == 0)
                .ok_or_else(|| fail("is not UTF-8 text".to_owned()).at(&file, number + 1))?;
            if let Some((key, value)) = pair {
                add(key.to_owned(), value.as_bytes().to_vec())?;
            }
        }
    }
    for literal in &args.literals {
        let (key, value) = literal
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| fail(format!("the literal '{literal}' should be key=value")))?;
        add(key.to_owned(), unquote(value).as_bytes().to_vec())?;
    }
    for source in &args.files {
        let (key, path) = file_source(source).map_err(fail)?;
        let (_, content) = loader.file(root, path).map_err(|e| named(e, "file", path))?;
        add(key.to_owned(), content.to_vec())?;
    }
    Ok(data)
}

/// Says in the error which entry named the file.
fn named(error: BuildError, what: &str, path: &str) -> BuildError {
    match error.fault() {
        Fault::Missing => {
            let message = format!("the {what} {}", crate::load::missing(path));
            BuildError::new(Fault::Missing, message)
        }
        _ => error,
    }
}

/// Key and value of a line, nothing for blank lines and comments; `None` when it is no text.
fn env_line(line: &[u8], first: bool) -> Option<Option<(&str, &str)>> {
    let mut text = std::str::from_utf8(line).ok()?;
    if first {
        text = text.strip_prefix('\u{feff}').unwrap_or(text);
    }
    let text = text.trim_start();
    if text.is_empty() || text.starts_with('#') {
        return Some(None);
    }
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    Some(Some((key, value)).filter(|(key, _)| !key.is_empty()))
}

/// The text without the pair of quotes around it.
fn unquote(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|q| text.strip_prefix(q)?.strip_suffix(q)).unwrap_or(text)
}

/// `key=path`, or a path whose file name is the key.
fn file_source(source: &str) -> Result<(&str, &str), String> {
    match source.split_once('=') {
        None => {
            let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
            Ok((name, source))
        }
        Some(("", path)) => Err(format!("the file source '={path}' has no key before '='")),
        Some((key, "")) => Err(format!("the file source '{key}=' has no path behind '='")),
        Some((_, path)) if path.contains('=') => {
            Err(format!("the file source '{source}' has more than one '='"))
        }
        Some(pair) => Ok(pair),
    }
}
