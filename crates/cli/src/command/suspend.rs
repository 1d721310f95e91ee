//! `windlass suspend` and `windlass resume`.

use super::target::Target;
use crate::connection::Connection;
use crate::failure::Failure;
use clap::Args;
use cluster::WriteOptions;
use object::{Value, map};

/// Stop reconciling an object until it is resumed
#[derive(Args, Debug)]
pub(crate) struct Suspend {
    #[command(flatten)]
    target: Target,
}

/// Go on reconciling a suspended object
#[derive(Args, Debug)]
pub(crate) struct Resume {
    #[command(flatten)]
    target: Target,
}

impl Suspend {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        set(&self.target, true, connection).await?;
        Ok(0)
    }
}

impl Resume {
    pub(crate) async fn run(&self, connection: &Connection) -> Result<u8, Failure> {
        set(&self.target, false, connection).await?;
        Ok(0)
    }
}

async fn set(target: &Target, suspend: bool, connection: &Connection) -> Result<(), Failure> {
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
    let done = if suspend { "suspended" } else { "resumed" };
    println!("{} {namespace}/{name} {done}", kind.name());
    Ok(())
}
