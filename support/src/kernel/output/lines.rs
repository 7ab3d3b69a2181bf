//! Which bytes go on to the kernel: whole lines, and of a child's none that steer the kernel.

use std::collections::HashMap;

/// What evcxr's process writes when a cell has ended.
const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE";
const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"EVCXR_END_CONTENT";
/// The other words by which the process that runs cells steers evcxr.
const CONTROL: [&[u8]; 5] = [
    COMPLETE,
    END,
    b"EVCXR_PANIC_NOTIFICATION",
    b"EVCXR_ERROR_OCCURRED",
    b"EVCXR_VARIABLE_CHANGED_TYPE:",
];
/// What this library writes when the process is about to end.
pub const LAST_WORDS: &[u8] = b"\x01support: last words\n";
const INPUT: &[u8] = b"EVCXR_INPUT_REQUEST";

/// Puts the pieces that several processes wrote together to lines.
pub struct Lines {
    /// The process whose control words count; with none, no line is looked into.
    steers: Option<i32>,
    writers: HashMap<i32, Writer>,
    /// Lines that came while the steering process was in the middle of a block of rich output.
    held: Vec<u8>,
}

#[derive(Default)]
struct Writer {
    /// A line whose end has not come yet.
    partial: Vec<u8>,
    in_block: bool,
}

impl Lines {
    /// `steers`: the process that runs the cells, for its stdout; `None` for stderr.
    pub fn new(steers: Option<i32>) -> Lines {
        Lines {
            steers,
            writers: HashMap::new(),
            held: Vec::new(),
        }
    }

    /// Takes a piece that process `pid` wrote, appends to `out` what may go on, and tells whether
    /// a cell has ended with it. The line that says so is left to [`Lines::complete`], as more
    /// may have to go before it.
    pub fn take(&mut self, pid: i32, mut piece: &[u8], out: &mut Vec<u8>) -> bool {
        let mut complete = false;
        while let Some(end) = piece.iter().position(|&byte| byte == b'\n') {
            let mut line = std::mem::take(&mut self.writers.entry(pid).or_default().partial);
            line.extend_from_slice(&piece[..=end]);
            piece = &piece[end + 1..];
            complete |= self.line(pid, &line, out);
        }
        if !piece.is_empty() {
            self.writers
                .entry(pid)
                .or_default()
                .partial
                .extend_from_slice(piece);
        }
        complete
    }

    /// Ends the last line of the steering process and those of processes that have ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let steers = self.steers;
        self.writers.retain(|&pid, writer| {
            if !writer.partial.is_empty() && (Some(pid) == steers || !alive(pid)) {
                out.append(&mut writer.partial);
                out.push(b'\n');
            }
            !writer.partial.is_empty() || alive(pid)
        });
    }

    /// The line that tells evcxr that a cell has ended.
    pub fn complete(out: &mut Vec<u8>) {
        out.extend_from_slice(COMPLETE);
        out.push(b'\n');
    }

    fn line(&mut self, pid: i32, line: &[u8], out: &mut Vec<u8>) -> bool {
        if self.steers == Some(pid) {
            self.steering_line(pid, line, out)
        } else if self.steers.is_none() {
            out.extend_from_slice(line);
            false
        } else {
            self.childs_line(pid, line, out);
            false
        }
    }

    fn steering_line(&mut self, pid: i32, line: &[u8], out: &mut Vec<u8>) -> bool {
        let text = &line[..line.len() - 1];
        let writer = self.writers.entry(pid).or_default();
        if let Some(before) = text.strip_suffix(COMPLETE) {
            writer.in_block = false;
            if !before.is_empty() {
                // A cell that printed no newline at its end.
                out.extend_from_slice(before);
                out.push(b'\n');
            }
            out.append(&mut self.held);
            return true;
        }
        if let Some(before) = line.strip_suffix(LAST_WORDS) {
            out.extend_from_slice(before);
            out.extend_from_slice(if before.is_empty() { b"" } else { b"\n" });
            return false;
        }
        // evcxr drops what stands before a block in the same line: give it a line of its own.
        let begin = text.windows(BEGIN.len()).position(|window| window == BEGIN);
        let (before, line) = line.split_at(begin.unwrap_or(0));
        if !before.is_empty() {
            out.extend_from_slice(before);
            out.push(b'\n');
        }
        out.extend_from_slice(line);
        if begin.is_some() {
            writer.in_block = true;
        } else if text == END {
            writer.in_block = false;
            out.append(&mut self.held);
        }
        false
    }

    fn childs_line(&mut self, pid: i32, line: &[u8], out: &mut Vec<u8>) {
        let text = &line[..line.len() - 1];
        let steering_in_block = self
            .steers
            .and_then(|pid| self.writers.get(&pid))
            .is_some_and(|w| w.in_block);
        let writer = self.writers.entry(pid).or_default();
        if text.starts_with(BEGIN) {
            writer.in_block = true;
        } else if text == END {
            writer.in_block = false;
        } else if !writer.in_block && !is_control(text) {
            let out = if steering_in_block {
                &mut self.held
            } else {
                out
            };
            push_without_begin(line, out);
        }
    }
}

