//! One connection of the load tool: a bare socket, and what of a message has come so far.

use std::io::{self, Read as _, Write as _};

use actix_codec::Encoder as _;
use actix_http::ws::{Codec, Message};
use bytes::{Bytes, BytesMut};
use mio::{event::Source, net::TcpStream};
#[cfg(target_os = "linux")]
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::{
    BenchFault,
    frames::{Frame, Splitter},
    handshake::{Endpoint, Ticket, answered},
};

/// A connection.
pub(super) struct Client {
    stream: TcpStream,
    stage: Stage,
}

enum Stage {
    /// The server's answer to the handshake, as far as it has come.
    Shaking(Vec<u8>),
    /// Messages come.
    Open(Splitter),
}

impl Client {
    /// Connects and asks to be let in. `number` tells it from the tool's other connections.
    pub(super) fn connect(
        endpoint: &Endpoint,
        ticket: &Ticket,
        number: usize,
    ) -> Result<Self, BenchFault> {
        let connected = connect(endpoint, number).and_then(|mut socket| {
            socket.write_all(endpoint.request(ticket).as_bytes())?;
            socket.set_nonblocking(true)?;
            Ok(TcpStream::from_std(socket.into()))
        });
        let stream = connected.map_err(|cause| BenchFault::Connect {
            address: endpoint.address,
            cause,
        })?;
        Ok(Self {
            stream,
            stage: Stage::Shaking(Vec::new()),
        })
    }

    /// What to wait on.
    pub(super) fn source(&mut self) -> &mut impl Source {
        &mut self.stream
    }

    /// Reads what is there, answers pings, and hands out the messages.
    pub(super) fn read(
        &mut self,
        scratch: &mut [u8],
        mut heard: impl FnMut(&[u8]),
    ) -> Result<(), BenchFault> {
        loop {
            let count = match self.stream.read(scratch) {
                Ok(0) => return Err(BenchFault::Ended),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(BenchFault::Broken(error)),
            };
            self.take(scratch.get(..count).unwrap_or_default(), &mut heard)?;
            // Less than there was room for: nothing is left, and the kernel tells of what comes next.
            if count < scratch.len() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, read: &[u8], heard: &mut impl FnMut(&[u8])) -> Result<(), BenchFault> {
        match &mut self.stage {
            Stage::Shaking(answer) => {
                answer.extend_from_slice(read);
                let Some(end) = answered(answer)? else {
                    return Ok(());
                };
                let early = answer.split_off(end);
                self.stage = Stage::Open(Splitter::default());
                self.take(&early, heard)
            }
            Stage::Open(splitter) => {
                let stream = &mut self.stream;
                splitter.take(read, |frame| match frame {
                    Frame::Text(message) => {
                        heard(message);
                        Ok(())
                    }
                    Frame::Ping(payload) => {
                        send(stream, Message::Pong(Bytes::copy_from_slice(payload)))
                    }
                    Frame::Pong => Ok(()),
                    Frame::Close(goodbye) => Err(closed(goodbye)),
                })
            }
        }
    }

    /// Sends a message.
    pub(super) fn say(&mut self, text: &str) -> Result<(), BenchFault> {
        send(&mut self.stream, Message::Text(text.into()))
    }
}

fn connect(endpoint: &Endpoint, number: usize) -> io::Result<Socket> {
    let domain = Domain::for_address(endpoint.address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if let Some(source) = endpoint.source(number) {
        // The port is chosen when the destination is known, so that it need not be free for all.
        #[cfg(target_os = "linux")]
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        socket.bind(&source.into())?;
    }
    socket.connect(&endpoint.address.into())?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

fn send(stream: &mut TcpStream, message: Message) -> Result<(), BenchFault> {
    let mut frame = BytesMut::new();
    let encoded = Codec::new().client_mode().encode(message, &mut frame);
    debug_assert!(encoded.is_ok(), "whole messages always encode");
    match stream.write(&frame) {
        Ok(written) if written == frame.len() => Ok(()),
        // What we say is short and seldom: a server that has no room for it does not read.
        Ok(_) => Err(BenchFault::NotRead),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(BenchFault::NotRead),
        Err(error) => Err(BenchFault::Broken(error)),
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
