use super::{External, Externals, parse};
use crate::{BuildOptions, Fault, build};
use tree::{MemoryTree, TreePath};

fn check(written: &str, url: &str, reference: Option<&str>, path: &str) {
    let found = parse(written, true).unwrap_or_else(|| panic!("{written} is remote"));
    let submodules = !written.contains("submodules=false");
    let reference = reference.map(str::to_owned);
    let wanted = External::Repository { url: url.to_owned(), reference, submodules };
    assert_eq!(found.external, wanted, "{written}");
    assert_eq!(found.path, path, "{written}");
}

#[test]
fn repositories_are_written_in_many_ways() {
    let podinfo = "https://github.com/stefanprodan/podinfo.git";
    check(
        "https://github.com/stefanprodan/podinfo//kustomize?ref=6.14.1",
        podinfo,
        Some("6.14.1"),
        "kustomize",
    );
    check(
        "github.com/stefanprodan/podinfo/kustomize?ref=master",
        podinfo,
        Some("master"),
        "kustomize",
    );
    check("github.com/stefanprodan/podinfo", podinfo, None, "");
    check("gh:stefanprodan/podinfo//a/b/", podinfo, None, "a/b");
    check(
        "https://git.example/a/b.git/c/d?version=v1&submodules=false",
        "https://git.example/a/b.git",
        Some("v1"),
        "c/d",
    );
    check(
        "https://gitlab.example/group/sub/repo//deploy",
        "https://gitlab.example/group/sub/repo",
        None,
        "deploy",
    );
    check("git@github.com:org/repo//x?ref=y", "ssh://git@github.com/org/repo", Some("y"), "x");
    check("git::https://h.example/o/r//p", "https://h.example/o/r", None, "p");
    check("ssh://git@h.example:2222/o/r.git", "ssh://git@h.example:2222/o/r.git", None, "");
    check("file:///srv/git/r.git//p?ref=main", "file:///srv/git/r.git", Some("main"), "p");
    check("https://dev.azure.com/o/p/_git/r/x/y", "https://dev.azure.com/o/p/_git/r", None, "x/y");
    check("https://h.example/o/r/app.yaml?ref=v1", "https://h.example/o/r", Some("v1"), "app.yaml");
}

#[test]
fn files_have_urls_and_local_paths_are_local() {
    let url = "https://h.example/o/r/releases/download/v1/install.yaml";
    assert_eq!(parse(url, true).unwrap().external, External::File(url.to_owned()));
    let patch = "https://h.example/o/r//patch?ref=1";
    assert_eq!(parse(patch, false).unwrap().external, External::File(patch.to_owned()));
    for local in ["../base", "a/b.yaml", "./x@y", "deploy.yaml?", "dir/git@x:y"] {
        assert_eq!(parse(local, true), None, "{local}");
    }
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    let mut tree = MemoryTree::new();
    for (path, text) in files {
        tree.add(path, text).unwrap();
    }
    tree
}

/// A base in a repository, a file from a URL, and a base there that reaches for what is not its own.
#[test]
fn what_is_mounted_is_built_and_stays_inside() {
    let repository = parse("https://h.example/o/r//base?ref=v1", true).unwrap().external;
    let file = External::File("https://h.example/x.yaml".to_owned());
    let (at, file_at) = (repository.mounted_at().unwrap(), file.mounted_at().unwrap());
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    let main = "resources:\n- https://h.example/o/r//base?ref=v1\n- https://h.example/x.yaml\n";
    let base = |resource: &str| format!("resources:\n- {resource}\n- ../common\n");
    let with = |resource: &str| {
        tree(&[
            ("kustomization.yaml", main),
            ("secret.yaml", &map("secret")),
            (&format!("{at}/base/kustomization.yaml"), &base(resource)),
            (&format!("{at}/base/a.yaml"), &map("a")),
            (&format!("{at}/common/kustomization.yaml"), "namePrefix: c-\nresources: [b.yaml]\n"),
            (&format!("{at}/common/b.yaml"), &map("b")),
            (file_at.as_str(), &map("x")),
        ])
    };
    let mut options = BuildOptions::default();
    let mut asked = Vec::new();
    let built = loop {
        match build(&with("a.yaml"), &TreePath::root(), &options) {
            Ok(built) => break built,
            Err(error) => {
                let external = error.external().unwrap_or_else(|| panic!("{error}")).clone();
                assert_eq!(error.fault(), Fault::External);
                asked.push(external.clone());
                options.externals.insert(external);
            }
        }
    };
    assert_eq!(asked, [repository, file]);
    let names: Vec<&str> = built
        .objects
        .iter()
        .filter_map(|o| o.value.at(["metadata", "name"]).and_then(object::Value::as_str))
        .collect();
    assert_eq!(names, ["a", "c-b", "x"]);
    for outside in ["../../../../../../secret.yaml", "../../outside"] {
        let error = build(&with(outside), &TreePath::root(), &options).unwrap_err();
        assert_eq!(error.fault(), Fault::Refused, "{error}");
        assert!(error.to_string().contains("out of"), "{error}");
    }
}

#[test]
fn places_of_mounts_are_readable_and_unique() {
    let one = parse("https://h.example/o/r//a?ref=v1", true).unwrap().external;
    let two = parse("https://h.example/o/r//b?ref=v1", true).unwrap().external;
    let three = parse("https://h.example/o/r//b?ref=v1&submodules=false", true).unwrap().external;
    assert_eq!(one, two, "two directories of one repository are one external");
    assert!(one.mounted_at().unwrap().as_str().starts_with(".git/remote/h.example/o/r@v1-"));
    assert_ne!(one.mounted_at().unwrap(), three.mounted_at().unwrap());
    let odd = External::File("https://h.example/../..//etc/pa sswd?x".to_owned());
    assert!(odd.mounted_at().unwrap().as_str().starts_with(".git/remote/h.example/etc/pa_sswd_x-"));
    let mut externals = Externals::default();
    assert!(externals.is_empty());
    externals.insert(one.clone());
    assert!(externals.contains(&one) && !externals.contains(&odd));
}
