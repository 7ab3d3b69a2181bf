fn pipeline(
    source: Receiver<u64>,
    _: Vec<Stage>,
    _: usize,
    _: Receiver<()>,
) -> (Receiver<u64>, Vec<JoinHandle<()>>) {
    (source, Vec::new())
}
