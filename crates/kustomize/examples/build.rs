//! Builds kustomizations in directories: `build DIR [PATH]` prints one; `build --batch` reads lines
//! `DIR<tab>PATH<tab>none|legacy|unspecified` and writes `DIR/ours.yaml` or `DIR/ours-error.txt` for each (the
//! tree is `DIR/files`); `build --flux` does so with the spec of a Flux Kustomization, as JSON, in the third place.

use std::io::BufRead as _;
use std::path::Path;
use tree::{MemoryTree, TreePath};
use windlass_kustomize::{
    BuildOptions, FluxBuild, FluxImage, FluxPatch, FluxTarget, Reorder, Substitution, build,
    build_flux, to_yaml,
};

type Failure = Box<dyn std::error::Error>;

fn add(tree: &mut MemoryTree, root: &Path, folder: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let relative = path.strip_prefix(root)?.to_str().ok_or("a file name is not UTF-8")?;
        if path.is_dir() {
            tree.add_directory(relative)?;
            add(tree, root, &path)?;
        } else if path.is_file() {
            tree.add(relative, std::fs::read(&path)?)?;
        }
    }
    Ok(())
}

fn text(value: &object::Value, key: &str) -> String {
    value.get(key).and_then(object::Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a object::Value, key: &str) -> &'a [object::Value] {
    value.get(key).and_then(object::Value::as_list).unwrap_or_default()
}

fn texts(value: &object::Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(object::Value::as_str).map(str::to_owned).collect()
}

fn flux_build(spec: &object::Value) -> FluxBuild {
    let optional = |key: &str| Some(text(spec, key)).filter(|t| !t.is_empty());
    let target = |t: &object::Value| FluxTarget {
        group: text(t, "group"),
        version: text(t, "version"),
        kind: text(t, "kind"),
        name: text(t, "name"),
        namespace: text(t, "namespace"),
        annotation_selector: text(t, "annotationSelector"),
        label_selector: text(t, "labelSelector"),
    };
    FluxBuild {
        target_namespace: optional("targetNamespace"),
        name_prefix: optional("namePrefix"),
        name_suffix: optional("nameSuffix"),
        patches: list(spec, "patches")
            .iter()
            .map(|p| FluxPatch { patch: text(p, "patch"), target: p.get("target").map(target) })
            .collect(),
        images: list(spec, "images")
            .iter()
            .map(|i| FluxImage {
                name: text(i, "name"),
                new_name: text(i, "newName"),
                new_tag: text(i, "newTag"),
                digest: text(i, "digest"),
            })
            .collect(),
        components: texts(spec, "components"),
        ignore_missing_components: spec.get("ignoreMissingComponents").is_some(),
        build_metadata: texts(spec, "buildMetadata"),
        substitute: spec.get("postBuild").map(|p| Substitution {
            vars: p
                .get("substitute")
                .and_then(object::Value::as_map)
                .into_iter()
                .flat_map(object::Map::iter)
                .map(|(k, v)| (k.to_owned(), v.as_str().unwrap_or_default().to_owned()))
                .collect(),
            ..Substitution::default()
        }),
        ..FluxBuild::default()
    }
}

fn render_flux(folder: &Path, path: &str, spec: &str) -> Result<String, Failure> {
    let mut tree = MemoryTree::new();
    add(&mut tree, folder, folder)?;
    let flux = flux_build(&object::from_json(spec.as_bytes())?);
    Ok(to_yaml(&build_flux(&tree, &TreePath::parse(path)?, &flux)?))
}

fn render(folder: &Path, path: &str, reorder: Reorder) -> Result<String, Failure> {
    let mut tree = MemoryTree::new();
    add(&mut tree, folder, folder)?;
    let options = BuildOptions { reorder, ..BuildOptions::default() };
    Ok(to_yaml(&build(&tree, &TreePath::parse(path)?, &options)?))
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let first = arguments.first().map_or(".", String::as_str);
    if !first.starts_with("--") {
        let path = arguments.get(1).map_or("", String::as_str);
        print!("{}", render(Path::new(first), path, Reorder::Unspecified)?);
        return Ok(());
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split('\t');
        let folder = Path::new(words.next().unwrap_or_default());
        let path = words.next().unwrap_or_default();
        let third = words.next().unwrap_or_default();
        let reorder = match third {
            "none" => Reorder::None,
            "legacy" => Reorder::Legacy,
            _ => Reorder::Unspecified,
        };
        let rendered = match first {
            "--flux" => render_flux(&folder.join("files"), path, third),
            _ => render(&folder.join("files"), path, reorder),
        };
        match rendered {
            Ok(text) => std::fs::write(folder.join("ours.yaml"), text)?,
            Err(error) => std::fs::write(folder.join("ours-error.txt"), error.to_string())?,
        }
    }
    Ok(())
}
