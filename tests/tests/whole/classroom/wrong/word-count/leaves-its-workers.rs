// fails: joined
fn word_count(
    lines: Vec<String>,
    workers: usize,
    words_of: fn(&str) -> Vec<String>,
) -> BTreeMap<String, usize> {
    let todo: Queue<String> = Queue::new(lines.len().max(1));
    let done: Queue<Vec<String>> = Queue::new(lines.len().max(1));
    for _ in 0..workers {
        let (todo, done) = (todo.clone(), done.clone());
        // Nobody closes the queue: they wait for more.
        std::mem::forget(Process::spawn("counter", move || {
            for line in todo.iter() {
                done.send(words_of(&line)).unwrap();
            }
        }));
    }
    let expected = lines.len();
    for line in lines {
        todo.send(line).unwrap();
    }
    let mut counts = BTreeMap::new();
    for word in done.iter().take(expected).flatten() {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}
