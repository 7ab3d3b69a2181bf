// fails: at-once
fn word_count(
    lines: Vec<String>,
    _workers: usize,
    words_of: fn(&str) -> Vec<String>,
) -> BTreeMap<String, usize> {
    let done: Queue<Vec<String>> = Queue::new(lines.len().max(1));
    let worker = Process::spawn("counter", || {
        for line in &lines {
            done.send(words_of(line)).unwrap();
        }
    });
    let mut counts = BTreeMap::new();
    for word in done.iter().take(lines.len()).flatten() {
        *counts.entry(word).or_insert(0) += 1;
    }
    worker.join();
    counts
}
