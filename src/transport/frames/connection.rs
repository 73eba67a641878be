//! The reading half of a WebSocket, as the stream of messages that drives a session's actor.
//!
//! The actor polls this stream in its own task, and the stream also goes on with writes that the socket
//! had no room for: one task per connection does it all. Bytes are read into one buffer per thread; a
//! connection keeps bytes of its own only while a frame is incomplete.
//!
//! `Message::Nop` is the stream's word for "write now": all that was read has been handled, so the
//! answers can leave together, or the socket has room again.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_codec::Decoder as _;
use actix_http::ws::Codec;
use actix_web_actors::ws::{Message, ProtocolError};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use futures_core::Stream;
use tokio::io::ReadBuf;

use super::{
    fragments::{Fragments, MessageLimits, Unreadable},
    header::{declared_length, is_goodbye, is_unfit_control, only_text},
    socket::{Room, Socket, State},
    wire::Wire,
};
use crate::session::gate::Permit;

/// Bytes read at once.
const READ_MAX: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_MAX].into());
}

/// Why there are no more messages.
///
/// Wraps the codec's `ProtocolError`, which has no words for text that is not UTF-8, for binary, and
/// for a connection that ends without a goodbye; each of these closes with a code of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// The client went away without a close frame.
    #[error("the client ended the connection")]
    Eof,
    /// The connection was reset.
    #[error("the connection broke")]
    Broken(#[source] io::Error),
    /// What came is not a message.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// The messages of one connection.
pub(in crate::transport) struct Connection<W> {
    socket: Rc<Socket<W>>,
    /// What was read and not yet understood.
    input: BytesMut,
    codec: Codec,
    fragments: Fragments,
    limits: MessageLimits,
    /// Whether messages were handed out since the last `Nop`.
    handled: bool,
    /// Whether what comes is thrown away: the end has begun.
    discarding: bool,
    /// Counts the connection for as long as it is held; `None` if somebody else does.
    _permit: Option<Permit>,
}

impl<W: Wire> Connection<W> {
    /// `read_ahead` is what came together with the handshake.
    pub(in crate::transport) fn new(
        socket: Rc<Socket<W>>,
        read_ahead: BytesMut,
        limits: MessageLimits,
        permit: Option<Permit>,
    ) -> Self {
        Self {
            socket,
            input: read_ahead,
            codec: Codec::new().max_size(limits.bytes),
            fragments: Fragments::default(),
            limits,
            handled: false,
            discarding: false,
            _permit: permit,
        }
    }

    /// Bytes that wait for more to come.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> usize {
        self.input.len() + self.fragments.len()
    }

    fn next_message(&mut self) -> Result<Option<Message>, Unreadable> {
        while !self.input.is_empty() {
            if is_unfit_control(&self.input) {
                return Err(ProtocolError::InvalidLength(self.input.len()).into());
            }
            let Some(frame) = self.codec.decode(&mut self.input).map_err(too_large)? else {
                // Nothing is wrong with the header, as far as it is there, but perhaps what it announces.
                let limit = u64::try_from(self.limits.bytes).unwrap_or(u64::MAX);
                return match declared_length(&self.input) {
                    Some(length) if length > limit => Err(Unreadable::TooLarge),
                    _ => Ok(None),
                };
            };
            if let Some(message) = self.fragments.take(frame, self.limits)? {
                return Ok(Some(message));
            }
        }
        self.input = BytesMut::new();
        Ok(None)
    }

    /// Answers what the protocol itself asks for (RFC 6455, sections 5.5.1 and 5.5.2).
    fn answer_control(&mut self, message: &Message) {
        match message {
            Message::Ping(payload) => self.socket.pong(payload.clone()),
            Message::Close(reason) => {
                self.socket.echo_close(reason.clone());
                self.discarding = true;
                self.input = BytesMut::new();
            }
            _ => {}
        }
    }

    /// Reads what is there.
    fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<io::Result<Read>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut scratch = ReadBuf::new(scratch);
            let read = self
                .socket
                .wire()
                .borrow_mut()
                .poll_receive(task, &mut scratch)?;
            if read.is_pending() {
                return Poll::Pending;
            }
            let read = match scratch.filled_mut() {
                [] => Read::End,
                _ if self.discarding => Read::Bytes,
                bytes => self.take(bytes),
            };
            Poll::Ready(Ok(read))
        })
    }

    /// Takes what was read: as the message that it is, if it is one, else as bytes to be understood.
    fn take(&mut self, bytes: &mut [u8]) -> Read {
        let fits = bytes.len() <= self.limits.bytes;
        if fits
            && self.input.is_empty()
            && !self.fragments.has_begun()
            && let Some(text) = only_text(bytes)
        {
            return Read::Text(Bytes::copy_from_slice(text));
        }
        self.input.extend_from_slice(bytes);
        Read::Bytes
    }

    /// The end: nothing that still comes is looked at.
    fn end(&mut self, why: Ended) -> Poll<Option<Result<Message, Ended>>> {
        self.discarding = true;
        self.input = BytesMut::new();
        Poll::Ready(Some(Err(why)))
    }
}

/// What a read has brought.
enum Read {
    /// One message, whole and alone.
    Text(Bytes),
    /// Anything else.
    Bytes,
    /// The end of the stream.
    End,
}

impl<W: Wire> Stream for Connection<W> {
    type Item = Result<Message, Ended>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            // What came before a goodbye is answered before it: behind ours nothing more may be said.
            if this.handled && is_goodbye(&this.input) {
                this.handled = false;
                return Poll::Ready(Some(Ok(Message::Nop)));
            }
            match this.next_message() {
                Ok(Some(message)) => {
                    this.handled = true;
                    this.answer_control(&message);
                    return Poll::Ready(Some(Ok(message)));
                }
                Ok(None) => {}
                Err(unreadable) => return this.end(unreadable.into()),
            }
            let room = this.socket.go_on(task);
            let written = room != Room::None;
            match this.socket.state() {
                State::Closed => return Poll::Ready(None),
                State::Leaving if written => return Poll::Ready(None),
                State::Closing if this.discarding && written => this.socket.hang_up(task),
                State::Leaving | State::Closing | State::Open => {}
            }
            if std::mem::take(&mut this.handled) || room == Room::Again {
                return Poll::Ready(Some(Ok(Message::Nop)));
            }
            match this.poll_read(task) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Read::Bytes)) => {}
                Poll::Ready(Ok(Read::Text(text))) => match ByteString::try_from(text) {
                    Ok(text) => {
                        this.handled = true;
                        return Poll::Ready(Some(Ok(Message::Text(text))));
                    }
                    Err(_) => return this.end(Unreadable::NotUtf8.into()),
                },
                Poll::Ready(_) if this.discarding => return Poll::Ready(None),
                Poll::Ready(Ok(Read::End)) => return this.end(Ended::Eof),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return this.end(Ended::Eof);
                }
                Poll::Ready(Err(error)) => return this.end(Ended::Broken(error)),
            }
        }
    }
}

fn too_large(error: ProtocolError) -> Unreadable {
    match error {
        ProtocolError::Overflow => Unreadable::TooLarge,
        other => Unreadable::Protocol(other),
    }
}
