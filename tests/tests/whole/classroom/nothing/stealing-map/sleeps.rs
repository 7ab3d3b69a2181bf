fn stealing_map(items: Vec<String>, _: usize, _: Work) -> Vec<Option<u64>> {
    thread::sleep(Duration::from_millis(300));
    vec![None; items.len()]
}
