//! The web servers and the load on them, over real sockets.

mod clients;
mod ends;
mod loads;
mod routes;
mod servers;

#[test]
fn every_server_has_the_pages() {
    servers::each(|_, server| {
        routes::pages(server);
        routes::refusals(server);
    });
}
