//! Post-rendering: a function over all documents between the templates and the sorting (kustomize patches, labels).
//!
//! Deliberately absent: programs. Documents are values here, so what a post-renderer saw is printed anew: keys sorted,
//! comments gone.

use super::RenderError;
use crate::Cause;
use crate::decode;
use crate::manifest::{self, ManifestError, split};
use object::Value;
use std::collections::BTreeMap;

/// A document on its way through a post-renderer.
#[derive(Clone, Debug, PartialEq)]
pub struct PostRendered {
    /// The file it comes from; may be any name for a document the post-renderer adds.
    pub path: String,
    /// The document.
    pub object: Value,
}

/// Which documents a post-renderer sees (`PostRenderStrategy` of Helm 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostRenderStrategy {
    /// Hooks and other objects together: Helm 4's own way.
    #[default]
    Combined,
    /// Hooks first, then the others, each by itself.
    Separate,
    /// No hooks: Helm 3's way.
    NoHooks,
}

/// A function over documents, and which of them it gets.
pub struct PostRenderer<'a> {
    /// Which documents it sees.
    pub strategy: PostRenderStrategy,
    /// Gives the documents as they should be, or says what is wrong.
    pub run: &'a mut dyn FnMut(Vec<PostRendered>) -> Result<Vec<PostRendered>, String>,
}

pub(super) fn run(
    files: BTreeMap<String, String>,
    post: PostRenderer<'_>,
) -> Result<BTreeMap<String, String>, RenderError> {
    let mut out = BTreeMap::new();
    if post.strategy == PostRenderStrategy::Combined {
        add(&mut out, through("files", documents(&files)?, post.run)?);
        return Ok(out);
    }
    let (hooks, manifests) = manifest::sort(files, manifest::Order::Install)?;
    let hooks: Vec<_> = hooks.into_iter().map(|h| (h.path, h.manifest)).collect();
    if post.strategy == PostRenderStrategy::Separate {
        add(&mut out, through("hooks", parse(&hooks)?, post.run)?);
    } else {
        hooks.into_iter().for_each(|(path, text)| append(&mut out, path, &text));
    }
    let others: Vec<_> = manifests.into_iter().map(|m| (m.path, m.content)).collect();
    add(&mut out, through("manifests", parse(&others)?, post.run)?);
    Ok(out)
}

fn documents(files: &BTreeMap<String, String>) -> Result<Vec<PostRendered>, ManifestError> {
    let of = files.iter().filter(|(path, _)| !crate::path::base(path).starts_with('_'));
    let texts: Vec<_> = of
        .flat_map(|(path, text)| split(text).into_iter().map(|d| (path.clone(), d.to_owned())))
        .collect();
    parse(&texts)
}

fn parse(texts: &[(String, String)]) -> Result<Vec<PostRendered>, ManifestError> {
    let mut out = Vec::with_capacity(texts.len());
    for (path, text) in texts {
        let object = decode::yaml(text.as_bytes())
            .map_err(|error| ManifestError { path: path.clone(), source: Cause::new(error) })?;
        if !object.is_null() {
            out.push(PostRendered { path: path.clone(), object });
        }
    }
    Ok(out)
}

fn through(
    on: &'static str,
    documents: Vec<PostRendered>,
    run: &mut dyn FnMut(Vec<PostRendered>) -> Result<Vec<PostRendered>, String>,
) -> Result<Vec<PostRendered>, RenderError> {
    if documents.is_empty() {
        return Ok(documents);
    }
    run(documents).map_err(|e| RenderError::PostRender { on, source: Cause::new(e) })
}

fn add(out: &mut BTreeMap<String, String>, documents: Vec<PostRendered>) {
    for document in documents {
        let text = object::to_yaml(&document.object);
        append(out, document.path, &text);
    }
}

fn append(out: &mut BTreeMap<String, String>, path: String, text: &str) {
    let all = out.entry(path).or_default();
    if !all.is_empty() {
        all.push_str("---\n");
    }
    all.push_str(text);
    if !all.ends_with('\n') {
        all.push('\n');
    }
}
