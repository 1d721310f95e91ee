//! How Go writes the members of the API's structs: what OpenAPI does not tell.
//!
//! A real API server decodes every object into Go structs and encodes it again. Whether a member that is
//! zero is written then depends on its Go type and on `omitempty`, so both are read from the sources of the
//! API's Go modules. They are formatted by machine: one field a line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One field of a struct.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its Go type, such as `*int32` or `[]Container`.
    pub(super) go_type: String,
    /// `omitempty`.
    pub(super) omit_empty: bool,
    /// `omitzero`: structs that are zero are left out too.
    pub(super) omit_zero: bool,
}

/// A struct as its source has it: named fields, and the structs it takes in.
#[derive(Default)]
struct Struct {
    fields: HashMap<String, Field>,
    inline: Vec<String>,
}

/// The structs of the packages that definitions live in, read when asked for.
pub(super) struct GoTypes {
    modules: HashMap<String, PathBuf>,
    packages: HashMap<String, HashMap<String, Struct>>,
}

impl GoTypes {
    /// Over the folders of the modules `k8s.io/...`, by the last part of their name.
    pub(super) fn new(modules: HashMap<String, PathBuf>) -> Self {
        Self { modules, packages: HashMap::new() }
    }

    /// The fields of the struct behind a definition (`io.k8s.api.core.v1.PodSpec`), by JSON name. Empty when
    /// it is no struct.
    pub(super) fn fields(&mut self, definition: &str) -> Result<HashMap<String, Field>, String> {
        let (package, name) = definition
            .rsplit_once('.')
            .ok_or_else(|| format!("{definition}: not a definition's name"))?;
        let mut found = HashMap::new();
        let mut waiting = vec![(package.to_owned(), name.to_owned())];
        while let Some((package, name)) = waiting.pop() {
            self.load(&package)?;
            let Some(read) = self.packages[&package].get(&name) else { continue };
            for (key, field) in &read.fields {
                found.entry(key.clone()).or_insert_with(|| field.clone());
            }
            for inline in &read.inline {
                waiting.push(match inline.rsplit_once('.') {
                    None => (package.clone(), inline.clone()),
                    Some(("metav1", name)) => {
                        ("io.k8s.apimachinery.pkg.apis.meta.v1".to_owned(), name.to_owned())
                    }
                    Some((_, name)) => ("io.k8s.api.core.v1".to_owned(), name.to_owned()),
                });
            }
        }
        Ok(found)
    }

    fn load(&mut self, package: &str) -> Result<(), String> {
        if self.packages.contains_key(package) {
            return Ok(());
        }
        let path = package.trim_start_matches("io.k8s.");
        let (module, rest) = path.split_once('.').unwrap_or((path, ""));
        let module_folder =
            self.modules.get(module).ok_or_else(|| format!("{package}: module not known"))?;
        let folder = module_folder.join(rest.replace('.', "/"));
        let mut structs = HashMap::new();
        let listing =
            std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in listing.filter_map(Result::ok) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".go") && !name.ends_with("_test.go") && !name.contains("generated") {
                read_file(&path, &mut structs)?;
            }
        }
        self.packages.insert(package.to_owned(), structs);
        Ok(())
    }
}

fn read_file(path: &Path, structs: &mut HashMap<String, Struct>) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut current: Option<(String, Struct)> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("type ")
            && let Some(name) = rest.strip_suffix(" struct {")
        {
            current = Some((name.to_owned(), Struct::default()));
        } else if line == "}" {
            if let Some((name, read)) = current.take() {
                structs.insert(name, read);
            }
        } else if let Some((_, read)) = &mut current {
            read_field(line.trim(), read);
        }
    }
    Ok(())
}

fn read_field(line: &str, into: &mut Struct) {
    if line.starts_with("//") {
        return;
    }
    let Some((declaration, tags)) = line.split_once('`') else { return };
    let Some(tag) = tags.split("json:\"").nth(1).and_then(|t| t.split('"').next()) else { return };
    let mut options = tag.split(',');
    let name = options.next().unwrap_or_default();
    let options: Vec<&str> = options.collect();
    let mut words = declaration.split_whitespace();
    let first = words.next().unwrap_or_default();
    let go_type = words.collect::<Vec<_>>().join(" ");
    // Taken in: `VolumeSource `json:",inline"``, or with a name before the type.
    if name.is_empty() {
        into.inline.push(if go_type.is_empty() { first.to_owned() } else { go_type });
        return;
    }
    into.fields.insert(
        name.to_owned(),
        Field {
            go_type,
            omit_empty: options.contains(&"omitempty"),
            omit_zero: options.contains(&"omitzero"),
        },
    );
}
