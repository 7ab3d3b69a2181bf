//! How values travel between processes: as MessagePack, by serde.
//!
//! MessagePack describes itself, so that every type serde can handle comes through: `untagged` and
//! `flatten`ed ones too. A `Vec<u8>` travels byte by byte, four times as slowly as a
//! `serde_bytes::ByteBuf`, which is copied at once.
//!
//! ```
//! use processes::codec;
//!
//! let mut bytes = Vec::new();
//! codec::append(&(3, "three"), &mut bytes).unwrap();
//! assert_eq!(codec::read::<(u8, String)>(&bytes).unwrap(), (3, "three".to_owned()));
//! ```
//!
//! For: those who carry bytes from process to process by means of their own. A
//! [`Queue`](crate::Queue) and a [`pipe`](crate::pipe()) do this by themselves.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value could not be turned into bytes, or not be made of them.
///
/// Its text is one sentence, which says what [`source`](std::error::Error::source) says as well.
///
/// ```
/// use std::error::Error;
///
/// let error = processes::codec::read::<bool>(&[7]).unwrap_err();
/// assert!(error.to_string().starts_with("what came is not a bool: "));
/// assert!(error.source().unwrap().is::<rmp_serde::decode::Error>());
/// ```
#[derive(Clone, Debug)]
pub struct Error(Arc<Said>);

#[derive(Debug)]
struct Said {
    text: String,
    /// None: it came from another process, as text.
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(text: String, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        let source = Some(Box::new(source) as Box<_>);
        Error(Arc::new(Said { text, source }))
    }

    /// One that another process met and said.
    pub(crate) fn told(text: String) -> Error {
        Error(Arc::new(Said { text, source: None }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

/// Equal are those that say the same.
impl PartialEq for Error {
    fn eq(&self, other: &Error) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Error {}

/// Appends the value to `bytes`.
///
/// # Errors
/// If its `Serialize` fails. Part of it may have been appended then.
pub fn append<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let mut serializer = rmp_serde::Serializer::new(bytes).with_struct_map();
    value
        .serialize(&mut serializer)
        .map_err(|error| Error::new(format!("the value cannot be sent: {error}"), error))
}

/// The value that these bytes are.
///
/// # Errors
/// If they are no such value.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    rmp_serde::from_slice(bytes).map_err(|error| {
        let wanted = std::any::type_name::<T>();
        Error::new(format!("what came is not a {wanted}: {error}"), error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text {
            text: String,
            more: Option<Box<Either>>,
        },
    }

    #[test]
    fn values_come_back_as_they_were() {
        let value = (
            u64::MAX,
            -0.5,
            Either::Text {
                text: "世界".into(),
                more: Some(Box::new(Either::Number(-3))),
            },
            serde_bytes::ByteBuf::from(vec![0; 300]),
        );
        let mut bytes = Vec::new();
        append(&value, &mut bytes).unwrap();
        assert_eq!(
            read::<(u64, f64, Either, serde_bytes::ByteBuf)>(&bytes).unwrap(),
            value
        );
    }

    #[test]
    fn what_is_no_value_is_said_in_one_sentence() {
        let mut bytes = Vec::new();
        append(&"seven", &mut bytes).unwrap();
        let said = read::<u32>(&bytes).unwrap_err().to_string();
        assert!(
            said.starts_with("what came is not a u32: ") && said.lines().count() == 1,
            "{said}"
        );
    }
}
