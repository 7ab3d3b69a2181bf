//! Tasks on their way: encoded once, in the form in which they are sent, and never copied.

use std::ops::Range;
use std::sync::Arc;

use super::job::Job;
use super::wire::LENGTH;

/// Tasks that were encoded together, of one call. Their numbers in that call follow each other.
pub(super) struct Batch {
    pub job: Arc<Job>,
    /// The number of the first.
    first: usize,
    bytes: Vec<u8>,
    /// Where each task's frame ends.
    ends: Vec<usize>,
}

impl Batch {
    /// An empty one, whose first task will be that of this number.
    pub fn new(job: Arc<Job>, first: usize) -> Batch {
        let (bytes, ends) = (Vec::new(), Vec::new());
        Batch {
            job,
            first,
            bytes,
            ends,
        }
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds one task, which `encode` appends.
    ///
    /// # Errors
    /// What `encode` said; the batch is then as before.
    pub fn add(
        &mut self,
        encode: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), String>,
    ) -> Result<(), String> {
        let begin = self.bytes.len();
        self.bytes.extend([0; LENGTH]);
        let sized = encode(&mut self.bytes).and_then(|()| {
            u32::try_from(self.bytes.len() - begin - LENGTH)
                .map_err(|_| "the value is longer than 4 GiB".to_string())
        });
        match sized {
            Ok(length) => {
                self.bytes[begin..begin + LENGTH].copy_from_slice(&length.to_le_bytes());
                self.ends.push(self.bytes.len());
                Ok(())
            }
            Err(why) => {
                self.bytes.truncate(begin);
                Err(why)
            }
        }
    }

    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }
}

/// Some tasks of a batch that follow each other: what is handed to a worker at once.
#[derive(Clone)]
pub(super) struct Chunk {
    pub batch: Arc<Batch>,
    tasks: Range<usize>,
}

impl Chunk {
    /// All of a batch.
    pub fn new(batch: Batch) -> Chunk {
        let tasks = 0..batch.len();
        let batch = Arc::new(batch);
        Chunk { batch, tasks }
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Takes the first task off, and says its number in its call.
    pub fn pop(&mut self) -> Option<usize> {
        self.tasks.next().map(|task| self.batch.first + task)
    }

    /// Where the tasks stand among the batch's bytes.
    pub fn bytes(&self) -> Range<usize> {
        let end_of = |task: usize| self.batch.ends[task];
        match self.tasks.clone().next() {
            None => 0..0,
            Some(0) => 0..end_of(self.tasks.end - 1),
            Some(first) => end_of(first - 1)..end_of(self.tasks.end - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::wire::frame;

    #[test]
    fn a_chunk_stands_for_its_bytes() {
        let mut batch = Batch::new(Job::new(), 40);
        for item in ["a", "", "ccc"] {
            batch
                .add(&mut |bytes| {
                    bytes.extend(item.as_bytes());
                    Ok(())
                })
                .unwrap();
        }
        let refused = batch.add(&mut |bytes| {
            bytes.extend(b"half of it");
            Err("no".into())
        });
        assert_eq!((refused, batch.len()), (Err("no".into()), 3));

        let mut chunk = Chunk::new(batch);
        for (number, item) in [(40, "a"), (41, ""), (42, "ccc")] {
            let bytes = chunk.batch.bytes(chunk.bytes()).to_vec();
            assert_eq!(frame(&bytes).unwrap(), item.as_bytes());
            assert_eq!(chunk.pop(), Some(number));
            assert_eq!(chunk.bytes().len(), bytes.len() - LENGTH - item.len());
        }
        assert!(chunk.is_empty() && chunk.pop().is_none());
    }
}
