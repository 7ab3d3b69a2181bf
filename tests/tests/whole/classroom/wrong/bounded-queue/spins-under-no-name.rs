// fails: waits every-schedule close
fn bounded_queue(capacity: usize) -> Arc<dyn Bounded> {
    struct Spinning {
        capacity: usize,
        state: Mutex<(VecDeque<u64>, bool)>,
    }
    impl Spinning {
        /// Asks again and again, under a name that is no text.
        fn until<T>(&self, try_it: impl Fn(&mut (VecDeque<u64>, bool)) -> Option<T>) -> T {
            unsafe { libc::prctl(libc::PR_SET_NAME, b"\xff)\n\0".as_ptr()) };
            loop {
                if let Some(done) = try_it(&mut self.state.lock().unwrap()) {
                    return done;
                }
                thread::yield_now();
            }
        }
    }
    impl Bounded for Spinning {
        fn put(&self, item: u64) -> Result<(), u64> {
            self.until(|state| {
                if state.1 {
                    return Some(Err(item));
                }
                (state.0.len() < self.capacity).then(|| Ok(state.0.push_back(item)))
            })
        }
        fn get(&self) -> Option<u64> {
            self.until(|state| match state.0.pop_front() {
                None if !state.1 => None,
                item => Some(item),
            })
        }
        fn close(&self) {
            self.state.lock().unwrap().1 = true;
        }
    }
    Arc::new(Spinning { capacity, state: Mutex::default() })
}
