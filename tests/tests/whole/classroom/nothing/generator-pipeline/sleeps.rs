fn pipeline(_: Coroutine<String>, _: usize) -> Coroutine<Vec<u64>> {
    Coroutine::new(|_| thread::sleep(Duration::from_millis(50)))
}
