fn pool_map(_: Vec<String>, _: usize, _: fn(&str) -> u64) -> Vec<Done> {
    Vec::new()
}
