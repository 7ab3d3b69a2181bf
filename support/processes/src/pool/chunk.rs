//! Tasks on their way to a worker, and results on their way back: each a run of bytes behind its
//! length.

use std::sync::Arc;

use super::job::Job;
use crate::codec;

/// The bytes of a length.
pub(super) const HEAD: usize = size_of::<u64>();

/// More than this of what was taken off is not kept in front of the rest.
const SPENT: usize = 64 << 10;

/// Frames one after the other; the last may not have come whole.
#[derive(Clone, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Where the first one begins that was not taken off.
    at: usize,
}

/// Writes the length of the frame that begins here and ends with `bytes`.
pub(super) fn seal(bytes: &mut [u8], begin: usize) {
    let length = (bytes.len() - begin - HEAD) as u64;
    bytes[begin..begin + HEAD].copy_from_slice(&length.to_le_bytes());
}

impl Frames {
    /// Takes the first whole frame off.
    pub fn pop(&mut self) -> Option<&[u8]> {
        let head = self.rest().first_chunk::<HEAD>()?;
        let length = usize::try_from(u64::from_le_bytes(*head)).ok()?;
        let begin = self.at + HEAD;
        let end = begin
            .checked_add(length)
            .filter(|&end| end <= self.bytes.len())?;
        self.at = end;
        Some(&self.bytes[begin..end])
    }

    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    /// Where to append what comes.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if self.at > SPENT || self.at == self.bytes.len() {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        &mut self.bytes
    }
}

/// Tasks of one call, whose numbers in that call follow each other: what a worker gets at once.
#[derive(Clone)]
pub(super) struct Chunk {
    pub job: Arc<Job>,
    /// The number of the first.
    first: usize,
    length: usize,
    tasks: Frames,
}

impl Chunk {
    /// An empty one, whose first task will be that of this number.
    pub fn new(job: Arc<Job>, first: usize) -> Chunk {
        Chunk {
            job,
            first,
            length: 0,
            tasks: Frames::default(),
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// Adds one task, which `encode` appends.
    ///
    /// # Errors
    /// What `encode` said; the chunk is then as before.
    pub fn add(
        &mut self,
        encode: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), codec::Error>,
    ) -> Result<(), codec::Error> {
        let bytes = &mut self.tasks.bytes;
        let begin = bytes.len();
        bytes.extend([0; HEAD]);
        encode(bytes).inspect_err(|_| self.tasks.bytes.truncate(begin))?;
        seal(&mut self.tasks.bytes, begin);
        self.length += 1;
        Ok(())
    }

    /// Takes the first task off, and says its number in its call.
    pub fn pop(&mut self) -> Option<usize> {
        self.tasks.pop()?;
        self.length -= 1;
        self.first += 1;
        Some(self.first - 1)
    }

    /// The tasks as they are sent.
    pub fn bytes(&self) -> &[u8] {
        self.tasks.rest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole_and_in_their_order() {
        let mut all = Vec::new();
        for frame in [&b"seven"[..], b"", &[7; 100_000]] {
            let begin = all.len();
            all.extend([0; HEAD]);
            all.extend(frame);
            seal(&mut all, begin);
        }
        let (mut frames, mut taken) = (Frames::default(), Vec::new());
        for byte in all {
            frames.tail().push(byte);
            if let Some(frame) = frames.pop() {
                taken.push(frame.to_vec());
            }
        }
        assert_eq!(taken, [b"seven".to_vec(), vec![], vec![7; 100_000]]);
        assert!(frames.pop().is_none() && frames.tail().is_empty());
    }

    #[test]
    fn a_length_that_nobody_can_have_meant_is_no_frame() {
        let mut frames = Frames::default();
        frames.tail().extend([255; 20]);
        assert!(frames.pop().is_none());
    }

    #[test]
    fn a_chunk_stands_for_its_bytes() {
        let mut chunk = Chunk::new(Job::new(), 40);
        for item in ["a", "", "ccc"] {
            let encoded = chunk.add(&mut |bytes| {
                bytes.extend(item.as_bytes());
                Ok(())
            });
            encoded.unwrap();
        }
        let no = || codec::Error::told("no".into());
        let refused = chunk.add(&mut |bytes| {
            bytes.extend(b"half of it");
            Err(no())
        });
        assert_eq!((refused, chunk.len()), (Err(no()), 3));
        let mut worker = Frames::default();
        worker.tail().extend(chunk.bytes());
        for (number, item) in [(40, "a"), (41, ""), (42, "ccc")] {
            let before = chunk.bytes().len();
            assert_eq!(worker.pop(), Some(item.as_bytes()));
            assert_eq!(chunk.pop(), Some(number));
            assert_eq!(chunk.bytes().len(), before - HEAD - item.len());
        }
        assert!(chunk.len() == 0 && chunk.pop().is_none());
    }
}
