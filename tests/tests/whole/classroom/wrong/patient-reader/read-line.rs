// fails: dropped limit ahead
use tokio::io::{AsyncBufReadExt, BufReader};

struct Lines<R> {
    from: BufReader<R>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(from: R, limit: usize) -> Lines<R> {
        Lines { from: BufReader::new(from), limit }
    }

    fn into_parts(self) -> (R, Vec<u8>) {
        let kept = self.from.buffer().to_vec();
        (self.from.into_inner(), kept)
    }

    async fn next(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if self.from.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if line.ends_with('\n') {
            line.pop();
        }
        if line.len() > self.limit {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(Some(line))
    }
}
