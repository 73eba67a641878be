//! Server-Sent Events in a chunked body, split into messages (RFC 9112, section 7.1; HTML Living Standard, section 9.2.6).
//!
//! By hand, for the same reason as WebSocket frames: an event that came whole is looked at where it was read.

use super::Foreign;

/// Takes the framing of chunks off, however it is cut.
#[derive(Debug, Default)]
struct Chunks {
    state: Chunk,
}

/// Where in the framing the next byte is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    /// In a size; so far it is this.
    #[default]
    Begin,
    Size(usize),
    /// In what follows a size up to its line's end.
    Extension(usize),
    /// This many bytes are left.
    Data(usize),
    /// In the line's end behind data.
    Behind,
}

impl Chunks {
    /// Hands out the data.
    fn take<'a, F>(
        &mut self,
        mut bytes: &'a [u8],
        mut data: impl FnMut(&'a [u8]) -> Result<(), F>,
    ) -> Result<(), F>
    where
        F: From<Foreign>,
    {
        while let Some((first, rest)) = bytes.split_first() {
            if let Chunk::Data(left) = self.state {
                let (piece, rest) = bytes.split_at(left.min(bytes.len()));
                data(piece)?;
                bytes = rest;
                self.state = match left - piece.len() {
                    0 => Chunk::Behind,
                    left => Chunk::Data(left),
                };
                continue;
            }
            bytes = rest;
            self.state = self.state.after(*first)?;
        }
        Ok(())
    }
}

impl Chunk {
    /// After a byte that is no data.
    fn after(self, byte: u8) -> Result<Self, Foreign> {
        let digit = char::from(byte).to_digit(16).map(|it| it as usize);
        match (self, byte, digit) {
            (Self::Begin, _, Some(digit)) => Ok(Self::Size(digit)),
            (Self::Size(size), _, Some(digit)) if size < usize::MAX >> 5 => {
                Ok(Self::Size(size << 4 | digit))
            }
            // A chunk of nothing ends the body; the connection's end will say so too.
            (Self::Size(0) | Self::Extension(0), b'\n', _) => Ok(Self::Begin),
            (Self::Size(size) | Self::Extension(size), b'\n', _) => Ok(Self::Data(size)),
            (Self::Size(size) | Self::Extension(size), b'\r' | b';', _) => {
                Ok(Self::Extension(size))
            }
            (Self::Extension(size), ..) => Ok(Self::Extension(size)),
            (Self::Behind, b'\r', _) | (Self::Begin, b'\r' | b'\n', _) => Ok(self),
            (Self::Behind, b'\n', _) => Ok(Self::Begin),
            _ => Err(Foreign::Chunk(byte)),
        }
    }
}

/// Splits a stream into messages. Holds memory only while an event is incomplete.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    chunks: Chunks,
    incomplete: Vec<u8>,
}

impl EventStream {
    /// Takes what was read of the body and hands out the data of the events that are complete.
    pub(crate) fn take<F>(
        &mut self,
        read: &[u8],
        mut heard: impl FnMut(&[u8]) -> Result<(), F>,
    ) -> Result<(), F>
    where
        F: From<Foreign>,
    {
        let incomplete = &mut self.incomplete;
        self.chunks.take(read, |data| {
            let mut before = std::mem::take(incomplete);
            let mut rest = if before.is_empty() {
                data
            } else {
                before.extend_from_slice(data);
                &before
            };
            while let Some((event, after)) = split(rest) {
                if let Some(data) = data_of(event) {
                    heard(data)?;
                }
                rest = after;
            }
            *incomplete = rest.to_vec();
            Ok(())
        })
    }
}

/// Splits the first event off, without the empty line that ends it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let line_end = from + rest.iter().position(|byte| *byte == b'\n')?;
        if bytes.get(line_end + 1) == Some(&b'\n') {
            return Some((bytes.get(..line_end)?, bytes.get(line_end + 2..)?));
        }
        from = line_end + 1;
    }
}

/// What is in the `data` field. Servers of ours put a message into one line; comments and `retry` have none.
fn data_of(event: &[u8]) -> Option<&[u8]> {
    let lines = event.split(|byte| *byte == b'\n');
    let mut data = lines.filter_map(|line| line.strip_prefix(b"data: "));
    data.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        event::{Event, Ready},
        event_stream::{HEARTBEAT, retry},
        frame::{Frame, WireFormat},
    };

    /// What comes of bytes that are read in pieces of this size.
    fn heard(bytes: &[u8], piece: usize) -> Result<Vec<String>, Foreign> {
        let mut stream = EventStream::default();
        let mut messages = Vec::new();
        for piece in bytes.chunks(piece) {
            stream.take(piece, |message| {
                messages.push(String::from_utf8_lossy(message).into_owned());
                Ok::<_, Foreign>(())
            })?;
        }
        assert!(stream.incomplete.is_empty(), "nothing is left over");
        assert_eq!(stream.incomplete.capacity(), 0, "and nothing is held");
        Ok(messages)
    }

    fn chunked(body: &[u8], size: usize) -> Vec<u8> {
        let chunks = body.chunks(size).map(|chunk| {
            let head = format!("{:x}\r\n", chunk.len());
            [head.as_bytes(), chunk, b"\r\n"].concat()
        });
        chunks.collect::<Vec<_>>().concat()
    }

    #[test]
    fn the_servers_own_stream_is_understood_however_it_is_cut() {
        let frame = Frame::new(&Event::from(Ready { seq: 3 }));
        let json = String::from_utf8(frame.json().to_vec()).unwrap();
        let body = [
            retry(700).as_bytes(),
            &frame.shared(WireFormat::NamedEvent),
            HEARTBEAT,
            &frame.shared(WireFormat::UnnamedEvent),
        ]
        .concat();
        for size in [1, 7, 16, body.len()] {
            let stream = chunked(&body, size);
            for piece in [1, 2, 5, 64, stream.len()] {
                let messages = heard(&stream, piece).unwrap();
                assert_eq!(messages, [&*json, &*json], "{size} in {piece}");
            }
        }
    }

    #[test]
    fn a_body_that_is_not_chunked_is_named() {
        assert_eq!(heard(b"data: 1\n\n", 9), Err(Foreign::Chunk(b't')));
        assert_eq!(
            heard(b"3;name=x\r\n:\n\n\r\n0\r\n\r\n", 4).unwrap().len(),
            0
        );
    }
}
