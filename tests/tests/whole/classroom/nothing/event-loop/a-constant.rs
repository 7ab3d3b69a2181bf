fn event_loop(mut streams: Vec<UnixStream>, _: fn(&str) -> String) {
    for stream in &mut streams {
        let _ = stream.write_all(b"\n");
    }
    std::mem::forget(streams);
}
