//! The list of applied objects as Flux keeps it in `status.inventory`.

use api::InventoryEntry;
use object::{Gvk, ObjectKey};

/// Why an entry cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("inventory entry {0:?} is not of the form namespace_name_group_kind")]
pub struct InventoryError(pub String);

const RBAC: &str = "rbac.authorization.k8s.io";

/// `<namespace>_<name>_<group>_<kind>`. Names of RBAC objects may hold colons, which are written `__`
/// (`ObjMetadata.String` of fluxcd/cli-utils).
pub fn id(key: &ObjectKey) -> String {
    let rbac = key.group == RBAC
        && matches!(
            key.kind.as_str(),
            "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding"
        );
    let ObjectKey { namespace, name, group, kind } = key;
    if rbac && name.contains(':') {
        format!("{namespace}_{}_{group}_{kind}", name.replace(':', "__"))
    } else {
        format!("{namespace}_{name}_{group}_{kind}")
    }
}

/// The entry of an object.
pub fn entry(key: &ObjectKey, version: &str) -> InventoryEntry {
    InventoryEntry { id: id(key), v: version.to_owned() }
}

/// The object an entry stands for.
///
/// # Errors
/// When the id has fewer than three underscores.
pub fn parse(entry: &InventoryEntry) -> Result<(ObjectKey, Gvk), InventoryError> {
    let error = || InventoryError(entry.id.clone());
    let (namespace, rest) = entry.id.split_once('_').ok_or_else(error)?;
    let (rest, kind) = rest.rsplit_once('_').ok_or_else(error)?;
    let (name, group) = rest.rsplit_once('_').ok_or_else(error)?;
    let key = ObjectKey {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.replace("__", ":"),
    };
    let gvk = Gvk::new(group, entry.v.clone(), kind);
    Ok((key, gvk))
}

#[cfg(test)]
mod tests;
