//! The connection on which a client of an event stream sends its commands: requests of HTTP one behind the other, their
//! answers handed out as the messages that they are.

use super::{Foreign, Ticket, handshake::device, stream::Stream};
use crate::cli::bench::{fault::BenchFault, target::Endpoint};

/// Keeps a connection open for commands.
pub(crate) struct Commands {
    pub(crate) stream: Stream,
    /// All of a request but the length and the body.
    head: String,
    /// An answer, as far as it has come.
    incomplete: Vec<u8>,
}

impl Commands {
    /// Starts to connect for the stream of the client with this number.
    pub(crate) fn connect(
        endpoint: &Endpoint,
        ticket: &Ticket,
        number: usize,
    ) -> Result<Self, BenchFault> {
        let head = format!(
            "POST /api/commands?device={} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: ",
            device(number),
            endpoint.host,
            ticket.token
        );
        Ok(Self {
            stream: Stream::connect(endpoint, number)?,
            head,
            incomplete: Vec::new(),
        })
    }

    /// Sends a command.
    pub(crate) fn say(&mut self, command: &str) -> Result<(), BenchFault> {
        let length = command.len();
        let request = format!("{}{length}\r\n\r\n{command}", self.head);
        self.stream.write(request.as_bytes())
    }

    /// Takes what was read, and hands out the answers that are complete.
    pub(crate) fn take(
        &mut self,
        read: &[u8],
        mut heard: impl FnMut(&[u8]),
    ) -> Result<(), BenchFault> {
        self.incomplete.extend_from_slice(read);
        let mut rest = self.incomplete.as_slice();
        while let Some((answer, after)) = split(rest)? {
            match answer {
                Answer::Done([]) => {}
                Answer::Done(body) => heard(body),
                // As it would come on a WebSocket, as far as scenarios look.
                Answer::Refused(body) => {
                    let told = body.strip_prefix(b"{").unwrap_or(b"}");
                    heard(&[br#"{"type":"error","#, told].concat());
                }
            }
            rest = after;
        }
        self.incomplete = rest.to_vec();
        Ok(())
    }
}

/// An answer, with its body.
#[derive(Debug, PartialEq, Eq)]
enum Answer<'a> {
    Done(&'a [u8]),
    Refused(&'a [u8]),
}

/// Splits the first answer off. `None` while it is not all there.
fn split(bytes: &[u8]) -> Result<Option<(Answer<'_>, &[u8])>, BenchFault> {
    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = bytes.split_at(end + 4);
    let head = str::from_utf8(head).map_err(|_unclear| Foreign::Head)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status.ok_or(Foreign::Head)?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    // What has no body needs no length.
    let length = length.unwrap_or(0);
    Ok(body.split_at_checked(length).map(|(body, rest)| {
        let answer = match status.starts_with('2') {
            true => Answer::Done(body),
            false => Answer::Refused(body),
        };
        (answer, rest)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_wherever_they_end() {
        let stream = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}\
            HTTP/1.1 204 No Content\r\n\r\n\
            HTTP/1.1 409 Conflict\r\ncontent-length: 12\r\n\r\n{\"error\":{}}";
        let (first, rest) = split(stream).unwrap().unwrap();
        assert_eq!(first, Answer::Done(b"{}"));
        let (second, rest) = split(rest).unwrap().unwrap();
        assert_eq!(second, Answer::Done(b""));
        assert_eq!(split(&rest[..rest.len() - 1]).unwrap(), None);
        let (third, rest) = split(rest).unwrap().unwrap();
        assert_eq!(third, Answer::Refused(b"{\"error\":{}}"));
        assert!(rest.is_empty());
        assert_eq!(split(rest).unwrap(), None);
        assert!(split(b"SSH-2.0\r\n\r\n").is_err());
    }
}
