// fails: at-once
fn pool_map(items: Vec<String>, workers: usize, work: fn(&str) -> u64) -> Vec<Done> {
    let count = items.len();
    let done: Queue<(usize, Done)> = Queue::new(count.max(1));
    let crew: Vec<Process> = (0..workers).map(|n| {
        let done = done.clone(); let items = items.clone();
        Process::spawn("w", move || for (place, item) in items.into_iter().enumerate().filter(|(i, _)| i % workers == n) {
            done.send((place, catch_unwind(|| work(&item)).map_err(|_| item))).unwrap();
        })
    }).collect();
    let mut results: Vec<(usize, Done)> = done.iter().take(count).collect();
    results.sort_by_key(|r| r.0);
    for p in crew { p.join(); }
    results.into_iter().map(|r| r.1).collect()
}
