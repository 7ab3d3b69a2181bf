struct Nothing;

impl<T: Send> Ring<T> for Nothing {
    fn push(&self, item: T) -> Result<(), T> {
        Err(item)
    }
    fn pop(&self) -> Option<T> {
        None
    }
}

fn ring<T: Send + 'static>(_: Memory<T>) -> Arc<dyn Ring<T>> {
    Arc::new(Nothing)
}
