use super::*;
use std::io::Write;

const BLOCK: &str = "\
apiVersion: v1
entries:
  # the first
  one:
  - apiVersion: v2
    created: \"2026-01-02T03:04:05.123456789Z\"
    description: |
      two: lines
      that look like entries:
    digest: aaaa
    name: one
    urls:
    - https://x.example/one-1.0.0.tgz
    version: 1.0.0
  - name: one
    version: 1.1.0-rc.1
    urls: [one-1.1.0-rc.1.tgz]
  \"two\":
    - name: two
      version: 1.0
      urls:
        - two-1.0.tgz
generated: \"2026-01-02T03:04:05Z\"
";

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn names(text: &str, chart: &str) -> Vec<String> {
    versions(file(text).path(), chart).unwrap().into_iter().map(|e| e.version).collect()
}

#[test]
fn one_chart_is_found_however_the_index_is_written() {
    let value = from_yaml_one(BLOCK, Dialect::Sigs).unwrap();
    let json = String::from_utf8(object::to_json(&value)).unwrap();
    let flow = format!("# flow\n{json}");
    let compact =
        "apiVersion: v1\nentries:\n  one:\n  - &a {name: one, version: 1.0.0}\n  two:\n  - *a\n";
    for text in [BLOCK, &json, &flow] {
        check(file(text).path()).unwrap();
        assert_eq!(names(text, "one"), ["1.0.0", "1.1.0-rc.1"], "{text}");
        assert_eq!(names(text, "two").len(), 1);
        assert!(matches!(versions(file(text).path(), "three"), Err(IndexError::NoChart(_))));
    }
    assert_eq!(names(compact, "two"), ["1.0.0"], "an alias to another chart");
    let one = &versions(file(BLOCK).path(), "one").unwrap()[0];
    assert_eq!(one.urls, ["https://x.example/one-1.0.0.tgz"]);
    assert_eq!(one.digest.as_deref(), Some("aaaa"));
}

#[test]
fn what_is_no_index_is_refused() {
    for text in ["<html>", "entries:\n  a: []\n", "{\"entries\": {}}", "", "{"] {
        assert!(check(file(text).path()).is_err(), "{text}");
    }
}

fn list(versions: &[(&str, &str)]) -> Vec<Entry> {
    let entry = |(version, created): &(&str, &str)| Entry {
        version: (*version).to_owned(),
        created: Some((*created).to_owned()),
        ..Entry::default()
    };
    versions.iter().map(entry).collect()
}

#[test]
fn the_version_is_the_one_flux_takes() {
    let (old, new) = ("2026-01-01T00:00:00Z", "2026-01-01T00:30:00.5+00:00");
    let entries = list(&[
        ("1.0.0", old),
        ("2.0.0-beta.1", old),
        ("1.2.0+b", new),
        ("1.2.0+a", old),
        ("not a version", old),
        ("v1.1.0", old),
    ]);
    for (range, wanted) in [
        ("", "1.2.0+b"),
        ("*", "1.2.0+b"),
        ("1.2.0+a", "1.2.0+a"),
        ("1.2.0", "1.2.0+b"),
        ("<1.2.0", "v1.1.0"),
        (">=2.0.0-0", "2.0.0-beta.1"),
        ("~1.0", "1.0.0"),
    ] {
        assert_eq!(choose(&entries, "a", range).unwrap().version, wanted, "{range}");
    }
    assert!(matches!(choose(&entries, "a", "3.x"), Err(IndexError::NoVersion { .. })));
    assert!(matches!(choose(&entries, "a", "what?"), Err(IndexError::Range { .. })));
}

/// Not a benchmark: it shows that a large index is read in one pass without being built.
#[test]
fn a_large_index_takes_no_time_and_no_memory_to_speak_of() {
    let mut text = String::from("apiVersion: v1\nentries:\n");
    for chart in 0..200 {
        text.push_str(&format!("  chart-{chart}:\n"));
        for version in 0..100 {
            text.push_str(&format!(
                "  - name: chart-{chart}\n    version: 1.{version}.0\n    description: {}\n    urls:\n    - c-{chart}-{version}.tgz\n",
                "words ".repeat(100)
            ));
        }
    }
    assert!(text.len() > 12 << 20);
    let file = file(&text);
    let started = std::time::Instant::now();
    let found = section(file.path(), "chart-150").unwrap().unwrap();
    assert_eq!(versions(file.path(), "chart-150").unwrap().len(), 100);
    assert!(found.len() < 100_000);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}
