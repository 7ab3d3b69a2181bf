fn transfer(_: &Account, _: &Account, _: u64) -> bool {
    thread::sleep(Duration::from_millis(50));
    true
}
