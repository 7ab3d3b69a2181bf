//! The ports and the key through which a kernel is spoken to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use anyhow::Context;
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};

/// Picks five free ports and a key. Nobody holds the ports: a kernel that is quicker than its
/// starter on a busy machine would find them taken by whoever held them for it.
pub async fn connection_info() -> anyhow::Result<ConnectionInfo> {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ports = loop {
        let ports = jupyter_zmq_client::peek_ports(ip, 5)
            .await
            .context("no free ports on the loopback interface")?;
        if claim(&ports) {
            break ports;
        }
    };
    Ok(ConnectionInfo {
        ip: ip.to_string(),
        transport: Transport::TCP,
        shell_port: ports[0],
        iopub_port: ports[1],
        stdin_port: ports[2],
        control_port: ports[3],
        hb_port: ports[4],
        key: uuid::Uuid::new_v4().to_string(),
        signature_scheme: "hmac-sha256".to_owned(),
        kernel_name: None,
    })
}

/// Between our letting go of a port and the kernel's taking it, the system may hand it out once
/// more. It must not go to another kernel of this run, so each port is used once.
fn claim(ports: &[u16]) -> bool {
    static USED: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut used = USED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let free = ports.iter().all(|port| !used.contains(port));
    used.extend(ports);
    free
}
