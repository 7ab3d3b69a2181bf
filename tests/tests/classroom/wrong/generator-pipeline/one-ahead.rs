// fails: lazy
fn pipeline(lines: Coroutine<String>, size: usize) -> Coroutine<Vec<u64>> {
    let numbers: Coroutine<u64> = Coroutine::new(|co| {
        for line in lines {
            for number in line.split_whitespace().filter_map(|word| word.parse().ok()) {
                co.yield_(number);
            }
        }
    });
    let changes: Coroutine<u64> = Coroutine::new(|co| {
        let mut before = None;
        for number in numbers {
            if before != Some(number) {
                co.yield_(number);
            }
            before = Some(number);
        }
    });
    Coroutine::new(move |co| {
        let mut batch = Vec::new();
        for number in changes {
            if batch.len() == size {
                co.yield_(std::mem::take(&mut batch));
            }
            batch.push(number);
        }
        if !batch.is_empty() {
            co.yield_(batch);
        }
    })
}
