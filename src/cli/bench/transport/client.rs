//! One connection of the load tool: a bare socket, and what of a message has come so far.

use mio::net::TcpStream;

use super::{
    Ticket,
    commands::Commands,
    event_stream::EventStream,
    frames::{self, Frame, Splitter},
    handshake::{answered, request},
    socketio::{self, Packet},
    stream::Stream,
};
use crate::cli::bench::{
    fault::BenchFault,
    options::{Speaks, Transport},
    target::Endpoint,
};

/// The goodbye of a client that leaves of its own accord (1000).
const GOODBYE: [u8; 2] = [0x03, 0xe8];

/// A connection.
pub(crate) struct Client {
    wire: Wire,
    stage: Stage,
    /// Whether it has said goodbye: then nothing matters but the end.
    leaving: bool,
    /// Where a client of an event stream sends its commands.
    commands: Option<Box<Commands>>,
}

/// The socket, and what is spoken on it.
struct Wire {
    stream: Stream,
    transport: Transport,
    speaks: Speaks,
    number: usize,
    ticket: Ticket,
}

enum Stage {
    /// The server's answer to the handshake, as far as it has come.
    Shaking(Vec<u8>),
    /// Messages come in frames of a WebSocket.
    Frames(Splitter),
    /// Messages come as events of a stream.
    Events(EventStream),
}

impl Client {
    /// Starts to connect, and asks to be let in. `number` tells it from the tool's other connections.
    pub(crate) fn connect(
        endpoint: &Endpoint,
        ticket: &Ticket,
        number: usize,
    ) -> Result<Self, BenchFault> {
        let mut stream = Stream::connect(endpoint, number)?;
        stream.write(request(endpoint, ticket, number).as_bytes())?;
        Ok(Self {
            wire: Wire {
                stream,
                transport: endpoint.transport,
                speaks: endpoint.speaks,
                number,
                ticket: ticket.clone(),
            },
            stage: Stage::Shaking(Vec::new()),
            leaving: false,
            commands: None,
        })
    }

    /// What to wait on.
    pub(crate) fn source(&mut self) -> &mut TcpStream {
        self.wire.stream.source()
    }

