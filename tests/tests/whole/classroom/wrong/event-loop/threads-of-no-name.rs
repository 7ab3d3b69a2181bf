// fails: silent one-thread
fn event_loop(streams: Vec<UnixStream>, answer: fn(&str) -> String) {
    use std::io::{BufRead, BufReader};
    // A name that is no text; threads inherit it.
    unsafe { libc::prctl(libc::PR_SET_NAME, b"\xff)\n\0".as_ptr()) };
    let crew: Vec<_> = streams.into_iter().map(|mut stream| std::thread::spawn(move || {
        let reader = BufReader::new(stream.try_clone().unwrap());
        for line in reader.lines() { let Ok(line) = line else { break }; if stream.write_all((answer(&line) + "\n").as_bytes()).is_err() { break; } }
    })).collect();
    unsafe { libc::prctl(libc::PR_SET_NAME, b"x\0".as_ptr()) };
    for c in crew { c.join().unwrap(); }
}
