//! Putting fragmented messages together, within limits, and text into UTF-8 (RFC 6455, sections 5.4
//! and 8.1).

use actix_http::ws::Item;
use actix_web_actors::ws::{Frame, Message, ProtocolError};
use bytes::BytesMut;
use bytestring::ByteString;

/// What a message may be made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageLimits {
    /// Bytes of a whole message (`limits.message_size`).
    pub(crate) bytes: usize,
    /// Fragments of one message (`limits.fragments`).
    pub(crate) fragments: usize,
    /// Whether messages may be binary.
    pub(crate) binary: bool,
}

/// Why a connection cannot go on, as far as messages are concerned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("a message is larger than allowed")]
    TooLarge,
    #[error("text is not UTF-8")]
    NotUtf8,
    #[error("binary where text is due")]
    Binary,
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

/// The parts of a message that is not all there. On the heap only while there is one.
#[derive(Debug, Default)]
pub(super) struct Fragments(Option<Box<Parts>>);

#[derive(Debug)]
struct Parts {
    bytes: BytesMut,
    count: usize,
    kind: Kind,
    /// How much of `bytes` is known to be UTF-8: broken text is refused when its first byte comes.
    checked: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

impl Fragments {
    /// Whether a message is not all there.
    pub(super) fn has_begun(&self) -> bool {
        self.0.is_some()
    }

    /// Bytes of the message that is not all there.
    #[cfg(any(test, fuzzing))]
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |parts| parts.bytes.len())
    }

    /// Takes one frame. Returns the whole message once it is complete.
    pub(super) fn take(
        &mut self,
        frame: Frame,
        limits: MessageLimits,
    ) -> Result<Option<Message>, Unreadable> {
        match frame {
            Frame::Text(bytes) => {
                if bytes.len() > limits.bytes {
                    return Err(Unreadable::TooLarge);
                }
                let text = ByteString::try_from(bytes).map_err(|_broken| Unreadable::NotUtf8)?;
                Ok(Some(Message::Text(text)))
            }
            Frame::Binary(bytes) if limits.binary => {
                if bytes.len() > limits.bytes {
                    return Err(Unreadable::TooLarge);
                }
                Ok(Some(Message::Binary(bytes)))
            }
            Frame::Continuation(Item::FirstText(part)) => self.begin(Kind::Text, &part, limits),
            Frame::Continuation(Item::FirstBinary(part)) if limits.binary => {
                self.begin(Kind::Binary, &part, limits)
            }
            Frame::Continuation(Item::Continue(part)) => self.add(&part, limits),
            Frame::Continuation(Item::Last(part)) => {
                self.add(&part, limits)?;
                self.complete()
            }
            Frame::Binary(_) | Frame::Continuation(Item::FirstBinary(_)) => Err(Unreadable::Binary),
            Frame::Ping(bytes) => Ok(Some(Message::Ping(bytes))),
            Frame::Pong(bytes) => Ok(Some(Message::Pong(bytes))),
            Frame::Close(reason) => Ok(Some(Message::Close(reason))),
        }
    }

    fn begin(
        &mut self,
        kind: Kind,
        part: &[u8],
        limits: MessageLimits,
    ) -> Result<Option<Message>, Unreadable> {
        self.0 = Some(Box::new(Parts {
            bytes: BytesMut::new(),
            count: 0,
            kind,
            checked: 0,
        }));
        self.add(part, limits)
    }

    fn add(&mut self, part: &[u8], limits: MessageLimits) -> Result<Option<Message>, Unreadable> {
        let Some(parts) = &mut self.0 else {
            return Err(ProtocolError::ContinuationNotStarted.into());
        };
        parts.count += 1;
        if parts.bytes.len() + part.len() > limits.bytes || parts.count > limits.fragments {
            return Err(Unreadable::TooLarge);
        }
        parts.bytes.extend_from_slice(part);
        parts.check()?;
        Ok(None)
    }

    fn complete(&mut self) -> Result<Option<Message>, Unreadable> {
        let Some(parts) = self.0.take() else {
            return Ok(None);
        };
        let bytes = parts.bytes.freeze();
        if parts.kind == Kind::Binary {
            return Ok(Some(Message::Binary(bytes)));
        }
        let text = ByteString::try_from(bytes).map_err(|_broken| Unreadable::NotUtf8)?;
        Ok(Some(Message::Text(text)))
    }
}

