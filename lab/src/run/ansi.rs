//! Terminal control sequences, which must not reach a log file.

/// What to leave in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Plain text alone.
    Nothing,
    /// Colours, for a terminal. A sequence that moves the cursor goes even then: a cell's output
    /// must not overwrite the report around it.
    Colours,
}

/// Removes terminal control sequences from `text`.
pub fn strip(text: &str, keep: Keep) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        let (sequence, after) = split_sequence(&rest[at..]);
        if keep == Keep::Colours && sequence.starts_with("\u{1b}[") && sequence.ends_with('m') {
            out.push_str(sequence);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Splits `text`, which starts with ESC, behind its first control sequence.
fn split_sequence(text: &str) -> (&str, &str) {
    let body = &text[1..];
    let length = match body.chars().next() {
        // CSI: parameters, then one letter or sign from '@' to '~'.
        Some('[') => body[1..]
            .find(|c: char| ('@'..='~').contains(&c))
            .map(|at| 1 + at + 1),
        // OSC (titles, links): up to BEL or ESC \.
        Some(']') => {
            let bell = body.find('\u{7}').map(|at| at + 1);
            let terminator = body.find("\u{1b}\\").map(|at| at + 2);
            bell.into_iter().chain(terminator).min()
        }
        Some(other) => Some(other.len_utf8()),
        None => None,
    };
    // An unfinished sequence swallows the rest: there is no telling where it would have ended.
    text.split_at(length.map_or(text.len(), |length| 1 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_colours_and_keeps_text() {
        assert_eq!(
            strip("\u{1b}[31merror\u{1b}[0m: é", Keep::Nothing),
            "error: é"
        );
        assert_eq!(strip("plain", Keep::Nothing), "plain");
    }

    #[test]
    fn strips_titles_links_and_short_sequences() {
        assert_eq!(strip("a\u{1b}]0;title\u{7}b", Keep::Nothing), "ab");
        assert_eq!(
            strip(
                "\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\",
                Keep::Nothing
            ),
            "link"
        );
        assert_eq!(strip("a\u{1b}Mb", Keep::Nothing), "ab");
    }

    #[test]
    fn an_unfinished_sequence_ends_the_text() {
        assert_eq!(strip("a\u{1b}[38;5", Keep::Nothing), "a");
        assert_eq!(strip("a\u{1b}", Keep::Nothing), "a");
    }

    #[test]
    fn a_terminal_keeps_colours_but_no_cursor_moves() {
        let text = "\u{1b}[2J\u{1b}[1;31mred\u{1b}[0m\u{1b}[3A";
        assert_eq!(strip(text, Keep::Colours), "\u{1b}[1;31mred\u{1b}[0m");
    }
}
