fn serve(_: TcpListener, clients: usize) -> (usize, usize) {
    (clients, 0)
}
