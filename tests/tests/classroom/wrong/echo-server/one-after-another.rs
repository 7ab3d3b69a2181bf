// fails: at-once half-closed broken
fn serve(listener: TcpListener, clients: usize) -> (usize, usize) {
    fn echo(mut stream: TcpStream) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            match stream.read(&mut piece)? {
                0 => return stream.shutdown(Shutdown::Write),
                length => stream.write_all(&piece[..length])?,
            }
        }
    }
    let crew: Vec<_> = (0..clients)
        .map(|_| {
            let (stream, _) = listener.accept().expect("a listener accepts");
            echo(stream).is_ok()
        })
        .collect();
    let served = crew.into_iter().map(|client| client);
    let whole = served.filter(|&whole| whole).count();
    (whole, clients - whole)
}
