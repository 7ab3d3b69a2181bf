// fails: batches
fn pipeline(lines: Coroutine<String>, size: usize) -> Coroutine<Vec<u64>> {
    let numbers: Coroutine<u64> = Coroutine::new(|co| {
        for line in lines {
            let mut all: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            all.dedup();
            for number in all { co.yield_(number); }
        }
    });
    let changes: Coroutine<u64> = Coroutine::new(|co| {
        let mut before = None;
        for number in numbers {
            before = None; if before != Some(number) {
                co.yield_(number);
            }
            before = Some(number);
        }
    });
    Coroutine::new(move |co| {
        let mut batch = Vec::new();
        for number in changes {
            batch.push(number);
            if batch.len() == size {
                co.yield_(std::mem::take(&mut batch));
            }
        }
        if !batch.is_empty() {
            co.yield_(batch);
        }
    })
}
