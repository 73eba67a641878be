//! What a server sends, split into frames (RFC 6455, section 5.2).
//!
//! By hand, because this tool counts millions of messages a second and looks into few of them: a message
//! that came whole is looked at where it was read, and nothing is copied.

/// A frame, as far as a client has to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// A whole message.
    Text(&'a [u8]),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// An answer to a ping.
    Pong,
    /// The server's goodbye: code and reason, if it gave them.
    Close(&'a [u8]),
}

/// A frame that no server of ours sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Foreign {
    #[error("a masked frame, which only clients send")]
    Masked,
    #[error("a frame of another kind than text, ping, pong and close (first byte {0:#04x})")]
    Kind(u8),
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
        0x81 => Frame::Text(payload),
        0x88 => Frame::Close(payload),
        0x89 => Frame::Ping(payload),
        0x8a => Frame::Pong,
        other => return Err(Foreign::Kind(other)),
    };
    Ok(Some((frame, rest)))
}

/// The length of the payload, and what follows the header.
fn payload_length(short: u8, after: &[u8]) -> Option<(usize, &[u8])> {
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
pub(super) struct Splitter {
    incomplete: Vec<u8>,
}

impl Splitter {
    /// Takes what was read and hands out the frames that are complete.
    pub(super) fn take<F>(
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
}
