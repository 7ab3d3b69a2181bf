fn stealing_map(items: Vec<String>, _: usize, _: Work) -> Vec<Option<u64>> {
    vec![None; items.len()]
}
