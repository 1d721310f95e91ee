//! `kubectl get` tables: objects in, a `meta.k8s.io/v1` `Table` out.
//!
//! The columns, their priorities and the texts of the cells are those of Kubernetes' own printers
//! (`pkg/printers/internalversion`) for the built-in kinds, of `additionalPrinterColumns` for custom
//! resources, and name and creation time for the rest. Everything is a pure function of the objects and
//! the time. Deliberately absent: descriptions of columns (no client shows them), content negotiation, and
//! the shortening of texts, which is the client's.

mod access;
mod age;
mod cell;
mod cluster;
mod columns;
mod custom;
mod jsonpath;
mod network;
mod pod;
mod quota;
mod scaling;
mod selector;
mod storage;
mod workload;

#[cfg(test)]
mod tests;

pub use age::human_duration;
pub use columns::Printer;
pub use jsonpath::{Path, PathError};
pub use selector::format_selector;

use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// What each row carries of its object, from the request's `includeObject`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    /// `None`: nothing.
    None,
    /// `Metadata`, and when the request says nothing: a `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// `Object`: all of it.
    Object,
}

impl Include {
    /// The value of the query parameter `includeObject`; absent and empty mean metadata.
    ///
    /// Answers `None` for a value that no API server accepts.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Metadata" => Some(Self::Metadata),
            "None" => Some(Self::None),
            "Object" => Some(Self::Object),
            _ => None,
        }
    }
}

/// How a table is wanted.
#[derive(Clone, Copy, Debug)]
pub struct TableOptions {
    /// What rows carry of their objects.
    pub include: Include,
    /// Whether `columnDefinitions` is written; a watch writes it in its first event only.
    pub headers: bool,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { include: Include::Metadata, headers: true }
    }
}

/// The table of `objects`.
///
/// `meta` becomes the table's `metadata`: for a list its `metadata` (`resourceVersion`, `continue`,
/// `remainingItemCount`), for one object its `resourceVersion` alone.
pub fn table<'v>(
    printer: &Printer,
    meta: Value,
    objects: impl IntoIterator<Item = &'v Value>,
    options: TableOptions,
    now: Timestamp,
) -> Value {
    let rows = objects.into_iter().map(|object| row(printer, object, options.include, now));
    let columns = if options.headers { printer.definitions() } else { Vec::new() };
    map! {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": columns,
        "rows": rows.collect::<Vec<Value>>(),
    }
    .into()
}

fn row(printer: &Printer, object: &Value, include: Include, now: Timestamp) -> Value {
    let mut row = map! {"cells": printer.cells(object, now)};
    let conditions = printer.conditions(object);
    if !conditions.is_empty() {
        row.insert("conditions", conditions);
    }
    let carried = match include {
        Include::None => Value::Null,
        Include::Object => object.clone(),
        Include::Metadata => map! {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": object.get("metadata").cloned().unwrap_or_else(Value::map),
        }
        .into(),
    };
    row.insert("object", carried);
    row.into()
}

/// The name of an object as every first column has it.
fn name(object: &Value) -> Value {
    object.name().into()
}
