// fails: own-first
fn stealing_map(items: Vec<String>, workers: usize, work: Work) -> Vec<Option<u64>> {
    let queue = crossbeam::deque::Injector::new();
    (0..items.len()).for_each(|place| queue.push(place));
    let take = || loop {
        match queue.steal() {
            Steal::Success(place) => return Some(place),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    };
    let one = |place: usize| (place, catch_unwind(AssertUnwindSafe(|| work(&items[place]))).ok());
    let mut done: Vec<(usize, Option<u64>)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| std::iter::from_fn(take).map(one).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    done.sort();
    done.into_iter().map(|(_, result)| result).collect()
}
