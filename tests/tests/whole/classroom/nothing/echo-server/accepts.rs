fn serve(listener: TcpListener, clients: usize) -> (usize, usize) {
    let accepted: Vec<_> = (0..clients).map(|_| listener.accept()).collect();
    (accepted.len(), 0)
}
