//! Simulated Nodes: made once, ready, and as empty as their name says.

use super::fields::stamp;
use super::owner::SIMULATED;
use jiff::Timestamp;
use object::{Manifest as _, Value, map};

/// The name of the Node number `at`, counted from 0.
pub(super) fn name(at: usize) -> String {
    format!("simulated-node-{}", at + 1)
}

/// The address of the Node number `at`: `192.0.2.0/24` is kept for documentation and belongs to nobody.
pub(super) fn address(at: usize) -> String {
    format!("192.0.2.{}", 10 + at % 240)
}

/// The Node number `at`, as it is created.
pub(super) fn node(at: usize, now: Timestamp) -> Value {
    let name = name(at);
    let condition = |kind: &str, status: &str, reason: &str, message: &str| -> Value {
        map! {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": stamp(now),
            "lastTransitionTime": stamp(now),
        }
        .into()
    };
    let resources =
        map! {"cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"};
    let addresses = vec![
        map! {"type": "InternalIP", "address": address(at)}.into(),
        map! {"type": "Hostname", "address": name.clone()}.into(),
    ];
    let mut node = Value::from(map! {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": map! {"name": name.clone()},
        "spec": map! {"podCIDR": "10.244.0.0/16", "podCIDRs": vec!["10.244.0.0/16".into()], "providerID": format!("simulated://{name}")},
        "status": map! {
            "addresses": addresses,
            "allocatable": resources.clone(),
            "capacity": resources,
            "conditions": vec![
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "simulated: no memory is used"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "simulated: no disk is used"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "simulated: no process runs"),
                condition("Ready", "True", "KubeletReady", "simulated: no container runs here"),
            ],
            "nodeInfo": map! {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "simulated://0",
                "kernelVersion": "simulated",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.34.0-simulated",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "simulated",
                "systemUUID": "",
            },
        },
    });
    for (label, value) in [
        ("kubernetes.io/hostname", name.as_str()),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/arch", "amd64"),
        (SIMULATED, "true"),
    ] {
        node.set_label(label, value);
    }
    node.set_annotation(SIMULATED, "true");
    node
}
