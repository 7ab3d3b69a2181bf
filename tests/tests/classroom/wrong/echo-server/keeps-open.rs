// fails: half-closed
fn serve(listener: TcpListener, clients: usize) -> (usize, usize) {
    fn echo(mut stream: TcpStream) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            match stream.read(&mut piece)? {
                0 => { std::mem::forget(stream); return Ok(()) }
                length => stream.write_all(&piece[..length])?,
            }
        }
    }
    let crew: Vec<_> = (0..clients)
        .map(|_| {
            let (stream, _) = listener.accept().expect("a listener accepts");
            thread::spawn(move || echo(stream).is_ok())
        })
        .collect();
    let served = crew.into_iter().map(|client| client.join().unwrap_or(false));
    let whole = served.filter(|&whole| whole).count();
    (whole, clients - whole)
}