impl Parts {
    /// Checks what is new. A character that is cut by the fragment's end waits for the next one.
    fn check(&mut self) -> Result<(), Unreadable> {
        if self.kind == Kind::Binary {
            return Ok(());
        }
        let new = self.bytes.get(self.checked..).unwrap_or_default();
        match std::str::from_utf8(new) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Unreadable::NotUtf8),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const LIMITS: MessageLimits = MessageLimits {
        bytes: 64,
        fragments: 4,
        binary: false,
    };

    fn first(part: &'static [u8]) -> Frame {
        Frame::Continuation(Item::FirstText(Bytes::from_static(part)))
    }

    fn next(part: &'static [u8]) -> Frame {
        Frame::Continuation(Item::Continue(Bytes::from_static(part)))
    }

    fn last(part: &'static [u8]) -> Frame {
        Frame::Continuation(Item::Last(Bytes::from_static(part)))
    }

    #[test]
    fn a_character_may_be_cut_between_fragments() {
        let mut fragments = Fragments::default();
        let (head, tail) = "お".as_bytes().split_at(1);
        let head = Bytes::copy_from_slice(head);
        let tail = Bytes::copy_from_slice(tail);
        let begun = fragments.take(Frame::Continuation(Item::FirstText(head)), LIMITS);
        assert!(begun.unwrap().is_none());
        let whole = fragments
            .take(Frame::Continuation(Item::Last(tail)), LIMITS)
            .unwrap();
        assert_eq!(whole, Some(Message::Text("お".into())));
    }

    #[test]
    fn broken_text_is_refused_at_its_first_broken_byte() {
        let mut fragments = Fragments::default();
        let refused = fragments.take(first(b"ok \xff"), LIMITS);
        assert!(matches!(refused, Err(Unreadable::NotUtf8)));
        let cut = fragments.take(first(b"\xe3\x81"), LIMITS);
        assert!(cut.unwrap().is_none());
        assert!(matches!(
            fragments.take(last(b""), LIMITS),
            Err(Unreadable::NotUtf8)
        ));
    }

    #[test]
    fn binary_is_put_together_where_it_is_taken_and_refused_elsewhere() {
        let binary = MessageLimits {
            binary: true,
            ..LIMITS
        };
        let first = || Frame::Continuation(Item::FirstBinary(Bytes::from_static(b"\xff")));
        let mut fragments = Fragments::default();
        assert!(fragments.take(first(), binary).unwrap().is_none());
        let whole = fragments.take(last(b"\xfe"), binary).unwrap();
        assert_eq!(
            whole,
            Some(Message::Binary(Bytes::from_static(b"\xff\xfe")))
        );
        let refused = fragments.take(first(), LIMITS);
        assert!(matches!(refused, Err(Unreadable::Binary)));
    }

    #[test]
    fn neither_bytes_nor_fragments_pile_up() {
        let mut fragments = Fragments::default();
        fragments.take(first(&[b'x'; 40]), LIMITS).unwrap();
        assert!(matches!(
            fragments.take(next(&[b'x'; 40]), LIMITS),
            Err(Unreadable::TooLarge)
        ));
        let mut fragments = Fragments::default();
        fragments.take(first(b""), LIMITS).unwrap();
        for _ in 1..LIMITS.fragments {
            fragments.take(next(b""), LIMITS).unwrap();
        }
        assert!(matches!(
            fragments.take(next(b""), LIMITS),
            Err(Unreadable::TooLarge)
        ));
    }
}