    /// The same for its commands, if it has a connection for them.
    pub(crate) fn commands_source(&mut self) -> Option<&mut TcpStream> {
        self.commands.as_mut().map(|it| it.stream.source())
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Sends what waits.
    pub(crate) fn flush(&mut self) -> Result<(), BenchFault> {
        if let Some(commands) = &mut self.commands {
            commands.stream.flush()?;
        }
        self.wire.stream.flush()
    }

    /// Reads what is there, answers pings, and hands out the messages.
    pub(crate) fn read(
        &mut self,
        scratch: &mut [u8],
        mut heard: impl FnMut(&[u8]),
    ) -> Result<(), BenchFault> {
        while let Some(count) = self.wire.stream.read(scratch)? {
            if count == 0 {
                return Err(BenchFault::Ended);
            }
            self.take(scratch.get(..count).unwrap_or_default(), &mut heard)?;
            if count < scratch.len() && !self.wire.stream.may_hold_more() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the answers to commands.
    pub(crate) fn read_answers(
        &mut self,
        scratch: &mut [u8],
        mut heard: impl FnMut(&[u8]),
    ) -> Result<(), BenchFault> {
        let Some(commands) = &mut self.commands else {
            return Ok(());
        };
        while let Some(count) = commands.stream.read(scratch)? {
            if count == 0 {
                return Err(BenchFault::Ended);
            }
            commands.take(scratch.get(..count).unwrap_or_default(), &mut heard)?;
        }
        Ok(())
    }

    fn take(&mut self, read: &[u8], heard: &mut impl FnMut(&[u8])) -> Result<(), BenchFault> {
        match &mut self.stage {
            Stage::Shaking(answer) => {
                answer.extend_from_slice(read);
                let Some(end) = answered(self.wire.transport, answer)? else {
                    return Ok(());
                };
                let early = answer.split_off(end);
                self.stage = match self.wire.transport {
                    Transport::Sse => Stage::Events(EventStream::default()),
                    Transport::Ws | Transport::SocketIo => Stage::Frames(Splitter::default()),
                };
                if self.wire.transport == Transport::Ws {
                    self.wire.introduce()?;
                }
                self.take(&early, heard)
            }
            Stage::Frames(splitter) => splitter.take(read, |frame| self.wire.frame(frame, heard)),
            Stage::Events(events) => events.take(read, |message| {
                heard(message);
                Ok(())
            }),
        }
    }

    /// Sends a message. `scratch` is what it is put together in.
    pub(crate) fn say(&mut self, text: &str, scratch: &mut Vec<u8>) -> Result<(), BenchFault> {
        match &mut self.commands {
            Some(commands) => commands.say(text),
            None => self.wire.say(text, scratch),
        }
    }

    /// Whether it needs a connection for commands that it does not have yet.
    pub(crate) fn lacks_commands(&self) -> bool {
        self.wire.transport == Transport::Sse && self.commands.is_none()
    }

    /// Opens the connection for commands.
    pub(crate) fn open_commands(&mut self, endpoint: &Endpoint) -> Result<(), BenchFault> {
        let commands = Commands::connect(endpoint, &self.wire.ticket, self.wire.number)?;
        self.commands = Some(Box::new(commands));
        Ok(())
    }

    /// Says goodbye. Returns whether the server will answer it with its own; else the connection just ends.
    pub(crate) fn leave(&mut self) -> Result<bool, BenchFault> {
        self.leaving = true;
        if !matches!(self.stage, Stage::Frames(_)) {
            return Ok(false);
        }
        let mut goodbye = Vec::new();
        if self.wire.transport == Transport::SocketIo {
            frames::encode(frames::TEXT, socketio::DISCONNECT, &mut goodbye);
        }
        frames::encode(frames::CLOSE, &GOODBYE, &mut goodbye);
        self.wire.stream.write(&goodbye)?;
        Ok(true)
    }
}

impl Wire {
    /// Tells a plain server who this is. Servers of ours know it from the token.
    fn introduce(&mut self) -> Result<(), BenchFault> {
        match self.speaks {
            Speaks::Otomo => Ok(()),
            Speaks::Plain => self.say(&format!("i{}", self.number), &mut Vec::new()),
        }
    }

    fn frame(&mut self, frame: Frame<'_>, heard: &mut impl FnMut(&[u8])) -> Result<(), BenchFault> {
        match frame {
            Frame::Text(packet) if self.transport == Transport::SocketIo => {
                self.packet(packet, heard)
            }
            Frame::Text(message) => {
                heard(message);
                Ok(())
            }
            Frame::Ping(payload) => self.send(frames::PONG, payload),
            Frame::Pong => Ok(()),
            Frame::Close(goodbye) => Err(closed(goodbye)),
        }
    }

    fn packet(&mut self, packet: &[u8], heard: &mut impl FnMut(&[u8])) -> Result<(), BenchFault> {
        match socketio::read(packet) {
            Packet::Event(argument) => heard(argument),
            Packet::Open => {
                let connect = socketio::connect(&self.ticket, self.number, self.speaks);
                self.send(frames::TEXT, connect.as_bytes())?;
            }
            Packet::Connected => self.introduce()?,
            Packet::Ping => self.send(frames::TEXT, socketio::PONG)?,
            Packet::Refused(reason) => {
                let reason = String::from_utf8_lossy(reason).into_owned();
                return Err(BenchFault::Refused(reason));
            }
            Packet::Closed => return Err(BenchFault::Ended),
            Packet::Other => {}
        }
        Ok(())
    }

    fn say(&mut self, text: &str, scratch: &mut Vec<u8>) -> Result<(), BenchFault> {
        if self.transport != Transport::SocketIo {
            return self.send_with(frames::TEXT, text.as_bytes(), scratch);
        }
        let mut packet = Vec::with_capacity(text.len() + 64);
        socketio::event(text, self.speaks, &mut packet);
        self.send_with(frames::TEXT, &packet, scratch)
    }

    fn send(&mut self, kind: u8, payload: &[u8]) -> Result<(), BenchFault> {
        self.send_with(kind, payload, &mut Vec::new())
    }

    fn send_with(
        &mut self,
        kind: u8,
        payload: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Result<(), BenchFault> {
        scratch.clear();
        frames::encode(kind, payload, scratch);
        self.stream.write(scratch)
    }
}

fn closed(goodbye: &[u8]) -> BenchFault {
    match goodbye.split_first_chunk() {
        Some((code, reason)) => BenchFault::Closed {
            code: u16::from_be_bytes(*code),
            reason: String::from_utf8_lossy(reason).into_owned(),
        },
        None => BenchFault::Ended,
    }
}
