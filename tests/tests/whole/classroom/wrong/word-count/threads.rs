// fails: at-once
fn word_count(
    lines: Vec<String>,
    workers: usize,
    words_of: fn(&str) -> Vec<String>,
) -> BTreeMap<String, usize> {
    let (lines, counts) = (std::sync::Mutex::new(lines), std::sync::Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(line) = lines.lock().unwrap().pop() else { return };
                    for word in words_of(&line) {
                        *counts.lock().unwrap().entry(word).or_insert(0) += 1;
                    }
                }
            });
        }
    });
    counts.into_inner().unwrap()
}
