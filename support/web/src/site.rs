//! The pages of a server that handles a connection with ordinary blocking calls.

use std::fmt;
use std::sync::Arc;

type Page = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Pages by their paths, for [`threads`](crate::threads) and [`prefork`](crate::prefork): what
/// axum's `Router` is to [`serve_on`](crate::serve_on), for functions that may block.
///
/// Only `GET` and `HEAD` are answered with a page, as HTML in UTF-8. A path that no page has is
/// answered with 404, another method on a path that one has with 405 and an `Allow` header, a
/// path that is no UTF-8 with 400.
///
/// ```
/// use web::{Site};
///
/// let site = Site::new()
///     .page("/", |_| "<h1>Index</h1>".to_string())
///     .page("/hello/{name}", |name| format!("<h1>hello, {}!</h1>", web::escape(name)));
/// let server = web::threads(site);
/// assert_eq!(web::get(&server.at("/hello/Ada")).unwrap().body, "<h1>hello, Ada!</h1>");
/// ```
#[derive(Clone, Default)]
pub struct Site {
    pages: Vec<(String, Page)>,
}

/// An answer, before it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub status: &'static str,
    pub allow: bool,
    pub body: String,
}

impl Site {
    /// Without a page yet.
    ///
    /// ```
    /// let server = web::threads(web::Site::new());
    /// assert_eq!(web::get(&server.at("/")).unwrap().status, 404);
    /// ```
    pub fn new() -> Site {
        Site::default()
    }

    /// With one more page. A path may end in a parameter, `/hello/{name}`: one segment of at
    /// least one character, which the function is given decoded; others are given "".
    ///
    /// ```
    /// let site = web::Site::new().page("/half/{n}", |n| {
    ///     n.parse::<f64>().map_or("no number".into(), |n| (n / 2.0).to_string())
    /// });
    /// let server = web::threads(site);
    /// assert_eq!(web::get(&server.at("/half/3")).unwrap().body, "1.5");
    /// ```
    pub fn page(
        mut self,
        path: &str,
        page: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Site {
        self.pages.push((path.to_string(), Arc::new(page)));
        self
    }

    /// The answer to a request for this path, which is as it came.
    pub(crate) fn answer(&self, method: &str, path: &str) -> Answer {
        let found = self.pages.iter().find_map(|(pattern, page)| {
            let parameter = parameter(pattern, path)?;
            Some((parameter, page))
        });
        let Some((parameter, page)) = found else {
            return Answer::bare("404 Not Found");
        };
        if !["GET", "HEAD"].contains(&method) {
            let allow = true;
            return Answer {
                allow,
                ..Answer::bare("405 Method Not Allowed")
            };
        }
        match decoded(parameter) {
            Some(parameter) => Answer {
                body: page(&parameter),
                ..Answer::bare("200 OK")
            },
            None => Answer::bare("400 Bad Request"),
        }
    }
}

impl Answer {
    /// Without a body.
    pub fn bare(status: &'static str) -> Answer {
        Answer {
            status,
            allow: false,
            body: String::new(),
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.pages.iter().map(|(path, _)| path);
        f.debug_list().entries(paths).finish()
    }
}

/// What stands for the pattern's parameter; "" if it has none; none if the path is another one.
fn parameter<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    match pattern.split_once('{') {
        None => (pattern == path).then_some(""),
        Some((before, _)) => path
            .strip_prefix(before)
            .filter(|value| !value.is_empty() && !value.contains('/')),
    }
}

/// `%E4%B8%96` and the like as characters; none if that gives no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, more @ ..] = rest {
        rest = more;
        let code = match more {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &more[2..];
            }
            // A percent sign without digits means itself.
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_one_segment() {
        assert_eq!(parameter("/", "/"), Some(""));
        assert_eq!(parameter("/", "/hello"), None);
        assert_eq!(parameter("/hello/{name}", "/hello/Ada"), Some("Ada"));
        for other in ["/hello/", "/hello", "/hello/Ada/", "/hello/a/b", "/"] {
            assert_eq!(parameter("/hello/{name}", other), None, "{other}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_once() {
        for (from, to) in [
            ("%E4%B8%96", Some("世")),
            ("a%2Fb", Some("a/b")),
            ("%2541", Some("%41")),
            ("100%", Some("100%")),
            ("%zz%4", Some("%zz%4")),
            ("+", Some("+")),
            ("%FF", None),
        ] {
            assert_eq!(decoded(from).as_deref(), to, "{from}");
        }
    }
}
