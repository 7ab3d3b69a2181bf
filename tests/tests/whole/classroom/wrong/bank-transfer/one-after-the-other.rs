// fails: every-schedule both-locked
fn transfer(from: &Account, to: &Account, amount: u64) -> bool {
    {
        let mut source = from.lock();
        if *source < amount {
            return false;
        }
        *source -= amount;
    }
    *to.lock() += amount;
    true
}
