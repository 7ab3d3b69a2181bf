//! The web servers and the load on them, over real sockets.

mod clients;
mod ends;
mod loads;
mod own;
mod routes;
mod servers;

#[test]
fn every_server_has_the_pages() {
    servers::each(|_, server| {
        routes::pages(server);
        routes::refusals(server);
    });
}

/// Python's server takes such a name for "%FF"; ours have no text that could be greeted.
#[test]
fn a_name_that_is_no_text_is_a_bad_request() {
    servers::each(|name, server| {
        let answer = web::get(&server.at("/hello/%FF")).unwrap();
        assert_eq!(answer.status, 400, "{name}: {answer}");
    });
}
