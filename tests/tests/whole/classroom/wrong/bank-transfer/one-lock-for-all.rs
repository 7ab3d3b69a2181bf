// fails: every-schedule apart
static ALL: Mutex<()> = Mutex::new(());

fn transfer(from: &Account, to: &Account, amount: u64) -> bool {
    let _all = ALL.lock().unwrap();
    if from.number == to.number {
        return *from.lock() >= amount;
    }
    let mut source = from.lock();
    let mut target = to.lock();
    if *source < amount {
        return false;
    }
    *source -= amount;
    *target += amount;
    true
}
