//! What a program says, line by line.

use std::io::{self, BufRead, BufReader, Read};

/// Reads to the end and returns all of it; hands on each line when it is whole.
pub(super) fn read(stream: impl Read, mut hand_on: impl FnMut(&str)) -> io::Result<String> {
    let mut stream = BufReader::new(stream);
    let (mut all, mut line) = (String::new(), Vec::new());
    while stream.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        hand_on(&text);
        all.push_str(&text);
        line.clear();
    }
    Ok(all)
}
