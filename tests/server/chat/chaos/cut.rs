//! The ways in which a connection breaks.

use std::time::Duration;

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Dial, Json, Line, Silent};

/// How a connection breaks.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// Reset, whatever is on its way.
    Reset,
    /// Reset in the middle of a command.
    HalfWritten,
    /// Nobody reads any more, and the server is not told: a dead spot.
    Silent,
}

impl Cut {
    pub const ALL: [Self; 3] = [Self::Reset, Self::HalfWritten, Self::Silent];

    /// Breaks a connection, where one is in the middle of a command in the middle of this one. What is left of it stays on
    /// the server's side until the value is dropped.
    pub async fn cut(self, line: Line, dial: &Dial, command: &Json) -> Option<Silent> {
        match (line, self) {
            (Line::Socket(client), Self::Silent) => return Some(client.fall_silent()),
            (Line::Stream(stream, _), Self::Silent) => return Some(stream.fall_silent()),
            (Line::Socket(client), Self::HalfWritten) => {
                client.send_bytes(&half_frame(command));
                client.vanish().await;
            }
            (Line::Stream(stream, _), Self::HalfWritten) => {
                half_post(dial, command).await;
                stream.vanish().await;
            }
            (Line::Socket(client), Self::Reset) => client.vanish().await,
            (Line::Stream(stream, _), Self::Reset) => stream.vanish().await,
        }
        None
    }
}

/// A masked text frame (RFC 6455, section 5.2), up to the middle of its text.
fn half_frame(command: &Json) -> Vec<u8> {
    let text = command.to_string();
    let length = u16::try_from(text.len()).expect("a short command");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(length.to_be_bytes());
    // Masked with zeros, a text stays as it is.
    frame.extend([0; 4]);
    frame.extend(&text.as_bytes()[..text.len() / 2]);
    frame
}

/// A post, up to the middle of its body; then its connection is reset.
async fn half_post(dial: &Dial, command: &Json) {
    let text = command.to_string();
    // The server may be down: then there is nobody to hear half of it.
    let Ok(mut tcp) = TcpStream::connect(dial.server.address()).await else {
        return;
    };
    let head = format!(
        "POST /api/commands?device={} HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n",
        dial.device,
        dial.server.token(&dial.user, dial.role),
        text.len()
    );
    let half = &text.as_bytes()[..text.len() / 2];
    let _ = tcp.write_all(&[head.as_bytes(), half].concat()).await;
    let reset = socket2::SockRef::from(&tcp).set_linger(Some(Duration::ZERO));
    reset.expect("a socket");
}
