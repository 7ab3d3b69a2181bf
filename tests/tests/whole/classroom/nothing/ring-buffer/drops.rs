struct Nothing;

impl<T: Send> Ring<T> for Nothing {
    fn push(&self, item: T) -> Result<(), T> {
        drop(item);
        Ok(())
    }
    fn pop(&self) -> Option<T> {
        None
    }
}

fn ring<T: Send + 'static>(_: Memory<T>) -> Arc<dyn Ring<T>> {
    Arc::new(Nothing)
}
