// fails: own-first stolen contended panics
fn stealing_map(items: Vec<String>, _workers: usize, work: Work) -> Vec<Option<u64>> {
    thread::scope(|scope| {
        let threads: Vec<_> = items.iter().map(|item| scope.spawn(move || work(item))).collect();
        threads.into_iter().map(|thread| thread.join().ok()).collect()
    })
}
