//! How values travel between processes: as MessagePack, by serde.
//!
//! MessagePack describes itself, so that every type serde can handle comes through: `untagged` and
//! `flatten`ed ones too. A `Vec<u8>` travels byte by byte, four times as slowly as a
//! [`serde_bytes::ByteBuf`], which is copied at once.
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

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends the value to `bytes`.
///
/// # Errors
/// If its `Serialize` fails, in one sentence. Part of it may have been appended then.
pub fn append<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
    let mut serializer = rmp_serde::Serializer::new(bytes).with_struct_map();
    value
        .serialize(&mut serializer)
        .map_err(|error| format!("the value cannot be sent: {error}"))
}

/// The value that these bytes are.
///
/// # Errors
/// If they are no such value, in one sentence.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| format!("what came is not a {}: {error}", std::any::type_name::<T>()))
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
        let said = read::<u32>(&bytes).unwrap_err();
        assert!(
            said.starts_with("what came is not a u32: ") && said.lines().count() == 1,
            "{said}"
        );
    }
}
