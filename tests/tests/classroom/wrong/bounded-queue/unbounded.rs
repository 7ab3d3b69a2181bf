// fails: waits close
fn bounded_queue(capacity: usize) -> Arc<dyn Bounded> {
    struct BoundedQueue {
        capacity: usize,
        // The items, and whether the queue is closed.
        state: Mutex<(VecDeque<u64>, bool)>,
        not_full: Condvar,
        not_empty: Condvar,
    }
    impl Bounded for BoundedQueue {
        fn put(&self, item: u64) -> Result<(), u64> {
            let state = self.state.lock().unwrap();
            let full = |state: &mut (VecDeque<u64>, bool)| state.0.len() >= usize::MAX && !state.1;
            let mut state = self.not_full.wait_while(state, full).unwrap();
            if state.1 {
                return Err(item);
            }
            state.0.push_back(item);
            self.not_empty.notify_one();
            Ok(())
        }
        fn get(&self) -> Option<u64> {
            let state = self.state.lock().unwrap();
            let empty = |state: &mut (VecDeque<u64>, bool)| state.0.is_empty() && !state.1;
            let mut state = self.not_empty.wait_while(state, empty).unwrap();
            let item = state.0.pop_front();
            self.not_full.notify_one();
            item
        }
        fn close(&self) {
            self.state.lock().unwrap().1 = true;
            self.not_full.notify_all();
            self.not_empty.notify_all();
        }
    }
    let (not_full, not_empty) = (Condvar::new(), Condvar::new());
    Arc::new(BoundedQueue { capacity, state: Mutex::default(), not_full, not_empty })
}
