//! What kustomize itself does not promise: provenance, messages, bounds, what Flux adds, exact reads.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use proptest::prelude::*;
use std::time::{Duration, Instant};
use tree::{MemoryTree, Traced, Tree, TreePath};
use windlass_kustomize::{
    BuildError, BuildOptions, Built, Fault, FluxBuild, FluxImage, FluxPatch, FluxTarget, Limits,
    Substitution, build, build_flux, to_yaml,
};

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    let mut tree = MemoryTree::new();
    for (path, text) in files {
        tree.add(path, text).unwrap();
    }
    tree
}

fn run(files: &[(&str, &str)], path: &str) -> Result<Built, BuildError> {
    build(&tree(files), &TreePath::parse(path).unwrap(), &BuildOptions::default())
}

fn fails(files: &[(&str, &str)], fault: Fault, expected: &str) {
    let error = run(files, "").unwrap_err();
    assert_eq!((error.fault(), error.to_string().as_str()), (fault, expected));
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {k: v}\n";

#[test]
fn every_object_says_where_it_comes_from() {
    let files = [
        (
            "base/all.yaml",
            &*format!("# first\n{CONFIG_MAP}---\n{}", CONFIG_MAP.replace(": a", ": b")),
        ),
        ("base/kustomization.yaml", "resources: [all.yaml]\nnamePrefix: p-\n"),
        (
            "kustomization.yaml",
            "resources: [base]\nconfigMapGenerator: [{name: g, literals: [x=y]}]\n\
             patches: [{patch: '{kind: ConfigMap, metadata: {name: b}, apiVersion: v1, data: {n: m}}'}]\n",
        ),
    ];
    let built = run(&files, "").unwrap();
    let origins: Vec<(String, usize, Vec<String>)> = built
        .objects
        .iter()
        .map(|o| {
            let by =
                |t: &windlass_kustomize::Transformation| format!("{}:{}", t.file, t.transformer);
            let by = o.origin.transformed_by.iter().map(by).collect();
            (o.origin.file.to_string(), o.origin.line, by)
        })
        .collect();
    let prefix = "base/kustomization.yaml:PrefixTransformer".to_owned();
    let patch = "kustomization.yaml:PatchTransformer".to_owned();
    let hash = "kustomization.yaml:HashTransformer".to_owned();
    assert_eq!(
        origins,
        [
            ("kustomization.yaml".to_owned(), 0, vec![hash]),
            ("base/all.yaml".to_owned(), 2, vec![prefix.clone()]),
            ("base/all.yaml".to_owned(), 8, vec![prefix, patch]),
        ]
    );
}

#[test]
fn messages_name_file_line_and_remedy() {
    fails(
        &[
            ("kustomization.yaml", "resources:\n- a.yaml\n"),
            ("a.yaml", "kind: X\nmetadata:\n  name: [\n"),
        ],
        Fault::Syntax,
        "a.yaml:4: did not find expected node content (through kustomization.yaml)",
    );
    fails(
        &[("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", "\nkind: X\nmetadata: {}\n")],
        Fault::Syntax,
        "a.yaml:2: the X has no name; add metadata.name (through kustomization.yaml)",
    );
    fails(
        &[("kustomization.yaml", "resources: [gone.yaml]\n")],
        Fault::Missing,
        "kustomization.yaml: the resource 'gone.yaml' does not exist; correct the path or remove the entry",
    );
    fails(
        &[("kustomization.yaml", "resources: [a.yaml]\nnamePrefx: x\n"), ("a.yaml", CONFIG_MAP)],
        Fault::Syntax,
        "kustomization.yaml:2: namePrefx: no such field here; correct or remove it",
    );
    fails(
        &[("kustomization.yaml", "images:\n- name: a\n  newTag: 1.5\n")],
        Fault::Syntax,
        "kustomization.yaml:3: images[0].newTag: text is expected, this is the number 1.5; put it in quotes",
    );
    fails(
        &[
            ("kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
            ("a.yaml", CONFIG_MAP),
            ("b.yaml", CONFIG_MAP),
        ],
        Fault::Conflict,
        "b.yaml:1: v1 ConfigMap a: there is one with this identity already, from a.yaml:1; remove or \
         rename one of the two (through kustomization.yaml)",
    );
    fails(
        &[("kustomization.yaml", "resources: ['https://example.com/x.yaml']\n")],
        Fault::External,
        "kustomization.yaml: 'https://example.com/x.yaml' is remote, and remote files and bases are not \
         fetched here; allow them, make it a source of its own, or copy it into the repository",
    );
    fails(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\npatches: [{path: p.yaml}]\n"),
            ("a.yaml", CONFIG_MAP),
            ("p.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"),
        ],
        Fault::Transform,
        "p.yaml:1: v1 ConfigMap other: no object fits the patch; correct kind and name, or add a target \
         (through kustomization.yaml)",
    );
    fails(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\npatches: [{path: p.yaml}]\n"),
            ("a.yaml", CONFIG_MAP),
            ("p.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: [x]\n"),
        ],
        Fault::Transform,
        "p.yaml:1: v1 ConfigMap a: the patch does not fit a.yaml:1: data: a map in the object, a list in \
         the patch; a patch cannot change that, only replace the whole (delete it with null first, or use \
         a JSON patch) (through kustomization.yaml)",
    );
    fails(
        &[("x", "")],
        Fault::Missing,
        ".: there is none of kustomization.yaml, kustomization.yml, Kustomization in the directory",
    );
}

