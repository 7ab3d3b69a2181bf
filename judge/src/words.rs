//! What came from a submission, made harmless: it stands in a teacher's terminal, in XML, in a page and in
//! a picture.
//!
//! The judge and `lab` share this file, as they do `proc.rs`.

/// The longest sentence, in characters.
const SENTENCE: usize = 600;

/// A sentence for a report.
pub fn clean(sentence: &str) -> String {
    short(sentence, SENTENCE)
}

/// One line of at most so many characters, each of which is seen where it stands.
pub fn short(sentence: &str, most: usize) -> String {
    let mut words = String::new();
    let (mut count, mut blank) = (0, false);
    for c in sentence.chars().filter(|c| !is_unseen(*c)) {
        let white = c.is_whitespace() || c.is_control();
        if white && (blank || words.is_empty()) {
            continue;
        }
        if count == most {
            words.push('…');
            break;
        }
        words.push(if white { ' ' } else { c });
        count += 1;
        blank = white;
    }
    words.truncate(words.trim_end().len());
    words
}

/// Text for a terminal: its lines stay, and nothing else that moves or hides what it shows.
pub fn printable(text: &str) -> String {
    let seen = text.chars().filter(|c| !is_unseen(*c));
    seen.map(|c| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    })
    .collect()
}

/// What has no width, turns the direction of what follows, or is no character of XML's.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    ) || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_one_short_line_of_what_is_seen() {
        assert_eq!(clean(" a\u{1b}[31m\r\n\t b\u{0}c \n"), "a [31m b c");
        assert_eq!(
            clean("x\u{202e}fdp.exe\u{200b}\u{feff}\u{e0041}\u{2028}y"),
            "xfdp.exe y"
        );
        assert_eq!(clean("世界 – ä \u{fffd}"), "世界 – ä \u{fffd}");
        assert_eq!(clean(&"ä".repeat(5000)).chars().count(), SENTENCE + 1);
        assert_eq!(short(&"ä".repeat(5000), 3), "äää…");
        assert_eq!(clean(&" ".repeat(5000)), "");
        assert_eq!(short("äää", 3), "äää");
        assert_eq!(printable("a\n\u{1b}[1mb\u{2066}"), "a\n\u{fffd}[1mb");
    }
}
