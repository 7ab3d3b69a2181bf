fn pool_map(items: Vec<String>, _: usize, _: fn(&str) -> u64) -> Vec<Done> {
    vec![Ok(0); items.len()]
}
