fn event_loop(_: Vec<UnixStream>, _: fn(&str) -> String) {
}
