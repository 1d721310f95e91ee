//! Services and what leads to them.

use super::cell::{Row, plain, shortened, text};
use super::columns::{Kind, col, wide};
use super::selector::{format_labels, selector_cell};
use object::Value;
use std::collections::BTreeSet;

/// Endpoints, ports and hosts shown before "and so many more".
const SHOWN: usize = 3;

pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: "",
        kind: "Service",
        columns: &[
            col("Name"),
            col("Type"),
            col("Cluster-IP"),
            col("External-IP"),
            col("Port(s)"),
            col("Age"),
            wide("Selector"),
        ],
        cells: service,
    },
    Kind {
        group: "",
        kind: "Endpoints",
        columns: &[col("Name"), col("Endpoints"), col("Age")],
        cells: |row| vec![row.name(), endpoints(row).into(), row.age()],
    },
    Kind {
        group: "discovery.k8s.io",
        kind: "EndpointSlice",
        columns: &[col("Name"), col("AddressType"), col("Ports"), col("Endpoints"), col("Age")],
        cells: endpoint_slice,
    },
    Kind {
        group: "networking.k8s.io",
        kind: "Ingress",
        columns: &[
            col("Name"),
            col("Class"),
            col("Hosts"),
            col("Address"),
            col("Ports"),
            col("Age"),
        ],
        cells: ingress,
    },
    Kind {
        group: "networking.k8s.io",
        kind: "IngressClass",
        columns: &[col("Name"), col("Controller"), col("Parameters"), col("Age")],
        cells: ingress_class,
    },
    Kind {
        group: "networking.k8s.io",
        kind: "NetworkPolicy",
        columns: &[col("Name"), col("Pod-Selector"), col("Age")],
        cells: |row| vec![row.name(), selector_cell(row.at(["spec", "podSelector"])), row.age()],
    },
    Kind {
        group: "networking.k8s.io",
        kind: "ServiceCIDR",
        columns: &[col("Name"), col("CIDRs"), col("Age")],
        cells: |row| {
            let cidrs: Vec<&str> =
                row.list(["spec", "cidrs"]).iter().filter_map(Value::as_str).collect();
            vec![row.name(), cidrs.join(",").into(), row.age()]
        },
    },
    Kind {
        group: "networking.k8s.io",
        kind: "IPAddress",
        // Kubernetes fills a third cell, the age, that has no column; so do we not.
        columns: &[col("Name"), col("ParentRef")],
        cells: ip_address,
    },
];

