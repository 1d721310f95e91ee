//! Service: cluster addresses and node ports.

use super::kind;
use crate::rest::{Api, ApiError, Call, Target};
use crate::store::{Key, ListQuery, ResourceId, Store};
use object::{Map, Value, map};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// `10.96.0.0/16`, the range that kubeadm takes too.
const NETWORK: u32 = 0x0a60_0000;
const ADDRESSES: u32 = 1 << 16;
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// The addresses and node ports that Services have. Owners are object paths, so that reserving is idempotent.
#[derive(Clone, Debug)]
pub struct Addresses(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    addresses: BTreeMap<u32, String>,
    ports: BTreeMap<i64, String>,
    next: u32,
    next_port: i64,
}

/// Addresses reserved for an object that is being created: given back unless it is.
#[derive(Default)]
pub struct Reserved(Option<(Addresses, String)>);

impl Reserved {
    /// The object exists.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some((addresses, owner)) = self.0.take() {
            addresses.release(&owner);
        }
    }
}

/// Marks what is reserved for a dry run only.
const DRY_RUN: &str = " (dry run)";

/// Whether the holder is the Service itself, asked for in earnest or as a dry run.
fn is_same_service(holder: &str, owner: &str) -> bool {
    holder == owner.strip_suffix(DRY_RUN).unwrap_or(owner)
}

impl Addresses {
    /// With those that the Services of a store have.
    pub fn new(store: &Store) -> Self {
        let taken = Self(Arc::new(Mutex::new(Taken::default())));
        let services = ResourceId::new("", "services");
        if let Ok(listing) = store.list(&services, &ListQuery::default()) {
            for service in listing.items {
                taken.record(&service.value(), service.key.path());
            }
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, owner: &str) {
        let mut taken = self.lock();
        taken.addresses.retain(|_, o| o != owner);
        taken.ports.retain(|_, o| o != owner);
    }

    fn record(&self, service: &Value, owner: &str) {
        let mut taken = self.lock();
        let address = service.at(["spec", "clusterIP"]).and_then(Value::as_str);
        if let Some(address) = address.and_then(|a| a.parse::<Ipv4Addr>().ok()) {
            taken.addresses.insert(address.into(), owner.to_owned());
        }
        for port in ports(service) {
            if let Some(port) = port.get("nodePort").and_then(Value::as_int) {
                taken.ports.insert(port, owner.to_owned());
            }
        }
    }

    /// The address asked for, or a free one.
    fn address(&self, asked: Option<Ipv4Addr>, owner: &str) -> Result<Ipv4Addr, &'static str> {
        let mut taken = self.lock();
        if let Some(asked) = asked {
            let number = u32::from(asked);
            if number & !(ADDRESSES - 1) != NETWORK {
                return Err(
                    "the provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/16",
                );
            }
            match taken.addresses.get(&number) {
                // Its own already; a dry run must not take it over, because it lets go of all it has.
                Some(holder) if is_same_service(holder, owner) => {}
                Some(_) => return Err("provided IP is already allocated"),
                None => {
                    taken.addresses.insert(number, owner.to_owned());
                }
            }
            return Ok(asked);
        }
        for _ in 0..ADDRESSES {
            taken.next = (taken.next + 1) % (ADDRESSES - 1);
            let number = NETWORK + 1 + taken.next;
            // 10.96.0.1 is the API server's own and 10.96.0.10 that of DNS, by custom.
            if taken.next > 15 && !taken.addresses.contains_key(&number) {
                taken.addresses.insert(number, owner.to_owned());
                return Ok(number.into());
            }
        }
        Err("range is full")
    }

    fn port(&self, asked: Option<i64>, owner: &str) -> Result<i64, &'static str> {
        let mut taken = self.lock();
        if let Some(asked) = asked.filter(|p| *p != 0) {
            if !NODE_PORTS.contains(&asked) {
                return Err(
                    "provided port is not in the valid range. The range of valid ports is 30000-32767",
                );
            }
            match taken.ports.get(&asked) {
                Some(holder) if is_same_service(holder, owner) => {}
                Some(_) => return Err("provided port is already allocated"),
                None => {
                    taken.ports.insert(asked, owner.to_owned());
                }
            }
            return Ok(asked);
        }
        let count = NODE_PORTS.end() - NODE_PORTS.start() + 1;
        for _ in 0..count {
            taken.next_port = (taken.next_port + 1) % count;
            let port = NODE_PORTS.start() + taken.next_port;
            if let Entry::Vacant(free) = taken.ports.entry(port) {
                free.insert(owner.to_owned());
                return Ok(port);
            }
        }
        Err("range is full")
    }
}

fn ports(service: &Value) -> &[Value] {
    service.at(["spec", "ports"]).and_then(Value::as_list).unwrap_or_default()
}

fn text<'a>(service: &'a Value, key: &str) -> &'a str {
    service.at(["spec", key]).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn before_create(
    api: &Api,
    call: &Call,
    target: &Target,
    service: &mut Value,
) -> Result<Reserved, ApiError> {
    service.make_map().insert("status", map! {"loadBalancer": Map::new()});
    allocate(api, call, target, service)
}