#[test]
fn nothing_leads_out_of_the_tree_or_in_a_circle() {
    let refused = |files: &[(&str, &str)], path: &str| {
        let error = run(files, path).unwrap_err();
        assert_eq!(error.fault(), Fault::Refused, "{error}");
    };
    refused(&[("kustomization.yaml", "resources: [../../etc/passwd]\n")], "");
    refused(&[("kustomization.yaml", "resources: [/etc/passwd]\n")], "");
    refused(&[("k/kustomization.yaml", "resources: [../a.yaml]\n"), ("a.yaml", CONFIG_MAP)], "k");
    refused(
        &[
            ("k/kustomization.yaml", "resources: [..]\n"),
            ("kustomization.yaml", "resources: [k]\n"),
        ],
        "k",
    );
    refused(&[("kustomization.yaml", "resources: [.]\n")], "");
    refused(
        &[
            ("kustomization.yaml", "transformers: [t.yaml]\nresources: [a.yaml]\n"),
            ("t.yaml", "apiVersion: example.com/v1\nkind: Run\nmetadata: {name: x}\n"),
            ("a.yaml", CONFIG_MAP),
        ],
        "",
    );
}

#[test]
fn what_grows_without_end_is_stopped() {
    // Two bases that each take in the next two: 2^n visits.
    let mut files = Vec::new();
    for i in 0..40 {
        let next = format!("resources: [../a{}, ../b{}]\nnamePrefix: x\n", i + 1, i + 1);
        files.push((format!("a{i}/kustomization.yaml"), next.clone()));
        files.push((format!("b{i}/kustomization.yaml"), next));
    }
    for side in ["a40", "b40"] {
        files.push((format!("{side}/kustomization.yaml"), "namePrefix: z\n".to_owned()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let start = Instant::now();
    let error = run(&files, "a0").unwrap_err();
    assert_eq!(error.fault(), Fault::Limit, "{error}");
    // A patch that doubles the object with every operation, and replacements that do.
    let copies: String =
        (0..60).map(|i| format!("  - {{op: copy, from: /data, path: /data/c{i}}}\n")).collect();
    let text = format!(
        "resources: [a.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |\n{copies}"
    );
    let text = text.replace("  - {op", "    - {op");
    assert!(run(&[("kustomization.yaml", &text), ("a.yaml", CONFIG_MAP)], "").is_err());
    let replacement = "- source: {kind: ConfigMap, fieldPath: data}\n  targets:\n  - select: {kind: ConfigMap}\n    \
                       fieldPaths: [data.NAME]\n    options: {create: true}\n";
    let many: String = (0..60).map(|i| replacement.replace("NAME", &format!("c{i}"))).collect();
    let text = format!("resources: [a.yaml]\nreplacements:\n{many}");
    assert!(run(&[("kustomization.yaml", &text), ("a.yaml", CONFIG_MAP)], "").is_err());
    assert!(start.elapsed() < Duration::from_secs(20));
    let limits = Limits { objects: 1, ..Limits::default() };
    let two = format!("{CONFIG_MAP}---\n{}", CONFIG_MAP.replace(": a", ": b"));
    let files = tree(&[("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", &two)]);
    let options = BuildOptions { limits, ..BuildOptions::default() };
    assert_eq!(build(&files, &TreePath::root(), &options).unwrap_err().fault(), Fault::Limit);
}

#[test]
fn the_record_of_reads_is_exact() {
    let files = [
        (
            "o/kustomization.yaml",
            "resources: [../b]\nconfigMapGenerator: [{name: g, files: [x.txt]}]\n",
        ),
        ("o/x.txt", "content"),
        ("b/kustomization.yaml", "resources: [a.yaml]\n"),
        ("b/a.yaml", CONFIG_MAP),
        ("other/kustomization.yaml", "resources: [a.yaml]\n"),
    ];
    let before = tree(&files);
    let traced = Traced::new(&before);
    let path = TreePath::parse("o").unwrap();
    let built = build(&traced, &path, &BuildOptions::default()).unwrap();
    let reads = traced.into_reads();
    let mut elsewhere = before.clone();
    elsewhere.add("other/kustomization.yaml", "changed").unwrap();
    elsewhere.add("b/new.yaml", "kind: X").unwrap();
    assert!(reads.unchanged_in(&elsewhere).unwrap());
    assert_eq!(build(&elsewhere, &path, &BuildOptions::default()).unwrap(), built);
    // A second kustomization file is a miss that is no miss any more.
    for changed in ["o/x.txt", "b/a.yaml", "b/kustomization.yml", "o/Kustomization"] {
        let mut after = before.clone();
        after.add(changed, "changed").unwrap();
        assert!(!reads.unchanged_in(&after).unwrap(), "{changed}");
    }
}

#[test]
fn flux_builds_plain_directories_and_adds_its_fields() {
    let files = tree(&[
        ("apps/b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: other}\n"),
        ("apps/a/one.yml", CONFIG_MAP),
        ("apps/a/readme.md", "not a manifest"),
        ("apps/k/kustomization.yaml", "namePrefix: k-\nresources: [d.yaml]\n"),
        (
            "apps/k/d.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec: {containers: [{name: c, image: nginx:1}]}\n",
        ),
        ("apps/k/not-listed.yaml", "kind: broken"),
    ]);
    let flux = FluxBuild {
        target_namespace: Some("ns".to_owned()),
        common_labels: [("team".to_owned(), "blue".to_owned())].into(),
        images: vec![FluxImage {
            name: "nginx".to_owned(),
            new_tag: "2".to_owned(),
            ..FluxImage::default()
        }],
        patches: vec![FluxPatch {
            patch: "- {op: add, path: /data/x, value: '${env}'}".to_owned(),
            target: Some(FluxTarget { kind: "ConfigMap".to_owned(), ..FluxTarget::default() }),
        }],
        components: vec!["../missing".to_owned()],
        ignore_missing_components: true,
        substitute: Some(Substitution {
            vars: [("env".to_owned(), "prod".to_owned())].into(),
            ..Substitution::default()
        }),
        ..FluxBuild::default()
    };
    let built = build_flux(&files, &TreePath::parse("apps").unwrap(), &flux).unwrap();
    assert_eq!(
        to_yaml(&built),
        "apiVersion: v1\ndata:\n  k: v\n  x: prod\nkind: ConfigMap\nmetadata:\n  labels:\n    team: blue\n  \
         name: a\n  namespace: ns\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata:\n  labels:\n    team: blue\n  name: s\n  namespace: ns\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    team: blue\n  name: k-d\n  namespace: ns\nspec:\n  \
         containers:\n  - image: nginx:2\n    name: c\n"
    );
    let error = build_flux(&files, &TreePath::parse("apps/nowhere").unwrap(), &flux).unwrap_err();
    assert_eq!(error.fault(), Fault::Missing);
}

/// The files of the corpus, for mutation; none when there is no corpus.
fn corpus() -> Vec<(MemoryTree, TreePath)> {
    let root = std::env::var_os("WINDLASS_CORPUS").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus").into(),
        std::path::PathBuf::from,
    );
    let Ok(listing) = std::fs::read_dir(root.join("kustomize")) else {
        println!("SKIPPED: no corpus at {}", root.display());
        return Vec::new();
    };
    let mut folders: Vec<_> = listing.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    let mut cases = Vec::new();
    for folder in folders {
        let case = object::from_json(&std::fs::read(folder.join("case.json")).unwrap()).unwrap();
        let path = case.get("path").and_then(object::Value::as_str).unwrap();
        let mut tree = MemoryTree::new();
        let mut open = vec![folder.join("files")];
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(&next).into_iter().flatten() {
                let file = entry.unwrap().path();
                if file.is_dir() {
                    open.push(file);
                } else {
                    let relative = file.strip_prefix(folder.join("files")).unwrap();
                    tree.add(relative.to_str().unwrap(), std::fs::read(&file).unwrap()).unwrap();
                }
            }
        }
        cases.push((tree, TreePath::parse(path).unwrap()));
    }
    cases
}

/// One change to one file: a line or a piece of it removed, doubled, or replaced by something awkward.
fn mutate(tree: &MemoryTree, file: usize, at: usize, kind: usize, awkward: &str) -> MemoryTree {
    let files: Vec<_> = tree.files().map(|(p, c)| (p.clone(), c.to_vec())).collect();
    let Some((path, content)) = files.get(file % files.len().max(1)) else { return tree.clone() };
    let text = String::from_utf8_lossy(content).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return tree.clone();
    }
    let at = at % lines.len();
    let line = lines[at].clone();
    match kind % 5 {
        0 => _ = lines.remove(at),
        1 => lines.insert(at, line),
        2 => {
            let key = line.split_once(':').map_or("", |(key, _)| key);
            lines[at] = format!("{key}: {awkward}");
        }
        3 => lines[at] = format!("  {line}"),
        _ => lines[at] = line.chars().take(line.len() / 2).chain(awkward.chars()).collect(),
    }
    let mut changed = tree.clone();
    changed.add(path.as_str(), lines.join("\n")).unwrap();
    changed
}

