// fails: lines limit ahead
use tokio::io::{AsyncBufReadExt, BufReader};

/// tokio's own: nothing is lost when it is dropped, but it knows no limit, and takes `\r` away.
struct Lines<R> {
    lines: tokio::io::Lines<BufReader<R>>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(from: R, limit: usize) -> Lines<R> {
        Lines { lines: BufReader::new(from).lines(), limit }
    }

    fn into_parts(self) -> (R, Vec<u8>) {
        let from = self.lines.into_inner();
        let kept = from.buffer().to_vec();
        (from.into_inner(), kept)
    }

    async fn next(&mut self) -> io::Result<Option<String>> {
        let line = self.lines.next_line().await?;
        match line {
            Some(line) if line.len() > self.limit => Err(ErrorKind::InvalidData.into()),
            line => Ok(line),
        }
    }
}
