fn serve(_: TcpListener, _: usize) -> (usize, usize) {
    (0, 0)
}
