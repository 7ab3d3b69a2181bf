// fails: nothing-stronger
fn ring<T: Send + 'static>(memory: Memory<T>) -> Arc<dyn Ring<T>> {
    use support::interleavings::sync::Mutex;
    struct Locked<T>(Mutex<()>, Memory<T>);
    impl<T: Send> Ring<T> for Locked<T> {
        fn push(&self, item: T) -> Result<(), T> {
            let _guard = self.0.lock().unwrap();
            let Memory { slots, put, taken } = &self.1;
            let number = put.load(Relaxed);
            if number - taken.load(Relaxed) == slots.len() {
                return Err(item);
            }
            slots[number % slots.len()].with_mut(|slot| unsafe { *slot = Some(item) });
            put.store(number + 1, Relaxed);
            Ok(())
        }
        fn pop(&self) -> Option<T> {
            let _guard = self.0.lock().unwrap();
            let Memory { slots, put, taken } = &self.1;
            let number = taken.load(Relaxed);
            if number == put.load(Relaxed) {
                return None;
            }
            let item = slots[number % slots.len()].with_mut(|slot| unsafe { (*slot).take() });
            taken.store(number + 1, Relaxed);
            item
        }
    }
    Arc::new(Locked(Mutex::new(()), memory))
}
