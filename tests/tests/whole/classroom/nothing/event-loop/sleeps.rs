fn event_loop(streams: Vec<UnixStream>, _: fn(&str) -> String) {
    thread::sleep(Duration::from_millis(300));
    drop(streams);
}