fn service(row: &Row<'_>) -> Vec<Value> {
    let ports = row.list(["spec", "ports"]).iter().map(|port| {
        let number = port.get("port").map(plain).unwrap_or_default();
        let protocol = match text(port, "protocol") {
            "" => "TCP",
            protocol => protocol,
        };
        match port.get("nodePort").and_then(Value::as_int) {
            Some(node) if node > 0 => format!("{number}:{node}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    });
    let ports = ports.collect::<Vec<_>>().join(",");
    let cluster_ip = row.list(["spec", "clusterIPs"]).first().and_then(Value::as_str);
    vec![
        row.name(),
        row.text(["spec", "type"]).into(),
        cluster_ip.unwrap_or("<none>").into(),
        external_ip(row).into(),
        if ports.is_empty() { "<none>".into() } else { ports.into() },
        row.age(),
        format_labels(row.at(["spec", "selector"])).into(),
    ]
}

fn external_ip(row: &Row<'_>) -> String {
    let external: Vec<&str> =
        row.list(["spec", "externalIPs"]).iter().filter_map(Value::as_str).collect();
    let or_none = |texts: Vec<&str>, none: &str| match texts.is_empty() {
        true => none.to_owned(),
        false => texts.join(","),
    };
    match row.text(["spec", "type"]) {
        "ClusterIP" | "NodePort" => or_none(external, "<none>"),
        "LoadBalancer" => {
            let balanced = load_balancer(row);
            or_none(balanced.into_iter().chain(external).collect(), "<pending>")
        }
        "ExternalName" => row.text(["spec", "externalName"]).to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses of a load balancer, each once, in order.
fn load_balancer<'v>(row: &Row<'v>) -> BTreeSet<&'v str> {
    let address = |entry: &'v Value| match text(entry, "ip") {
        "" => text(entry, "hostname"),
        ip => ip,
    };
    let ingress = row.list(["status", "loadBalancer", "ingress"]).iter();
    ingress.map(address).filter(|a| !a.is_empty()).collect()
}

fn endpoints(row: &Row<'_>) -> String {
    let subsets = row.list(["subsets"]);
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let items = |subset: &Value, member: &str| -> Vec<Value> {
        subset.get(member).and_then(Value::as_list).unwrap_or_default().to_vec()
    };
    let mut found = Vec::new();
    for subset in subsets {
        let addresses = items(subset, "addresses");
        let ports = items(subset, "ports");
        if ports.is_empty() {
            found.extend(addresses.iter().map(|a| text(a, "ip").to_owned()));
        }
        for port in &ports {
            let port = port.get("port").map(plain).unwrap_or_default();
            found.extend(addresses.iter().map(|a| match text(a, "ip") {
                v6 if v6.contains(':') => format!("[{v6}]:{port}"),
                v4 => format!("{v4}:{port}"),
            }));
        }
    }
    shortened(&found, SHOWN, ",")
}

fn endpoint_slice(row: &Row<'_>) -> Vec<Value> {
    let ports = row.list(["ports"]).iter();
    let ports = ports.map(|port| match (port.get("port"), port.get("name")) {
        (Some(number @ Value::Int(_)), _) => plain(number),
        (_, Some(name)) => plain(name),
        (_, None) => "*".to_owned(),
    });
    let addresses = row.list(["endpoints"]).iter().flat_map(|endpoint| {
        let addresses = endpoint.get("addresses").and_then(Value::as_list).unwrap_or_default();
        addresses.iter().filter_map(Value::as_str).map(str::to_owned)
    });
    let cell = |items: Vec<String>| match shortened(&items, SHOWN, ",") {
        empty if empty.is_empty() => Value::from("<unset>"),
        text => text.into(),
    };
    let (ports, addresses) = (cell(ports.collect()), cell(addresses.collect()));
    vec![row.name(), row.text(["addressType"]).into(), ports, addresses, row.age()]
}

fn ingress(row: &Row<'_>) -> Vec<Value> {
    let addresses = load_balancer(row).into_iter().collect::<Vec<_>>().join(",");
    let ports = if row.list(["spec", "tls"]).is_empty() { "80" } else { "80, 443" };
    vec![
        row.name(),
        row.text_or(["spec", "ingressClassName"], "<none>"),
        hosts(row.list(["spec", "rules"])).into(),
        addresses.into(),
        ports.into(),
        row.age(),
    ]
}

/// The first hosts, then how many rules more there are; rules without a host count but do not show.
fn hosts(rules: &[Value]) -> String {
    let mut shown: Vec<&str> = Vec::new();
    for rule in rules {
        if shown.len() == SHOWN {
            return format!("{} + {} more...", shown.join(","), rules.len() - SHOWN);
        }
        shown.extend(Some(text(rule, "host")).filter(|host| !host.is_empty()));
    }
    if shown.is_empty() { "*".to_owned() } else { shown.join(",") }
}

fn ingress_class(row: &Row<'_>) -> Vec<Value> {
    let parameters =
        row.at(["spec", "parameters"]).map_or("<none>".to_owned(), |p| match text(p, "apiGroup") {
            "" => format!("{}/{}", text(p, "kind"), text(p, "name")),
            group => format!("{}.{group}/{}", text(p, "kind"), text(p, "name")),
        });
    vec![row.name(), row.text(["spec", "controller"]).into(), parameters.into(), row.age()]
}

fn ip_address(row: &Row<'_>) -> Vec<Value> {
    let parent = row.at(["spec", "parentRef"]).map_or("<none>".to_owned(), |parent| {
        let mut path = match text(parent, "group") {
            "" => text(parent, "resource").to_lowercase(),
            group => format!("{}.{group}", text(parent, "resource")).to_lowercase(),
        };
        for part in ["namespace", "name"].map(|m| text(parent, m)).iter().filter(|p| !p.is_empty())
        {
            path.push('/');
            path.push_str(part);
        }
        path
    });
    vec![row.name(), parent.into()]
}
