struct Nothing;

impl Bounded for Nothing {
    fn put(&self, _: u64) -> Result<(), u64> { thread::sleep(Duration::from_secs(3600)); Ok(()) }
    fn get(&self) -> Option<u64> { thread::sleep(Duration::from_secs(3600)); None }
    fn close(&self) {}
}

fn bounded_queue(_: usize) -> Arc<dyn Bounded> {
    Arc::new(Nothing)
}
