use super::*;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

#[test]
fn directories_list_their_names_in_order() {
    let mut tree = MemoryTree::new();
    tree.add("b/x", "1").unwrap();
    tree.add("a-b/y", "2").unwrap();
    tree.add("a/z", "3").unwrap();
    tree.add_directory("empty/inner").unwrap();
    let names: Vec<String> =
        tree.list(&TreePath::root()).unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["a", "a-b", "b", "empty"]);
    assert!(tree.list(&path("empty/inner")).unwrap().is_empty());
    assert!(matches!(tree.list(&path("a/z")), Err(TreeError::WrongKind(..))));
    assert!(matches!(tree.file(&path("a")), Err(TreeError::WrongKind(..))));
    assert!(matches!(tree.file(&path("c")), Err(TreeError::NotFound(_))));
}

#[test]
fn one_path_is_one_thing() {
    let mut tree = MemoryTree::new();
    tree.add("a", "file").unwrap();
    assert!(matches!(tree.add("a/b", ""), Err(PathError::Occupied(_))));
    assert!(matches!(tree.add_directory("a"), Err(PathError::Occupied(_))));
    tree.add("d/e", "").unwrap();
    assert!(matches!(tree.add("d", ""), Err(PathError::Occupied(_))));
    assert_eq!(tree.files().count(), 2);
}

#[test]
fn identities_change_with_content_and_place() {
    let make = |files: &[(&str, &str)]| {
        let mut tree = MemoryTree::new();
        for (name, content) in files {
            tree.add(name, content).unwrap();
        }
        tree.id(&TreePath::root()).unwrap().unwrap()
    };
    let one = make(&[("a/b", "x"), ("c", "y")]);
    assert_eq!(one, make(&[("c", "y"), ("a/b", "x")]));
    assert_ne!(one, make(&[("a/b", "x"), ("c", "z")]));
    assert_ne!(one, make(&[("a/b", "x"), ("a/c", "y")]));
    assert_ne!(make(&[("d/a", "x")]), make(&[("e/a", "x")]));
}
