//! Web servers that cells start: they serve from cell to cell, and end with the process that runs
//! the cells.

use std::net::TcpListener;

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;
use end_to_end::processes::wait_until;

/// Three kinds of servers. Their ports are printed in one line.
const SERVERS: &str = r#"
    use support::axum::{Router, routing::get};
    let pages: Router = Router::new().route("/", get(async || "hello"));
    fn site() -> web::Site { web::Site::new().page("/", |_| "hello".to_string()) }
    let all: Vec<web::Server> = vec![web::serve(pages), web::threads(site()), web::prefork(2, site())];
    println!("{} {} {}", all[0].port(), all[1].port(), all[2].port());
"#;

/// Has them serve in the kernel; returns their ports.
fn serve(kernel: &mut Kernel) -> Vec<u16> {
    kernel.run("use support::prelude::*;").ok();
    let said = kernel.run(SERVERS).ok().stdout;
    let ports: Vec<u16> = said
        .split_whitespace()
        .map(|port| port.parse().expect("a port"))
        .collect();
    assert_eq!(ports.len(), 3, "{said}");
    let ask = "for server in &all { println!(\"{}\", web::get(&server.url()).unwrap().body); };";
    let said = kernel.run(ask).ok().stdout;
    assert_eq!(said, "hello\nhello\nhello\n");
    ports
}

fn expect_free(ports: &[u16]) {
    for &port in ports {
        wait_until("the port is free", || {
            TcpListener::bind(("127.0.0.1", port)).is_ok()
        });
    }
}

#[test]
fn a_stopped_kernel_has_no_servers() {
    let mut kernel = Kernel::start();
    let ports = serve(&mut kernel);
    assert!(TcpListener::bind(("127.0.0.1", ports[0])).is_err());
    kernel.shut_down();
    expect_free(&ports);
}

#[test]
fn a_killed_kernel_has_no_servers() {
    let mut kernel = Kernel::start();
    let ports = serve(&mut kernel);
    kernel.kill();
    expect_free(&ports);
}

#[test]
fn a_cell_that_fails_takes_the_servers_with_its_process() {
    let mut kernel = Lent::take();
    let ports = serve(&mut kernel);
    kernel.run("panic!(\"over\");").error();
    expect_free(&ports);
    kernel.give_back();
}
