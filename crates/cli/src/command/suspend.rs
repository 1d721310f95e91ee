//! `windlass suspend` and `windlass resume`.

use super::target::Target;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::output::{Format, print_value};
use clap::Args;
use cluster::WriteOptions;
use object::{Value, map};

/// Stop reconciling an object until it is resumed
#[derive(Args, Debug)]
pub(crate) struct Suspend {
    #[command(flatten)]
    target: Target,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Go on reconciling a suspended object
#[derive(Args, Debug)]
pub(crate) struct Resume {
    #[command(flatten)]
    target: Target,

    /// Form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

impl Suspend {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        set(&self.target, true, self.output, connection).await?;
        Ok(0)
    }
}

impl Resume {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        set(&self.target, false, self.output, connection).await?;
        Ok(0)
    }
}

async fn set(
    target: &Target,
    suspend: bool,
    output: Format,
    connection: &Connection,
) -> Result<(), Failure> {
    let client = connection.connect().await?;
    let (kind, name) = target.parse()?;
    let namespace = target.namespace.namespace.as_str();
    let patch = Value::Map(map! {"spec": map!{"suspend": suspend}});
    let write = WriteOptions { field_manager: "windlass-cli", ..WriteOptions::default() };
    client.merge_patch(&kind.resource(), (namespace, &name, ""), &patch, write).await.map_err(
        |error| {
            if error.is_not_found() {
                super::target::not_found(kind, namespace, &name)
            } else {
                error.into()
            }
        },
    )?;
    if output == Format::Table {
        let done = if suspend { "suspended" } else { "resumed" };
        say!("{} {namespace}/{name} {done}", kind.name());
    } else {
        let done = map! {
            "kind": kind.name(), "namespace": namespace, "name": name.as_str(), "suspended": suspend,
        };
        print_value(&Value::Map(done), output);
    }
    Ok(())
}
