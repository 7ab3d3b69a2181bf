// fails: ahead
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A task reads all that comes, and `next` takes lines from a channel, which loses nothing.
struct Lines<R> {
    from: Arc<Mutex<Option<R>>>,
    lines: UnboundedReceiver<io::Result<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl<R: AsyncRead + Unpin + Send + 'static> Lines<R> {
    fn new(from: R, limit: usize) -> Lines<R> {
        let from = Arc::new(Mutex::new(Some(from)));
        let (sender, lines) = unbounded_channel();
        let shared = from.clone();
        let task = tokio::spawn(async move {
            let (mut line, mut skipping) = (Vec::new(), false);
            let text = |line| String::from_utf8(line).map_err(|_| ErrorKind::InvalidData.into());
            loop {
                let mut piece = [0; 4096];
                let length = std::future::poll_fn(|context| {
                    let mut piece = tokio::io::ReadBuf::new(&mut piece);
                    let mut from = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    let Some(from) = from.as_mut() else { return std::task::Poll::Ready(0) };
                    let read = std::pin::Pin::new(from).poll_read(context, &mut piece);
                    read.map(|_| piece.filled().len())
                });
                let length = length.await;
                if length == 0 {
                    break;
                }
                for &byte in &piece[..length] {
                    if byte == b'\n' {
                        let line = std::mem::take(&mut line);
                        if !std::mem::take(&mut skipping) {
                            let _ = sender.send(text(line));
                        }
                    } else if !skipping {
                        line.push(byte);
                        if line.len() > limit {
                            line.clear();
                            skipping = true;
                            let _ = sender.send(Err(ErrorKind::InvalidData.into()));
                        }
                    }
                }
            }
            if !line.is_empty() {
                let _ = sender.send(text(line));
            }
        });
        Lines { from, lines, task }
    }

    fn into_parts(mut self) -> (R, Vec<u8>) {
        self.task.abort();
        let mut kept = Vec::new();
        while let Ok(line) = self.lines.try_recv() {
            kept.extend(line.unwrap_or_default().into_bytes());
            kept.push(b'\n');
        }
        let from = self.from.lock().unwrap_or_else(PoisonError::into_inner).take();
        (from.unwrap(), kept)
    }

    async fn next(&mut self) -> io::Result<Option<String>> {
        self.lines.recv().await.transpose()
    }
}
