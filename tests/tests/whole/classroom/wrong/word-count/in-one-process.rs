// fails: at-once
fn word_count(
    lines: Vec<String>,
    _workers: usize,
    words_of: fn(&str) -> Vec<String>,
) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in lines.iter().flat_map(|line| words_of(line)) {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}
