//! `helm template --show-only`: some of the documents that would be printed.

use super::split;
use crate::path::Pattern;

/// No document comes from the wanted template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not find template {0} in chart")]
pub struct TemplateNotFound(String);

/// The documents of a printed chart whose template's path (without the chart's name) matches one of `patterns`, in the order
/// of the patterns.
///
/// # Errors
/// For the first pattern that matches nothing.
pub fn select(printed: &str, patterns: &[String]) -> Result<String, TemplateNotFound> {
    let documents = split(printed);
    let mut out = String::new();
    for wanted in patterns {
        let pattern = Pattern::parse(wanted).ok();
        let mut found = false;
        for document in &documents {
            let fits =
                source(document).is_some_and(|s| pattern.as_ref().is_some_and(|p| p.matches(s)));
            if fits {
                found = true;
                out.push_str("---\n");
                out.push_str(document);
                out.push('\n');
            }
        }
        if !found {
            return Err(TemplateNotFound(wanted.clone()));
        }
    }
    Ok(out)
}

/// What stands behind `# Source: chart/`.
fn source(document: &str) -> Option<&str> {
    document.lines().find_map(|line| {
        let path = &line[line.find("# Source: ")? + "# Source: ".len()..];
        path.split_once('/').map(|(_, path)| path)
    })
}
