//! Whether an answer is there, and what it says.

use httparse::{EMPTY_HEADER, Response, Status};

/// An answer that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
    /// Whether the server will close the connection.
    pub closes: bool,
}

/// Reads the one answer that has come, if all of it has.
///
/// # Errors
///
/// Why what has come is no such answer.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Answer<'_>>, String> {
    let mut headers = [EMPTY_HEADER; 32];
    let mut response = Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("no answer in HTTP: {error}")),
    };
    let value = |name: &str| {
        let mut headers = response.headers.iter();
        let header = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let length = value("content-length").and_then(|value| value.parse().ok());
    let (Some(status), Some(length)) = (response.code, length) else {
        return Err("an answer that does not tell its length".to_string());
    };
    let closes = value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let body = &bytes[head..];
    match body.len().checked_sub(length) {
        None => Ok(None),
        Some(0) => Ok(Some(Answer {
            status,
            body,
            closes,
        })),
        Some(_) => Err("there was more than one answer".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: Close\r\n\r\nabc";
        for length in 0..text.len() {
            assert_eq!(parse(&text[..length]), Ok(None), "{length}");
        }
        let whole = Answer {
            status: 200,
            body: b"abc",
            closes: true,
        };
        assert_eq!(parse(text), Ok(Some(whole)));
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for (text, said) in [
            ("hello\r\n\r\n", "no answer in HTTP: invalid HTTP version"),
            (
                "HTTP/1.1 200 OK\r\n\r\nx",
                "an answer that does not tell its length",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP",
                "there was more than one answer",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(said.to_string()));
        }
    }
}