#[test]
fn mutated_cases_never_panic_and_build_the_same_twice() {
    let cases = corpus();
    if cases.is_empty() {
        return;
    }
    let awkward = prop::sample::select(vec![
        "",
        "null",
        "[]",
        "{}",
        "[[]]",
        "*x",
        "&x y",
        "!!int x",
        "|",
        "\"",
        "$(A)",
        "${a}",
        "-1",
        "1e999",
        "{$patch: delete}",
        "[{$patch: replace}]",
        "é",
        "\u{0}",
        "a: b: c",
        "../..",
        "yes",
        "<<: {}",
        "'",
    ]);
    let strategy = (0..cases.len(), any::<usize>(), any::<usize>(), any::<usize>(), awkward);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&strategy, |(case, file, at, kind, awkward)| {
            let (tree, path) = &cases[case];
            let tree = mutate(tree, file, at, kind, awkward);
            let options = BuildOptions::default();
            let outcome = |tree: &dyn Tree| match build(tree, path, &options) {
                Ok(built) => to_yaml(&built),
                Err(error) => error.to_string(),
            };
            let first = outcome(&tree);
            prop_assert_eq!(first, outcome(&tree));
            let _ = build_flux(&tree, path, &FluxBuild::default());
            Ok(())
        })
        .unwrap();
}