fn is_control(text: &[u8]) -> bool {
    CONTROL.iter().any(|word| text.starts_with(word)) || text.starts_with(INPUT)
}

/// evcxr looks for the start of a block anywhere in a line: make it ordinary text.
fn push_without_begin(line: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(line);
    let mut at = start;
    while let Some(found) = out[at..]
        .windows(BEGIN.len())
        .position(|window| window == BEGIN)
    {
        at += found + BEGIN.len();
        out[at - 1] = b'_';
    }
}

fn alive(pid: i32) -> bool {
    // SAFETY: signal 0 is not sent; the call only looks.
    unsafe { libc::kill(pid, 0) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: i32 = 1;
    /// Larger than any process number that Linux gives.
    const CHILD: i32 = 1 << 30;

    fn run(pieces: &[(i32, &str)]) -> (String, bool) {
        let mut lines = Lines::new(Some(PARENT));
        let mut out = Vec::new();
        let mut complete = false;
        for (pid, piece) in pieces {
            if lines.take(*pid, piece.as_bytes(), &mut out) {
                complete = true;
                lines.finish(&mut out);
                Lines::complete(&mut out);
            }
        }
        (String::from_utf8(out).unwrap(), complete)
    }

    #[test]
    fn lines_of_two_processes_stay_whole() {
        let (out, complete) = run(&[
            (PARENT, "a"),
            (CHILD, "x\ny"),
            (PARENT, "b\n"),
            (CHILD, "z\n"),
        ]);
        assert_eq!(out, "x\nab\nyz\n");
        assert!(!complete);
    }

    #[test]
    fn a_child_that_returns_into_the_kernels_loop_does_not_answer_for_it() {
        let (out, complete) = run(&[(CHILD, "hello\nEVCXR_EXECUTION_COMPLETE\n")]);
        assert_eq!(out, "hello\n");
        assert!(!complete);
    }

    #[test]
    fn a_cell_ends_after_the_last_words_of_its_dead_children() {
        let (out, complete) = run(&[
            (CHILD, "last"),
            (PARENT, "text"),
            (PARENT, "EVCXR_EXECUTION_COMPLETE\n"),
        ]);
        assert_eq!(out, "text\nlast\nEVCXR_EXECUTION_COMPLETE\n");
        assert!(complete);
    }

    #[test]
    fn a_picture_stays_in_one_piece_and_a_childs_picture_is_left_out() {
        let (out, _) = run(&[
            (PARENT, "EVCXR_BEGIN_CONTENT text/html\n<b>"),
            (CHILD, "in between\n"),
            (PARENT, "</b>\nEVCXR_END_CONTENT\n"),
            (
                CHILD,
                "EVCXR_BEGIN_CONTENT text/html\n<i>\nEVCXR_END_CONTENT\nafter\n",
            ),
        ]);
        assert_eq!(
            out,
            "EVCXR_BEGIN_CONTENT text/html\n<b></b>\nEVCXR_END_CONTENT\nin between\nafter\n"
        );
    }

    #[test]
    fn control_words_in_a_childs_text_become_text() {
        let (out, _) = run(&[(
            CHILD,
            "say EVCXR_BEGIN_CONTENT x\nEVCXR_PANIC_NOTIFICATION\n",
        )]);
        assert_eq!(out, "say EVCXR_BEGIN_CONTENT_x\n");
    }

    #[test]
    fn text_without_a_newline_is_not_lost_before_a_picture_or_the_end() {
        let (out, complete) = run(&[(
            PARENT,
            "aEVCXR_BEGIN_CONTENT x\n1\nEVCXR_END_CONTENT\nbEVCXR_EXECUTION_COMPLETE\n",
        )]);
        assert_eq!(
            out,
            "a\nEVCXR_BEGIN_CONTENT x\n1\nEVCXR_END_CONTENT\nb\nEVCXR_EXECUTION_COMPLETE\n"
        );
        assert!(complete);
    }

    #[test]
    fn last_words_end_a_line_and_are_not_heard() {
        let (out, complete) = run(&[
            (PARENT, "a\nb"),
            (PARENT, "\x01support: last words\n\x01support: last words\n"),
        ]);
        assert_eq!((out.as_str(), complete), ("a\nb\n", false));
    }

    #[test]
    fn stderr_passes_unread() {
        let mut lines = Lines::new(None);
        let mut out = Vec::new();
        assert!(!lines.take(CHILD, b"EVCXR_EXECUTION_COMPLETE\n", &mut out));
        assert_eq!(out, b"EVCXR_EXECUTION_COMPLETE\n");
    }
}
