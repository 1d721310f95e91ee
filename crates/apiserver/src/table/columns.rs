//! Which kind has which columns.

use super::cell::Row;
use super::custom::CustomColumns;
use super::{access, cluster, network, pod, quota, scaling, storage, workload};
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// One column of a built-in kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    /// `string`, `integer`, `boolean` or `date`.
    kind: &'static str,
    /// `name`, or empty; that of a column `Name` is `name` in any case.
    format: &'static str,
    /// 0 is always shown, 1 with `-o wide` only.
    priority: i64,
}

/// A column that is always shown.
pub(super) const fn col(name: &'static str) -> Column {
    Column { name, kind: "string", format: "", priority: 0 }
}

/// A whole number that is always shown.
pub(super) const fn int(name: &'static str) -> Column {
    Column { name, kind: "integer", format: "", priority: 0 }
}

/// A yes or no that is always shown.
pub(super) const fn flag(name: &'static str) -> Column {
    Column { name, kind: "boolean", format: "", priority: 0 }
}

/// A name that is always shown.
pub(super) const fn named(name: &'static str) -> Column {
    Column { name, kind: "string", format: "name", priority: 0 }
}

/// A column of `-o wide`.
pub(super) const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", format: "", priority: 1 }
}

/// The columns of a built-in kind and what fills them.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    pub(super) columns: &'static [Column],
    pub(super) cells: fn(&Row<'_>) -> Vec<Value>,
}

/// What fills the table of one kind. Cheap to make for built-in kinds; for custom ones the paths are parsed
/// once, so keep it with the definition.
#[derive(Debug)]
pub struct Printer(Form);

#[derive(Debug)]
enum Form {
    BuiltIn(&'static Kind),
    Custom(CustomColumns),
    /// Kinds without a printer, among them Roles and CustomResourceDefinitions themselves.
    NameAndCreation,
}

impl Printer {
    /// The printer of a built-in kind, by group (empty for the core group) and kind. A kind that Kubernetes
    /// has no printer for shows its name and creation time.
    pub fn built_in(group: &str, kind: &str) -> Self {
        let kinds: [&'static [Kind]; 8] = [
            pod::KINDS,
            workload::KINDS,
            network::KINDS,
            storage::KINDS,
            access::KINDS,
            cluster::KINDS,
            scaling::KINDS,
            quota::KINDS,
        ];
        let found = kinds.into_iter().flatten().find(|k| k.kind == kind && k.group == group);
        Self(found.map_or(Form::NameAndCreation, Form::BuiltIn))
    }

    /// The printer of one version of a custom resource, from the `additionalPrinterColumns` of that version
    /// of its definition (a list; absent or empty shows the age). As in Kubernetes, a column whose
    /// JSONPath cannot be read ends the table there.
    pub fn custom(columns: Option<&Value>) -> Self {
        Self(Form::Custom(CustomColumns::read(
            columns.and_then(Value::as_list).unwrap_or_default(),
        )))
    }

    /// `columnDefinitions`.
    pub(super) fn definitions(&self) -> Vec<Value> {
        let columns = match &self.0 {
            Form::BuiltIn(kind) => kind.columns,
            Form::NameAndCreation => {
                &[col("Name"), Column { name: "Created At", kind: "date", format: "", priority: 0 }]
            }
            Form::Custom(custom) => return custom.definitions(),
        };
        let is_event = columns.first().is_some_and(|c| c.name == "Last Seen");
        columns
            .iter()
            .enumerate()
            .map(|(i, c)| {
                let names_object = c.name == "Name" && (i == 0 || is_event);
                let format = if names_object { "name" } else { c.format };
                definition(c.name, c.kind, format, "", c.priority)
            })
            .collect()
    }

    pub(super) fn cells(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        match &self.0 {
            Form::BuiltIn(kind) => (kind.cells)(&Row { object, now }),
            Form::Custom(custom) => custom.cells(object, now),
            Form::NameAndCreation => {
                vec![
                    super::name(object),
                    object.meta("creationTimestamp").unwrap_or_default().into(),
                ]
            }
        }
    }

    /// The `conditions` of a row: a Pod that is over says so, so that clients can grey it out.
    pub(super) fn conditions(&self, object: &Value) -> Vec<Value> {
        match &self.0 {
            Form::BuiltIn(kind) if kind.kind == "Pod" => pod::conditions(object),
            _ => Vec::new(),
        }
    }
}

/// One entry of `columnDefinitions`.
pub(super) fn definition(
    name: &str,
    kind: &str,
    format: &str,
    description: &str,
    priority: i64,
) -> Value {
    map! {
        "name": name,
        "type": kind,
        "format": format,
        "description": description,
        "priority": priority,
    }
    .into()
}
