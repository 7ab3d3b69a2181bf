// fails: joined
fn pool_map(items: Vec<String>, workers: usize, work: fn(&str) -> u64) -> Vec<Done> {
    let count = items.len();
    let todo: Queue<(usize, String)> = Queue::new(count.max(1));
    let done: Queue<(usize, Done)> = Queue::new(count.max(1));
    let crew: Vec<Process> = (1..=workers)
        .map(|number| {
            let (todo, done) = (todo.clone(), done.clone());
            Process::spawn(&format!("worker-{number}"), move || {
                for (place, item) in todo.iter() {
                    let result = catch_unwind(|| work(&item)).map_err(|_| item);
                    done.put((place, result)).expect("the queue is open");
                }
            })
        })
        .collect();
    for task in items.into_iter().enumerate() {
        todo.put(task).expect("the queue is open");
    }
    todo.close();
    let mut results: Vec<(usize, Done)> = done.iter().take(count).collect();
    results.sort_by_key(|(place, _)| *place);
    std::mem::forget(crew); let _ = todo;
    results.into_iter().map(|(_, result)| result).collect()
}
