fn transfer(_: &Account, _: &Account, _: u64) -> bool {
    false
}
