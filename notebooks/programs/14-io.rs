//! Buffers, the disk, and somebody else who waits
//!
//! Counts the writes that reach the system without a buffer and with one, and shows
//! when bytes are in the file. Then 8 MB are written to the disk: first by a thread
//! that waits for it, then by a second thread, while the first one works. Look at the
//! number of calls, and at the work that was done meanwhile.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::thread;
use std::time::Instant;

/// A file that has lost its name already: it lives as long as it is open, and no
/// error leaves it behind.
fn nameless_file() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("14-io-{}", std::process::id()));
    let file = File::create_new(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// A stream around a stream, which counts the calls that go through.
struct Counted {
    file: File,
    calls: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn counted() -> io::Result<Counted> {
    let file = nameless_file()?;
    Ok(Counted { file, calls: 0 })
}

fn one_by_one(out: &mut impl Write) -> io::Result<()> {
    (0..20_000).try_for_each(|_| out.write_all(b"x"))?;
    out.flush()
}

fn write_to_the_disk() -> io::Result<()> {
    let mut file = nameless_file()?;
    for _ in 0..8 {
        file.write_all(&vec![b'x'; 1_000_000])?; // into the system's memory
    }
    file.sync_data() // to the disk, which takes its time
}

/// Another thread waits for the disk, and this one works. Between two pieces of work it
/// looks whether the write is over, and it returns how many pieces were done by then.
fn work_meanwhile() -> io::Result<u32> {
    let writer = thread::spawn(write_to_the_disk);
    let mut pieces = 0;
    while !writer.is_finished() {
        black_box((0..10_000u64).sum::<u64>()); // a piece of work
        pieces += 1;
    }
    writer.join().expect("the writer does not panic")?;
    Ok(pieces)
}

fn main() -> io::Result<()> {
    let (mut plain, mut buffered) = (counted()?, BufWriter::new(counted()?));
    one_by_one(&mut plain)?;
    one_by_one(&mut buffered)?;
    let (without, with) = (plain.calls, buffered.get_ref().calls);
    println!("20000 bytes, one at a time: {without} calls, with a buffer {with}");
    assert_eq!((without, with), (20_000, 3));

    let file = nameless_file()?;
    let mut diary = BufWriter::new(&file);
    diary.write_all(b"Dear diary")?;
    let before = file.metadata()?.len();
    diary.flush()?;
    let after = file.metadata()?.len();
    println!("bytes in the file after write: {before}, after flush: {after}");
    assert_eq!((before, after), (0, 10));

    let begin = Instant::now();
    write_to_the_disk()?;
    println!("waiting:   8 MB in {:.1?}, no work done", begin.elapsed());
    let begin = Instant::now();
    let pieces = work_meanwhile()?;
    println!(
        "meanwhile: 8 MB in {:.1?}, {pieces} pieces of work done",
        begin.elapsed()
    );
    Ok(())
}
