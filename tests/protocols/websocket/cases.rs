//! A case: what a client says, what it hears, and how it ends.

use serde_json::json;

use super::{Frame, Peer, frames::fragments, peer::Heard};
use crate::{
    support::{Json, TestServer},
    tally,
};

/// Limits that a client does not meet which talks as fast as it can.
const UNHURRIED: [(&str, &str); 2] = [
    ("limits.commands_per_second", "none"),
    ("limits.handshakes_per_address", "none"),
];

/// A server for cases.
pub async fn server() -> TestServer {
    TestServer::start_with(&UNHURRIED).await
}

/// What a client hears that goes on.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The refusal of a text that is no command.
    Error,
    /// The answer to the command that bears this id.
    Answer(String),
    Pong(Vec<u8>),
}

/// How bytes are written.
#[derive(Debug, Clone, Copy)]
enum Pace {
    /// What is said without a reply between goes out in one write.
    Together,
    /// A write for each frame.
    Frames,
    /// A write for so many bytes.
    Chops(usize),
}

#[derive(Debug)]
enum Step {
    Say(Vec<u8>),
    Hear(Reply),
}

#[derive(Debug)]
enum End {
    /// The connection goes on, until the client says goodbye.
    Lives,
    /// The server says why it fails the connection, and ends it.
    Fails(u16),
    /// The client has said goodbye: the server answers in kind, and ends it.
    Closes(Option<u16>),
}

/// A case that is being told, or is to be tried.
#[derive(Debug)]
pub struct Case {
    name: String,
    steps: Vec<Step>,
    pace: Pace,
    end: End,
}

/// A command that is answered, with an id that its answer bears, as long as it is asked to be and no shorter than it must.
pub fn command(id: &str, length: usize) -> String {
    let bare = json!({"type": "heartbeat", "requestId": id, "x": ""}).to_string();
    let padding = "x".repeat(length.saturating_sub(bare.len()));
    json!({"type": "heartbeat", "requestId": id, "x": padding}).to_string()
}

impl Case {
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            steps: Vec::new(),
            pace: Pace::Together,
            end: End::Lives,
        }
    }

    /// Says a frame.
    pub fn says(self, frame: &Frame) -> Self {
        self.bytes(frame.bytes())
    }

    /// Says bytes as they are.
    pub fn bytes(mut self, bytes: Vec<u8>) -> Self {
        self.steps.push(Step::Say(bytes));
        self
    }

    /// Says a text in frames of so many bytes.
    pub fn says_in(self, text: impl AsRef<[u8]>, size: usize) -> Self {
        let frames = fragments(text.as_ref(), size);
        frames.iter().fold(self, Self::says)
    }

    /// In one write for each frame.
    pub fn frame_by_frame(mut self) -> Self {
        self.pace = Pace::Frames;
        self
    }

    /// In writes of so many bytes.
    pub fn in_chops(mut self, size: usize) -> Self {
        self.pace = Pace::Chops(size);
        self
    }

    /// Waits for a reply.
    pub fn hears(mut self, reply: Reply) -> Self {
        self.steps.push(Step::Hear(reply));
        self
    }

    /// Waits for the pong to a ping.
    pub fn hears_pong(self, payload: impl AsRef<[u8]>) -> Self {
        self.hears(Reply::Pong(payload.as_ref().to_vec()))
    }

    /// Waits for the answer to a command.
    pub fn hears_answer(self, id: &str) -> Self {
        self.hears(Reply::Answer(id.to_owned()))
    }

    /// Nothing more happens.
    pub fn lives(mut self) -> Self {
        self.end = End::Lives;
        self
    }

    /// The server ends it with this code.
    pub fn fails(mut self, code: u16) -> Self {
        self.end = End::Fails(code);
        self
    }

    /// The server answers the goodbye with its code.
    pub fn closes(mut self, code: impl Into<Option<u16>>) -> Self {
        self.end = End::Closes(code.into());
        self
    }

    async fn is_tried(&self, server: &TestServer) {
        let mut peer = Peer::ready(server, "taro").await;
        for steps in self
            .steps
            .chunk_by(|a, b| matches!((a, b), (Step::Say(_), Step::Say(_))))
        {
            if let [Step::Hear(reply)] = steps {
                self.expect(&mut peer, reply).await;
                continue;
            }
            let said: Vec<&[u8]> = steps.iter().filter_map(Step::said).collect();
            for bytes in self.pace.writes(&said) {
                peer.write(&bytes).await;
            }
        }
        self.ends(&mut peer).await;
    }

    async fn expect(&self, peer: &mut Peer, reply: &Reply) {
        let heard = peer.next().await;
        let fits = match (&heard, reply) {
            (Heard::Event(event), Reply::Error) => event["type"] == "error",
            (Heard::Event(event), Reply::Answer(id)) => {
                event["type"] == "heartbeat_ack" && event["requestId"] == id.as_str()
            }
            (Heard::Pong(heard), Reply::Pong(payload)) => heard == payload,
            _ => false,
        };
        assert!(fits, "{}: {heard:?} instead of {reply:?}", self.name);
    }

    async fn ends(&self, peer: &mut Peer) {
        match self.end {
            End::Lives => {
                let id = "still there";
                peer.write(&Frame::text(command(id, 0)).bytes()).await;
                self.expect(peer, &Reply::Answer(id.to_owned())).await;
                peer.write(&Frame::close(1000, "").bytes()).await;
                self.hangs_up(peer, Some(1000)).await;
            }
            End::Fails(code) => {
                let why = peer.next().await;
                let Heard::Event(why) = why else {
                    panic!("{}: {why:?} instead of why it fails", self.name);
                };
                assert_eq!(
                    (&why["type"], &why["code"]),
                    (&Json::from("closing"), &code.into()),
                    "{}",
                    self.name
                );
                self.hangs_up(peer, Some(code)).await;
            }
            End::Closes(code) => self.hangs_up(peer, code).await,
        }
    }

    /// The last that the server says, behind which it ends its side.
    async fn hangs_up(&self, peer: &mut Peer, code: Option<u16>) {
        assert_eq!(peer.next().await, Heard::Close(code), "{}", self.name);
        assert_eq!(peer.next().await, Heard::End, "{}", self.name);
    }
}

impl Step {
    fn said(&self) -> Option<&[u8]> {
        match self {
            Self::Say(bytes) => Some(bytes),
            Self::Hear(_) => None,
        }
    }
}

impl Pace {
    fn writes(self, said: &[&[u8]]) -> Vec<Vec<u8>> {
        match self {
            Self::Together => vec![said.concat()],
            Self::Frames => said.iter().map(|bytes| bytes.to_vec()).collect(),
            Self::Chops(size) => said.concat().chunks(size).map(<[u8]>::to_vec).collect(),
        }
    }
}

/// Tries all cases of a section, each on a connection of its own.
pub async fn all_pass(section: &str, cases: impl IntoIterator<Item = Case>) {
    let server = server().await;
    let mut count = 0;
    for case in cases {
        case.is_tried(&server).await;
        count += 1;
    }
    tally::passed(&format!("RFC 6455: {section}"), count);
}