pub(super) fn before_update(
    api: &Api,
    call: &Call,
    target: &Target,
    old: &Value,
    new: &mut Value,
) -> Result<(), ApiError> {
    let external = |s: &Value| text(s, "type") == "ExternalName";
    if !external(old) && !external(new) {
        // What the client leaves out stays (`pkg/registry/core/service`, patchAllocatedValues).
        for key in ["clusterIP", "clusterIPs"] {
            let empty = new.at(["spec", key]).is_none_or(|v| v.as_str() == Some(""));
            if let Some(value) = old.at(["spec", key]).filter(|_| empty) {
                new.make_map().entry("spec").make_map().insert(key, value.clone());
            }
        }
        keep_node_ports(old, new);
    }
    allocate(api, call, target, new)?.keep();
    Ok(())
}

fn keep_node_ports(old: &Value, new: &mut Value) {
    if !matches!(text(new, "type"), "NodePort" | "LoadBalancer") {
        return;
    }
    let known: Vec<(Option<Value>, Option<Value>, Value)> = ports(old)
        .iter()
        .filter_map(|p| {
            Some((p.get("port").cloned(), p.get("protocol").cloned(), p.get("nodePort")?.clone()))
        })
        .collect();
    let list = new.get_mut("spec").and_then(|s| s.get_mut("ports")).and_then(Value::as_list_mut);
    for port in list.into_iter().flatten() {
        let absent = port.get("nodePort").and_then(Value::as_int).unwrap_or(0) == 0;
        let same = known.iter().find(|(p, q, _)| {
            *p == port.get("port").cloned() && *q == port.get("protocol").cloned()
        });
        if let (true, Some((_, _, number))) = (absent, same) {
            port.make_map().insert("nodePort", number.clone());
        }
    }
}

fn allocate(
    api: &Api,
    call: &Call,
    target: &Target,
    service: &mut Value,
) -> Result<Reserved, ApiError> {
    let name = object::Manifest::name(service).to_owned();
    let owner = if call.dry_run {
        format!("{}/{name}{DRY_RUN}", target.namespace)
    } else {
        format!("{}/{name}", target.namespace)
    };
    let reserved = Reserved(Some((api.addresses().clone(), owner.clone())));
    let refuse = |field: &str, shown: String, why: &str| {
        let message = format!("Invalid value: {shown}: failed to allocate IP {shown}: {why}");
        ApiError::invalid_field(&target.served, &name, "FieldValueInvalid", field, message)
    };
    if text(service, "type") == "ExternalName" {
        return Ok(reserved);
    }
    let asked = text(service, "clusterIP").to_owned();
    if asked != "None" {
        let parsed = asked.parse::<Ipv4Addr>().ok();
        let address = api
            .addresses()
            .address(parsed, &owner)
            .map_err(|why| refuse("spec.clusterIP", format!("{asked:?}"), why))?
            .to_string();
        let spec = service.make_map().entry("spec").make_map();
        spec.insert("clusterIP", address.as_str());
        spec.insert("clusterIPs", vec![Value::from(address)]);
    } else {
        let spec = service.make_map().entry("spec").make_map();
        spec.insert("clusterIPs", vec![Value::from("None")]);
    }
    let spec = service.make_map().entry("spec").make_map();
    let selects = spec.contains_key("selector");
    if !spec.contains_key("ipFamilies") && (asked != "None" || selects) {
        spec.insert("ipFamilies", vec![Value::from("IPv4")]);
    }
    if !spec.contains_key("ipFamilyPolicy") {
        spec.insert("ipFamilyPolicy", "SingleStack");
    }
    node_ports(api, &owner, service, &refuse)?;
    Ok(reserved)
}

fn node_ports(
    api: &Api,
    owner: &str,
    service: &mut Value,
    refuse: &dyn Fn(&str, String, &str) -> ApiError,
) -> Result<(), ApiError> {
    let wanted = match text(service, "type") {
        "NodePort" => true,
        "LoadBalancer" => {
            service.at(["spec", "allocateLoadBalancerNodePorts"]).and_then(Value::as_bool)
                != Some(false)
        }
        _ => false,
    };
    if !wanted {
        return Ok(());
    }
    let list =
        service.get_mut("spec").and_then(|s| s.get_mut("ports")).and_then(Value::as_list_mut);
    for (index, port) in list.into_iter().flatten().enumerate() {
        let asked = port.get("nodePort").and_then(Value::as_int);
        let number = api.addresses().port(asked, owner).map_err(|why| {
            let field = format!("spec.ports[{index}].nodePort");
            refuse(&field, asked.unwrap_or(0).to_string(), why)
        })?;
        port.make_map().insert("nodePort", number);
    }
    Ok(())
}

/// Takes note of what a Service has now.
pub(super) fn after_write(api: &Api, target: &Target) {
    if kind(target) != "Service" {
        return;
    }
    let path = format!("{}/{}", target.namespace, target.name);
    let key = Key::new(&target.served.id, &target.namespace, &target.name);
    api.addresses().release(&path);
    if let Some(service) = api.store().get(&key) {
        api.addresses().record(&service.value(), &path);
    }
}
