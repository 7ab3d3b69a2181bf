fn serve(listener: TcpListener, clients: usize) -> (usize, usize) {
    let accepted: Vec<_> = (0..clients).map(|_| listener.accept()).collect();
    thread::sleep(Duration::from_millis(300));
    (accepted.len(), 0)
}
