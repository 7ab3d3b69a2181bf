fn stealing_map(_: Vec<String>, _: usize, _: Work) -> Vec<Option<u64>> {
    Vec::new()
}
