struct Nothing;

impl Bounded for Nothing {
    fn put(&self, _: u64) -> Result<(), u64> { Ok(()) }
    fn get(&self) -> Option<u64> { Some(0) }
    fn close(&self) {}
}

fn bounded_queue(_: usize) -> Arc<dyn Bounded> {
    Arc::new(Nothing)
}
