//! Messages of a known length: four bytes that say how long it is, then the message.

use std::io::{self, Read, Write};

/// The longest message that is accepted: far above any assignment's, far below what hurts.
pub const LONGEST: usize = 4 << 20;

/// # Errors
/// As the writing; a message that is too long is not begun.
pub fn write(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len())
        .ok()
        .filter(|length| *length as usize <= LONGEST);
    let length = length.ok_or_else(|| io::Error::other(too_long(message.len())))?;
    let mut bytes = Vec::with_capacity(message.len() + 4);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(message);
    to.write_all(&bytes)
}

/// # Errors
/// As the reading; when a length is beyond the limit.
pub fn read(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::Error::other(too_long(length)));
    }
    let mut message = vec![0; length];
    from.read_exact(&mut message)?;
    Ok(message)
}

fn too_long(length: usize) -> String {
    format!("a message of {length} bytes is too long: at most {LONGEST} are accepted")
}

/// Gathers a message from pieces, as they come from someone who is not trusted.
#[derive(Default)]
pub struct Gathered {
    bytes: Vec<u8>,
}

impl Gathered {
    pub fn add(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next whole message, if it is there.
    ///
    /// # Errors
    /// When the length is beyond the limit.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        let Some(length) = self.bytes.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > LONGEST {
            return Err(too_long(length));
        }
        if self.bytes.len() < 4 + length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(4 + length);
        let message = self.bytes.split_off(4);
        self.bytes = rest;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_from_pieces_of_any_size() {
        let mut sent = Vec::new();
        write(&mut sent, b"first").unwrap();
        write(&mut sent, b"").unwrap();
        write(&mut sent, &[7; 300]).unwrap();
        let mut gathered = Gathered::default();
        let mut messages = Vec::new();
        for byte in sent.chunks(1) {
            gathered.add(byte);
            while let Some(message) = gathered.next().unwrap() {
                messages.push(message);
            }
        }
        assert_eq!(messages, [b"first".to_vec(), vec![], vec![7; 300]]);
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_allocated() {
        let mut gathered = Gathered::default();
        gathered.add(&u32::MAX.to_le_bytes());
        let said = gathered.next().unwrap_err();
        assert_eq!(
            said,
            "a message of 4294967295 bytes is too long: at most 4194304 are accepted"
        );
        assert!(read(&mut &u32::MAX.to_le_bytes()[..]).is_err());
        assert!(write(&mut Vec::new(), &vec![0; LONGEST + 1]).is_err());
    }
}
