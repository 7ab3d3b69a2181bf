fn pipeline(_: Coroutine<String>, _: usize) -> Coroutine<Vec<u64>> {
    Coroutine::new(|co| {
        for _ in 0..20 {
            co.yield_(Vec::new());
        }
    })
}
