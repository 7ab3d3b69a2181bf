//! Plays evcxr and the front for one process that runs cells.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// The longest that a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub type Frame = (char, Vec<u8>);

/// What the front has noted, and whether the connection has ended.
type Notes = Arc<(Mutex<(Vec<Frame>, bool)>, Condvar)>;

pub struct Session {
    process: Child,
    evcxr: Receiver<String>,
    notes: Notes,
    front: Option<UnixStream>,
    _folder: Folder,
}

/// What came of a cell.
pub struct Cell {
    pub frames: Vec<Frame>,
    pub evcxr: Vec<String>,
}

impl Session {
    /// A process that runs cells, with a front.
    pub fn start() -> Session {
        Session::new(true)
    }

    /// The same in a stock kernel.
    pub fn stock() -> Session {
        Session::new(false)
    }

    fn new(with_front: bool) -> Session {
        let folder = Folder::new();
        let socket = folder.0.join("front");
        let listener = UnixListener::bind(&socket).unwrap();
        nix::unistd::mkfifo(&folder.0.join("gate"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut command = Command::new(program());
        command
            .env("EVCXR_IS_RUNTIME", "1")
            .env("GATE", folder.0.join("gate"));
        match with_front {
            true => command.env("NOTEBOOK_FRONT", &socket),
            false => command.env_remove("NOTEBOOK_FRONT"),
        };
        let stderr = if with_front {
            Stdio::inherit()
        } else {
            Stdio::null()
        };
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let (send, evcxr) = channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let _ = send.send(line.expect("evcxr can read text only"));
            }
        });
        let notes = Notes::default();
        let front = with_front.then(|| {
            let (front, _) = listener.accept().unwrap();
            let (reader, notes) = (front.try_clone().unwrap(), notes.clone());
            std::thread::spawn(move || note(reader, &notes));
            front
        });
        Session {
            process,
            evcxr,
            notes,
            front,
            _folder: folder,
        }
    }

    /// Runs a cell to its end.
    pub fn run(&mut self, cell: &str) -> Cell {
        self.send(cell);
        let cell = self.end();
        assert!(
            cell.evcxr
                .last()
                .is_some_and(|line| line == "EVCXR_EXECUTION_COMPLETE")
        );
        cell
    }

    pub fn send(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }

    /// What came until the cell, or the process, ended.
    pub fn end(&mut self) -> Cell {
        let mut evcxr = Vec::new();
        loop {
            match self.evcxr_line() {
                Some(line) if line == "EVCXR_EXECUTION_COMPLETE" => {
                    evcxr.push(line);
                    break;
                }
                Some(line) => evcxr.push(line),
                None => {
                    if self.front.is_some() {
                        self.wait(|_, ended| ended);
                    }
                    break;
                }
            }
        }
        let frames = std::mem::take(&mut self.notes.0.lock().unwrap().0);
        Cell { frames, evcxr }
    }

    /// A line for evcxr; none when the pipe has ended.
    pub fn evcxr_line(&mut self) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        match self.evcxr.recv_timeout(PATIENCE) {
            Err(Timeout) => panic!("evcxr waits; the front has {:?}", self.shortened()),
            line => line.ok(),
        }
    }

    pub fn frames_text(&self, kind: char) -> String {
        text(&self.notes.0.lock().unwrap().0, kind)
    }

    pub fn wait_for(&self, mut wanted: impl FnMut(&[Frame]) -> bool) {
        self.wait(|frames, _| wanted(frames));
    }

    fn wait(&self, mut wanted: impl FnMut(&[Frame], bool) -> bool) {
        let (notes, changed) = &*self.notes;
        let notes = notes.lock().unwrap();
        let waits = |notes: &mut (Vec<Frame>, bool)| !wanted(&notes.0, notes.1);
        let (notes, late) = changed.wait_timeout_while(notes, PATIENCE, waits).unwrap();
        drop(notes);
        assert!(!late.timed_out(), "the front has {:?}", self.shortened());
    }

    fn shortened(&self) -> Vec<(char, String)> {
        let notes = self.notes.0.lock().unwrap();
        let short = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into();
        notes
            .0
            .iter()
            .map(|(kind, bytes)| (*kind, short(bytes)))
            .collect()
    }

    /// Lets a cell go on that waits at the gate.
    pub fn open_gate(&self) {
        let gate = self._folder.0.join("gate");
        std::fs::OpenOptions::new().write(true).open(gate).unwrap();
    }

    pub fn hang_up(&mut self) {
        let front = self.front.take().unwrap();
        front.shutdown(std::net::Shutdown::Both).unwrap();
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    pub fn status(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the process does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The front: notes every frame, and answers a sync when all before it is noted.
fn note(mut front: UnixStream, notes: &Notes) {
    let mut answers = front.try_clone().unwrap();
    loop {
        let mut head = [0; 5];
        let mut payload = Vec::new();
        let came = front.read_exact(&mut head).and_then(|()| {
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
            payload.resize(length as usize, 0);
            front.read_exact(&mut payload)
        });
        let (all, changed) = &**notes;
        let mut all = all.lock().unwrap();
        match came {
            Ok(()) => all.0.push((head[0] as char, payload.clone())),
            Err(_) => all.1 = true,
        }
        changed.notify_all();
        if all.1 {
            return;
        }
        drop(all);
        if head[0] == b'S' {
            // The process may have been killed meanwhile.
            let _ = answers.write_all(&payload);
        }
    }
}

impl Cell {
    pub fn out(&self) -> String {
        text(&self.frames, 'O')
    }

    pub fn err(&self) -> String {
        text(&self.frames, 'E')
    }

    pub fn bytes(&self, kind: char) -> Vec<u8> {
        bytes(&self.frames, kind)
    }

    /// The frames' kinds; frames of the same kind of text in a row count as one.
    pub fn kinds(&self) -> Vec<char> {
        let mut kinds: Vec<char> = self.frames.iter().map(|(kind, _)| *kind).collect();
        kinds.dedup_by(|a, b| a == b && "OE".contains(*a));
        kinds
    }

    /// The payloads of one kind, which are JSON.
    pub fn of(&self, kind: char) -> Vec<serde_json::Value> {
        let of = self.frames.iter().filter(|frame| frame.0 == kind);
        of.map(|(_, payload)| serde_json::from_slice(payload).unwrap())
            .collect()
    }
}

fn bytes(frames: &[Frame], kind: char) -> Vec<u8> {
    let of = frames.iter().filter(|frame| frame.0 == kind);
    of.flat_map(|(_, payload)| payload.clone()).collect()
}

pub fn text(frames: &[Frame], kind: char) -> String {
    String::from_utf8_lossy(&bytes(frames, kind)).into_owned()
}

/// This program under a name by which the library takes it for evcxr.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let named = own.with_file_name(format!("evcxr-cells-{}", std::process::id()));
        // Not a symbolic link: the name is that of the file which runs.
        std::fs::hard_link(&own, &named)
            .or_else(|_| std::fs::copy(&own, &named).map(|_| ()))
            .unwrap();
        extern "C" fn remove() {
            let _ = std::fs::remove_file(PROGRAM.get().unwrap());
        }
        // SAFETY: the handler is a function of this program.
        unsafe { nix::libc::atexit(remove) };
        named
    })
}

/// A folder of a session's own, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        // A socket's path must be short.
        let name = format!("front-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
