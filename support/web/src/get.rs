//! One request, as a browser would make it.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;

use crate::error::Error;

/// So long one may wait for a part of the answer.
const LIMIT: Duration = Duration::from_secs(10);

/// What a server answered to a request; made by [`get`].
///
/// ```
/// use web::{Site};
///
/// let server = web::threads(Site::new());
/// let answer = web::get(&server.at("/")).unwrap();
/// assert_eq!((answer.status, answer.body.as_str()), (404, ""));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200, 404, …
    pub status: u16,
    /// The status line and the headers, each a line, as they came.
    pub head: String,
    /// What stands behind the empty line.
    pub body: String,
}

impl Answer {
    /// The value of a header, whose name is the same in capitals; none if there is no such.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// let answer = web::get(&server.at("/")).unwrap();
    /// assert_eq!(answer.header("Content-Length"), Some("0"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

/// As it came: head, an empty line, body.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.head.trim_end(), self.body)
    }
}

/// Asks a server on this machine for a page, on a connection of its own. Blocks until the answer
/// is there, ten seconds at most for each part of it. Characters that a URL may not have are
/// encoded: `/hello/世界` will do.
///
/// # Errors
///
/// If the URL is none of 127.0.0.1, if nobody listens there, or if what comes is no whole answer.
///
/// ```
/// use web::Site;
///
/// let server = web::threads(Site::new().page("/", |_| "hello".to_string()));
/// println!("{}", web::get(&server.url()).unwrap());
/// ```
pub fn get(url: &str) -> Result<Answer, Error> {
    let (address, path) = parse(url)?;
    let failed = |source| Error::Answer {
        url: url.to_string(),
        source,
    };
    let mut stream = TcpStream::connect_timeout(&address.into(), LIMIT).map_err(failed)?;
    stream.set_read_timeout(Some(LIMIT)).map_err(failed)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer);
    let whole = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let head = head.replace("\r\n", "\n");
        let body = body.to_string();
        Some(Answer { status, head, body })
    });
    let whole = whole.filter(|answer| {
        let length = answer.header("content-length");
        length.is_none_or(|length| length.parse() == Ok(answer.body.len()))
    });
    whole.ok_or_else(|| {
        let kind = io::ErrorKind::InvalidData;
        failed(io::Error::new(kind, "what came is no whole answer"))
    })
}

/// The address and the path, encoded, of "http://127.0.0.1:8000/path".
pub(crate) fn parse(url: &str) -> Result<(SocketAddrV4, String), Error> {
    let rest = url.strip_prefix("http://");
    let (place, path) = rest.map_or(("", ""), |rest| match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    });
    let address: Option<SocketAddrV4> = place.parse().ok();
    match address.filter(|address| address.ip().is_loopback()) {
        Some(address) => Ok((address, encoded(path))),
        None => Err(Error::Url(url.to_string())),
    }
}

/// With what a URL's path may not contain written as `%20`. An encoded path stays as it is.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(byte.into()),
            _ if b"-._~!$&'()*+,;=:@/%?".contains(&byte) => text.push(byte.into()),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked() {
        let (address, path) = parse("http://127.0.0.1:80/hello/世 a%20").unwrap();
        assert_eq!(
            (address.port(), path.as_str()),
            (80, "/hello/%E4%B8%96%20a%20")
        );
        assert_eq!(parse("http://127.0.0.1:80").unwrap().1, "/");
        for other in [
            "http://192.0.2.1:80/",
            "http://localhost/",
            "https://127.0.0.1:1/",
            "127.0.0.1:1",
            "",
        ] {
            let said = parse(other).unwrap_err().to_string();
            assert!(said.contains("only servers on this machine"), "{said}");
        }
    }
}
