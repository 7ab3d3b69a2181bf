//! Whether an answer is there, and whether it is the right one.

use httparse::{EMPTY_HEADER, Response, Status};

/// What has come so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// More has to come.
    Part,
    /// A whole answer.
    Whole {
        status: u16,
        body: &'a [u8],
        /// Bytes of head and body.
        length: usize,
        /// The server says that it will close.
        closes: bool,
    },
    /// Something else, and what.
    Nonsense(String),
}

/// Looks for an answer at the beginning of what has come. Of a length that is told: a server that
/// closes in mid-answer is found out by that.
pub(super) fn parse(bytes: &[u8]) -> Parsed<'_> {
    let mut headers = [EMPTY_HEADER; 32];
    let mut response = Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Parsed::Part,
        Err(error) => return Parsed::Nonsense(format!("no answer in HTTP: {error}")),
    };
    let value = |name: &str| {
        let headers = response.headers.iter();
        let mut found = headers.filter(|header| header.name.eq_ignore_ascii_case(name));
        found.next().map(|header| header.value)
    };
    let told: Option<usize> =
        value("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let (Some(status), Some(told)) = (response.code, told) else {
        return Parsed::Nonsense("an answer that does not tell its length".to_string());
    };
    let length: usize = head + told;
    let closes = value("connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
    match bytes.get(head..length) {
        Some(body) => Parsed::Whole {
            status,
            body,
            length,
            closes,
        },
        None => Parsed::Part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: Close\r\n\r\nabcd";
        for length in 0..text.len() - 1 {
            assert_eq!(parse(&text[..length]), Parsed::Part, "{length}");
        }
        let whole = Parsed::Whole {
            status: 200,
            body: b"abc",
            length: text.len() - 1,
            closes: true,
        };
        assert_eq!(parse(text), whole);
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for (text, said) in [
            ("hello\r\n\r\n", "no answer in HTTP: invalid HTTP version"),
            (
                "HTTP/1.1 200 OK\r\n\r\nx",
                "an answer that does not tell its length",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()), Parsed::Nonsense(said.to_string()));
        }
    }
}
