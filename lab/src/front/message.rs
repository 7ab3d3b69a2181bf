//! A message of Jupyter's protocol: its frames, its signature, and how a new one is made.
//!
//! A message is kept as the frames that came, and only what has to be known of it is parsed. So
//! what is passed on is passed on byte for byte, with frames and fields that nobody here knows.
//! (The format: <https://jupyter-client.readthedocs.io/en/stable/messaging.html>.)

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use zeromq::ZmqMessage;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Header, parent header, metadata and content: what is signed.
const SIGNED: usize = 4;

/// Signs and verifies. An empty key means that nothing is signed.
#[derive(Clone)]
pub struct Key(Option<Hmac<Sha256>>);

impl Key {
    /// # Panics
    /// Never: HMAC takes keys of any length.
    pub fn new(key: &str) -> Key {
        let hmac = || Hmac::new_from_slice(key.as_bytes()).expect("a key of any length");
        Key((!key.is_empty()).then(hmac))
    }

    fn sign(&self, frames: &[Bytes]) -> Bytes {
        match self.over(frames) {
            Some(hmac) => {
                let code = hmac.finalize().into_bytes();
                code.iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>()
                    .into()
            }
            None => Bytes::new(),
        }
    }

    fn verifies(&self, signature: &[u8], frames: &[Bytes]) -> bool {
        match self.over(frames) {
            Some(hmac) => unhex(signature).is_some_and(|code| hmac.verify_slice(&code).is_ok()),
            None => true,
        }
    }

    fn over(&self, frames: &[Bytes]) -> Option<Hmac<Sha256>> {
        let mut hmac = self.0.clone()?;
        for frame in frames {
            hmac.update(frame);
        }
        Some(hmac)
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.is_ascii())?;
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// What has to be known of every message.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Header {
    pub msg_id: String,
    pub msg_type: String,
}

#[derive(Clone, Debug)]
pub struct Message {
    /// Who sent it, or who is to get it.
    pub identities: Vec<Bytes>,
    signature: Bytes,
    /// Header, parent header, metadata, content, and any number of buffers.
    frames: Vec<Bytes>,
    pub header: Header,
}

impl Message {
    /// Takes a message that came over a socket. `None` if it is malformed or not signed with the
    /// key: it does not come from whom it should, and nothing is owed to its sender.
    pub fn read(message: ZmqMessage, key: &Key) -> Option<Message> {
        let mut identities = message.into_vec();
        let at = identities.iter().position(|frame| frame == DELIMITER)?;
        let mut rest = identities.split_off(at).into_iter().skip(1);
        let signature = rest.next()?;
        let frames: Vec<Bytes> = rest.collect();
        let verified = key.verifies(&signature, frames.get(..SIGNED)?);
        let header = serde_json::from_slice(&frames[0]).ok()?;
        verified.then_some(Message {
            identities,
            signature,
            frames,
            header,
        })
    }

    /// The frames for a socket, as they came.
    pub fn into_frames(self) -> ZmqMessage {
        let mut frames = self.identities;
        frames.push(Bytes::from_static(DELIMITER));
        frames.push(self.signature);
        frames.extend(self.frames);
        // Fails only where there is no frame at all.
        ZmqMessage::try_from(frames).unwrap_or_else(|_| Bytes::new().into())
    }

    /// The same message under another key: nothing but the signature differs.
    pub fn signed(mut self, key: &Key) -> Message {
        self.signature = key.sign(&self.frames[..SIGNED]);
        self
    }

    /// The same for evcxr_jupyter 0.22, which counts buffers among what is signed: the protocol
    /// does not, and evcxr stops listening after the first message that it takes for forged.
    pub fn signed_for_evcxr(mut self, key: &Key) -> Message {
        self.signature = key.sign(&self.frames);
        self
    }

    pub fn content(&self) -> Value {
        serde_json::from_slice(&self.frames[3]).unwrap_or_default()
    }

    /// The id of the request that this message belongs to.
    pub fn parent(&self) -> String {
        let parent: Header = serde_json::from_slice(&self.frames[1]).unwrap_or_default();
        parent.msg_id
    }

    /// The same message with other content.
    pub fn with_content(mut self, content: &Value, key: &Key) -> Message {
        self.frames[3] = content.to_string().into();
        self.signed(key)
    }

    /// The same message, with `wrap` about the content.
    pub fn with_content_in(mut self, wrap: impl FnOnce(Bytes) -> Bytes) -> Message {
        let content = std::mem::take(&mut self.frames[3]);
        self.frames[3] = wrap(content);
        self
    }

