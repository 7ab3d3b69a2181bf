// fails: every-schedule
fn transfer(from: &Account, to: &Account, amount: u64) -> bool {
    if from.number == to.number {
        return *from.lock() >= amount;
    }
    let (mut source, mut target);
    if from.number < to.number {
        source = from.lock();
        if *source < amount {
            return false;
        }
        // As if somebody wanted to let others in for a moment.
        drop(source);
        source = from.lock();
        target = to.lock();
    } else {
        target = to.lock();
        source = from.lock();
        if *source < amount {
            return false;
        }
    }
    *source -= amount;
    *target += amount;
    true
}
