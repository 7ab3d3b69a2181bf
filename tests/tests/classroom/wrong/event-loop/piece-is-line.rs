// fails: answers
fn event_loop(mut streams: Vec<UnixStream>, answer: fn(&str) -> String) {
    // What has come of the line that is not whole yet, for each connection.
    let mut parts: Vec<Vec<u8>> = vec![Vec::new(); streams.len()];
    while !streams.is_empty() {
        let mut fds: Vec<PollFd> =
            streams.iter().map(|stream| PollFd::new(stream.as_fd(), PollFlags::POLLIN)).collect();
        poll(&mut fds, PollTimeout::NONE).expect("poll waits");
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        // From behind: what `swap_remove` moves to a place has been looked at before.
        for place in (0..ready.len()).rev().filter(|&place| ready[place]) {
            let mut piece = [0; 4096];
            let length = streams[place].read(&mut piece).unwrap_or(0);
            let mut whole = length > 0;
            parts[place].extend(&piece[..length]);
            if whole {
                let line: Vec<u8> = parts[place].drain(..).collect();
                let reply = answer(String::from_utf8_lossy(&line).trim_end()) + "\n";
                whole &= streams[place].write_all(reply.as_bytes()).is_ok();
            }
            if !whole {
                streams.swap_remove(place);
                parts.swap_remove(place);
            }
        }
    }
}
