//! What a server sends, split into frames (RFC 6455, section 5.2).
//!
//! By hand, because this tool counts millions of messages a second and looks into few of them: a message
//! that came whole is looked at where it was read, and nothing is copied.

use super::Foreign;

/// A frame, as far as a client has to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A whole message.
    Text(&'a [u8]),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// An answer to a ping.
    Pong,
    /// The server's goodbye: code and reason, if it gave them.
    Close(&'a [u8]),
}

/// Splits the first frame off. `None` while it is not all there.
fn split(bytes: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>, Foreign> {
    let [kind, length, after @ ..] = bytes else {
        return Ok(None);
    };
    if length & 0x80 != 0 {
        return Err(Foreign::Masked);
    }
    let Some((length, after)) = payload_length(*length, after) else {
        return Ok(None);
    };
    let Some((payload, rest)) = after.split_at_checked(length) else {
        return Ok(None);
    };
    let frame = match *kind {
        TEXT => Frame::Text(payload),
        CLOSE => Frame::Close(payload),
        PING => Frame::Ping(payload),
        PONG => Frame::Pong,
        other => return Err(Foreign::Kind(other)),
    };
    Ok(Some((frame, rest)))
}

/// The length of the payload, and what follows it in the header.
pub(crate) fn payload_length(short: u8, after: &[u8]) -> Option<(usize, &[u8])> {
    match short {
        126 => {
            let (length, rest) = after.split_first_chunk()?;
            Some((usize::from(u16::from_be_bytes(*length)), rest))
        }
        127 => {
            let (length, rest) = after.split_first_chunk()?;
            // More than memory can hold never comes whole.
            let length = usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX);
            Some((length, rest))
        }
        short => Some((usize::from(short), after)),
    }
}

/// Puts together what comes in pieces. Holds memory only while a frame is incomplete.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    incomplete: Vec<u8>,
}

impl Splitter {
    /// Takes what was read and hands out the frames that are complete.
    pub(crate) fn take<F>(
        &mut self,
        read: &[u8],
        mut heard: impl FnMut(Frame<'_>) -> Result<(), F>,
    ) -> Result<(), F>
    where
        F: From<Foreign>,
    {
        let mut before = std::mem::take(&mut self.incomplete);
        let mut rest = if before.is_empty() {
            read
        } else {
            before.extend_from_slice(read);
            &before
        };
        while let Some((frame, after)) = split(rest)? {
            heard(frame)?;
            rest = after;
        }
        self.incomplete = rest.to_vec();
        Ok(())
    }
}

/// What a client puts over its payloads. Any will do: proxies between us and the server are none.
const MASK: [u8; 4] = [0x3c, 0x5a, 0xa5, 0xc3];

/// Appends a frame of a client's: masked, whole.
pub(crate) fn encode(kind: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    push_length(payload.len(), 0x80, out);
    out.extend_from_slice(&MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    out.extend(masked.map(|(byte, mask)| byte ^ mask));
}

/// Appends a text frame of a server's: not masked.
pub(crate) fn encode_as_server(payload: &[u8], out: &mut Vec<u8>) {
    out.push(TEXT);
    push_length(payload.len(), 0, out);
    out.extend_from_slice(payload);
}

/// Appends a length as it stands in a header; `bit` says whether a mask follows.
fn push_length(length: usize, bit: u8, out: &mut Vec<u8>) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => out.push(bit | short),
        (_, Ok(middle)) => {
            out.push(bit | 126);
            out.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            out.push(bit | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// First bytes of frames.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

#[cfg(test)]
mod tests {
    use super::*;

    /// What a splitter makes of bytes that come in pieces of this size.
    fn heard(bytes: &[u8], piece: usize) -> Result<Vec<String>, Foreign> {
        let mut splitter = Splitter::default();
        let mut frames = Vec::new();
        for piece in bytes.chunks(piece) {
            splitter.take(piece, |frame| {
                frames.push(format!("{frame:?}"));
                Ok::<_, Foreign>(())
            })?;
        }
        assert!(splitter.incomplete.is_empty(), "nothing is left over");
        assert_eq!(splitter.incomplete.capacity(), 0, "and nothing is held");
        Ok(frames)
    }

    fn text(length: usize) -> Vec<u8> {
        let header = match length {
            0..=125 => vec![0x81, length as u8],
            126..=0xffff => [&[0x81, 126][..], &(length as u16).to_be_bytes()].concat(),
            _ => [&[0x81, 127][..], &(length as u64).to_be_bytes()].concat(),
        };
        [header, vec![b'x'; length]].concat()
    }

    #[test]
    fn frames_are_the_same_however_they_are_cut() {
        let lengths = [0, 1, 125, 126, 300, 65_535, 65_536];
        let stream = lengths.map(text).concat();
        let whole = heard(&stream, stream.len()).unwrap();
        assert_eq!(whole.len(), lengths.len());
        for piece in [1, 2, 3, 127, 1024, 65_537] {
            assert_eq!(heard(&stream, piece).unwrap(), whole, "pieces of {piece}");
        }
    }

    #[test]
    fn control_frames_come_between_messages() {
        let stream = [&text(2)[..], &[0x89, 1, b'p', 0x8a, 0], &text(3)].concat();
        let frames = heard(&stream, 4).unwrap();
        assert_eq!(frames.len(), 4);
        assert_eq!(frames[1], format!("{:?}", Frame::Ping(b"p")));
        assert_eq!(frames[2], format!("{:?}", Frame::Pong));
    }

    #[test]
    fn what_no_server_of_ours_sends_is_named() {
        assert_eq!(heard(&[0x81, 0x81, 0, 0], 9), Err(Foreign::Masked));
        assert_eq!(heard(&[0x82, 1, 0], 9), Err(Foreign::Kind(0x82)));
        assert_eq!(heard(&[0x01, 1, 0], 9), Err(Foreign::Kind(0x01)));
    }

    #[test]
    fn what_a_client_says_is_masked_with_a_length_of_its_size() {
        use actix_codec::Decoder as _;
        use actix_http::ws::{Codec, Frame as Decoded};
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let mut frame = Vec::new();
            encode(TEXT, &payload, &mut frame);
            let mut frame = bytes::BytesMut::from(&*frame);
            let decoded = Codec::new().max_size(70_000).decode(&mut frame);
            let Decoded::Text(text) = decoded.unwrap().unwrap() else {
                panic!("no text");
            };
            assert_eq!(text, payload);
            assert!(frame.is_empty());
        }
    }
}