    /// The same message with buffers, which nobody signs.
    pub fn with_buffers(mut self, buffers: impl IntoIterator<Item = Bytes>) -> Message {
        self.frames.truncate(SIGNED);
        self.frames.extend(buffers);
        self
    }

    /// Header, parent header, metadata, content, and the buffers.
    pub fn frames(&self) -> &[Bytes] {
        &self.frames
    }

    /// The same message with another id.
    pub fn with_id(mut self, id: &str, key: &Key) -> Message {
        let mut header: Value = serde_json::from_slice(&self.frames[0]).unwrap_or_default();
        header["msg_id"] = id.into();
        self.header.msg_id = id.to_owned();
        self.frames[0] = header.to_string().into();
        self.signed(key)
    }
}

/// Writes the front's own messages.
pub struct Author {
    pub key: Key,
    session: String,
}

impl Author {
    pub fn new(key: Key) -> Author {
        let session = uuid::Uuid::new_v4().to_string();
        Author { key, session }
    }

    /// A message about a request; with none, about nothing that anybody asked for.
    pub fn about(&self, request: Option<&Message>, kind: &str, content: &Value) -> Message {
        let header = Header {
            msg_id: uuid::Uuid::new_v4().to_string(),
            msg_type: kind.to_owned(),
        };
        let date = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let full = json!({
            "msg_id": header.msg_id,
            "msg_type": header.msg_type,
            "session": self.session,
            "username": "kernel",
            "date": date,
            "version": "5.4",
        });
        let parent = request.map(|request| request.frames[0].clone());
        let frames = vec![
            full.to_string().into(),
            parent.unwrap_or_else(|| Bytes::from_static(b"{}")),
            Bytes::from_static(b"{}"),
            content.to_string().into(),
        ];
        Message {
            identities: Vec::new(),
            signature: self.key.sign(&frames),
            frames,
            header,
        }
    }

    /// The answer to a request, addressed to its sender.
    pub fn reply(&self, request: &Message, content: &Value) -> Message {
        let kind = &request.header.msg_type;
        let name = kind.strip_suffix("_request").unwrap_or(kind);
        let mut reply = self.about(Some(request), &format!("{name}_reply"), content);
        reply.identities.clone_from(&request.identities);
        reply
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn request(kind: &str, content: &Value) -> Message {
        let mut message = Author::new(Key::new("key")).about(None, kind, content);
        message.identities = vec![Bytes::from_static(b"client")];
        message
    }

    #[test]
    fn a_message_passes_byte_for_byte_with_its_buffers_and_unknown_fields() {
        let key = Key::new("secret");
        let mut frames: Vec<Bytes> = [
            r#"{"msg_id":"1","msg_type":"odd_request",  "unknown":[1, 2]}"#,
            "{}",
            r#"{"m":0}"#,
            r#"{ "x" : 1.0 }"#,
        ]
        .map(Bytes::from)
        .to_vec();
        let signature = key.sign(&frames);
        frames.push(Bytes::from_static(b"\xff\x00 a buffer"));
        let mut all = vec![
            Bytes::from_static(b"me"),
            Bytes::from_static(DELIMITER),
            signature,
        ];
        all.extend(frames);
        let message = Message::read(ZmqMessage::try_from(all.clone()).unwrap(), &key).unwrap();
        assert_eq!(message.header.msg_type, "odd_request");
        assert_eq!(message.into_frames().into_vec(), all);
    }

    #[test]
    fn a_message_with_another_keys_signature_is_dropped() {
        let forged = Author::new(Key::new("other")).about(None, "execute_request", &json!({}));
        assert!(Message::read(forged.clone().into_frames(), &Key::new("key")).is_none());
        assert!(Message::read(forged.into_frames(), &Key::new("")).is_some());
    }

    #[test]
    fn malformed_messages_are_dropped() {
        let key = Key::new("");
        for frames in [
            vec!["no delimiter"],
            vec!["<IDS|MSG>"],
            vec!["<IDS|MSG>", "", "{}", "{}"],
            vec!["<IDS|MSG>", "", "not json", "{}", "{}", "{}"],
        ] {
            let frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
            assert!(Message::read(ZmqMessage::try_from(frames).unwrap(), &key).is_none());
        }
    }

    #[test]
    fn a_reply_goes_to_the_sender_and_names_the_request() {
        let request = request("complete_request", &json!({}));
        let reply = Author::new(Key::new("key")).reply(&request, &json!({"status": "ok"}));
        assert_eq!(reply.header.msg_type, "complete_reply");
        assert_eq!(reply.identities, request.identities);
        assert_eq!(reply.parent(), request.header.msg_id);
        assert!(Message::read(reply.into_frames(), &Key::new("key")).is_some());
    }
}
