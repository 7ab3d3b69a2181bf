// fails: itself no-deadlock every-schedule
fn transfer(from: &Account, to: &Account, amount: u64) -> bool {
    let mut source = from.lock();
    let mut target = to.lock();
    if *source < amount {
        return false;
    }
    *source -= amount;
    *target += amount;
    true
}
