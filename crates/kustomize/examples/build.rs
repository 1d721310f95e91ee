//! Builds kustomizations in directories: `build DIR [PATH]` prints one; `build --batch` reads lines
//! `DIR<tab>PATH<tab>none|legacy|unspecified` and writes `DIR/ours.yaml` or `DIR/ours-error.txt` for each.

use std::io::BufRead as _;
use std::path::Path;
use tree::{MemoryTree, TreePath};
use windlass_kustomize::{BuildOptions, Reorder, build, to_yaml};

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

fn render(folder: &Path, path: &str, reorder: Reorder) -> Result<String, Failure> {
    let mut tree = MemoryTree::new();
    add(&mut tree, folder, folder)?;
    let options = BuildOptions { reorder, ..BuildOptions::default() };
    Ok(to_yaml(&build(&tree, &TreePath::parse(path)?, &options)?))
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let first = arguments.first().map_or(".", String::as_str);
    if first != "--batch" {
        let path = arguments.get(1).map_or("", String::as_str);
        print!("{}", render(Path::new(first), path, Reorder::Unspecified)?);
        return Ok(());
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split('\t');
        let folder = Path::new(words.next().unwrap_or_default());
        let path = words.next().unwrap_or_default();
        let reorder = match words.next() {
            Some("none") => Reorder::None,
            Some("legacy") => Reorder::Legacy,
            _ => Reorder::Unspecified,
        };
        match render(&folder.join("files"), path, reorder) {
            Ok(text) => std::fs::write(folder.join("ours.yaml"), text)?,
            Err(error) => std::fs::write(folder.join("ours-error.txt"), error.to_string())?,
        }
    }
    Ok(())
}
