// fails: one-thread
fn event_loop(mut streams: Vec<UnixStream>, answer: fn(&str) -> String) {
    let mut parts: Vec<Vec<u8>> = vec![Vec::new(); streams.len()];
    let mut closed = vec![false; streams.len()];
    while closed.iter().any(|c| !c) {
        let mut fds: Vec<PollFd> = streams.iter().map(|s| PollFd::new(s.as_fd(), PollFlags::POLLIN)).collect();
        poll(&mut fds, PollTimeout::NONE).unwrap();
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        for place in 0..ready.len() { if ready[place] {
            let mut piece = [0; 4096];
            let length = streams[place].read(&mut piece).unwrap_or(0);
            if length == 0 { closed[place] = true; }
            parts[place].extend(&piece[..length]);
            while let Some(end) = parts[place].iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = parts[place].drain(..=end).collect();
                let _ = streams[place].write_all((answer(&String::from_utf8_lossy(&line[..end])) + "\n").as_bytes());
            }
        } }
    }
}
