//! Times builds in process: `speed CORPUS [ROUNDS]` the kustomize corpus, `speed --synthetic N [ROUNDS]` an
//! overlay over N resources, `speed --write DIR N` writes that overlay out for other programs.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tree::{MemoryTree, TreePath};
use windlass_kustomize::{BuildOptions, build, to_yaml};

type Failure = Box<dyn std::error::Error>;

fn add(tree: &mut MemoryTree, root: &Path, folder: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let relative = path.strip_prefix(root)?.to_str().ok_or("a file name is not UTF-8")?;
        if path.is_dir() {
            tree.add_directory(relative)?;
            add(tree, root, &path)?;
        } else {
            tree.add(relative, std::fs::read(&path)?)?;
        }
    }
    Ok(())
}

/// An overlay over `count` resources: ten bases of Deployments, Services and ConfigMaps in a file each, and
/// everything an overlay usually does to them.
fn synthetic(count: usize) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut bases = String::new();
    for base in 0..10 {
        bases.push_str(&format!("- ../base{base}\n"));
        let mut names = String::new();
        for i in 0..count / 10 {
            let name = format!("app-{base}-{i}");
            let text = match i % 3 {
                0 => deployment(&name),
                1 => format!(
                    "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector:\n    \
                     app: {name}\n  ports:\n  - port: 80\n    targetPort: http\n    name: http\n"
                ),
                _ => format!(
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  mode: prod\n  \
                     level: \"3\"\n  file.conf: |\n    first = 1\n    second = two\n"
                ),
            };
            names.push_str(&format!("- {name}.yaml\n"));
            files.push((format!("base{base}/{name}.yaml"), text));
        }
        let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
        let text = format!("{head}namePrefix: b{base}-\nresources:\n{names}");
        files.push((format!("base{base}/kustomization.yaml"), text));
    }
    let overlay = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop\nnameSuffix: -v2\n\
         resources:\n{bases}commonAnnotations:\n  team: blue\nlabels:\n- pairs:\n    env: prod\n  \
         includeSelectors: true\nimages:\n- name: nginx\n  newTag: \"1.27\"\nconfigMapGenerator:\n- name: extra\n  \
         literals:\n  - a=b\npatches:\n- target:\n    kind: Deployment\n  patch: |-\n    apiVersion: apps/v1\n    \
         kind: Deployment\n    metadata:\n      name: any\n    spec:\n      template:\n        spec:\n          \
         containers:\n          - name: web\n            resources:\n              limits:\n                \
         memory: 256Mi\n"
    );
    files.push(("overlay/kustomization.yaml".to_owned(), overlay));
    files
}

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels:\n    app: {name}\nspec:\n  \
         replicas: 2\n  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      \
         labels:\n        app: {name}\n    spec:\n      containers:\n      - name: web\n        image: \
         nginx:1.25\n        args: [\"--port\", \"8080\"]\n        ports:\n        - name: http\n          \
         containerPort: 8080\n        envFrom:\n        - configMapRef:\n            name: {name}\n        \
         resources:\n          limits:\n            cpu: 500m\n            memory: 128Mi\n        \
         livenessProbe:\n          httpGet:\n            path: /healthz\n            port: http\n      \
         volumes:\n      - name: data\n        emptyDir: {{}}\n"
    )
}

fn time(what: &str, rounds: usize, builds: usize, mut work: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let each = best * 1e3 / builds as f64;
    println!(
        "{what}: {builds} builds, best of {rounds} rounds {:.1} ms, {each:.3} ms each",
        best * 1e3
    );
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, otherwise: usize| -> usize {
        arguments.get(i).and_then(|a| a.parse().ok()).unwrap_or(otherwise)
    };
    match arguments.first().map(String::as_str) {
        Some("--write") => {
            let root = PathBuf::from(arguments.get(1).ok_or("a directory is needed")?);
            for (path, text) in synthetic(number(2, 1000)) {
                let path = root.join(path);
                std::fs::create_dir_all(path.parent().ok_or("no parent")?)?;
                std::fs::write(path, text)?;
            }
        }
        Some("--synthetic") => {
            let mut tree = MemoryTree::new();
            for (path, text) in synthetic(number(1, 1000)) {
                tree.add(&path, text)?;
            }
            let (path, options) = (TreePath::parse("overlay")?, BuildOptions::default());
            println!("{} objects", build(&tree, &path, &options)?.objects.len());
            time("synthetic overlay", number(2, 5), 1, || {
                black_box(build(&tree, &path, &options).map(|b| to_yaml(&b)).ok());
            });
        }
        Some(corpus) => {
            let mut cases = Vec::new();
            for entry in std::fs::read_dir(corpus)? {
                let folder = entry?.path();
                let (files, case) = (folder.join("files"), folder.join("case.json"));
                if !files.is_dir() || !folder.join("expected.yaml").exists() {
                    continue;
                }
                let mut tree = MemoryTree::new();
                add(&mut tree, &files, &files)?;
                let case = object::from_json(&std::fs::read(case)?)?;
                let path = case.get("path").and_then(object::Value::as_str).unwrap_or(".");
                let path = TreePath::parse(path)?;
                if build(&tree, &path, &BuildOptions::default()).is_ok() {
                    cases.push((tree, path));
                }
            }
            let options = BuildOptions::default();
            time("corpus", number(1, 5), cases.len(), || {
                for (tree, path) in &cases {
                    black_box(build(tree, path, &options).map(|b| to_yaml(&b)).ok());
                }
            });
        }
        None => return Err("speed CORPUS [ROUNDS] | --synthetic N [ROUNDS] | --write DIR N".into()),
    }
    Ok(())
}
