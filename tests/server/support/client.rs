//! A person's app: a real WebSocket, and the protocol's commands as words.

use std::{
    ops::{Deref, DerefMut},
    panic::Location,
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use uuid::Uuid;

use super::{Dice, End, EventLog, Json, Silent, connecting::Wire};

/// A connected client.
pub struct Client {
    log: EventLog,
    write: SplitSink<WebSocketStream<Wire>, Message>,
    reading: JoinHandle<()>,
    /// A second handle of the socket, for what only the socket itself can do.
    socket: std::net::TcpStream,
}

impl Client {
    pub(super) fn new(
        user: String,
        web: WebSocketStream<Wire>,
        socket: std::net::TcpStream,
    ) -> Self {
        let (write, mut read) = web.split();
        let log = EventLog::new(user);
        let writer = log.writer();
        let reading = tokio::spawn(async move {
            let mut end = End::Cut;
            while let Some(Ok(message)) = read.next().await {
                match message {
                    Message::Text(text) => {
                        let event = serde_json::from_str(&text).expect("the server sends JSON");
                        writer.push(event);
                    }
                    Message::Close(frame) => {
                        end = End::Closed(frame.map_or(1005, |frame| frame.code.into()));
                    }
                    _ => {}
                }
            }
            writer.close(end);
        });
        Self {
            log,
            write,
            reading,
            socket,
        }
    }

    /// Waits until the server has handled all that this client sent and has written its answers.
    pub async fn settled(&mut self) {
        let id = Uuid::new_v4().to_string();
        self.send(json!({"type": "heartbeat", "requestId": id}))
            .await;
        self.until("the answer to a heartbeat", |event| {
            event["requestId"] == id.as_str()
        })
        .await;
    }

    /// Asserts that no event of a type has come by the time the server has handled all that this
    /// client sent.
    #[track_caller]
    pub fn expect_none(&mut self, name: &str) -> impl Future<Output = ()> {
        let at = Location::caller();
        let name = name.to_owned();
        async move {
            self.settled().await;
            let found = self.heard(&name);
            assert!(found.is_none(), "{at}: {} got {found:?}", self.user);
        }
    }

    /// The answer to a command: the event or the error that carries its request id.
    pub async fn ask(&mut self, mut command: Json) -> Json {
        let id = Uuid::new_v4().to_string();
        let name = command["type"].to_string();
        command["requestId"] = id.clone().into();
        self.send(command).await;
        self.until(format!("the answer to {name}"), |event| {
            event["requestId"] == id.as_str()
        })
        .await
    }

    /// Sends a command and expects it to be refused with this code.
    #[track_caller]
    pub fn refused(&mut self, code: &str, command: Json) -> impl Future<Output = Json> {
        let at = Location::caller();
        let code = code.to_owned();
        async move {
            let answer = self.ask(command.clone()).await;
            assert_eq!(
                answer["code"],
                code.as_str(),
                "{at}: {command} was answered with {answer}"
            );
            answer
        }
    }

    /// Sends a command as it is.
    pub async fn send(&mut self, command: Json) {
        self.send_text(command.to_string()).await;
    }

    /// Sends text as it is.
    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.send_message(Message::text(text.into())).await;
    }

    /// Sends a message as it is. A connection that the server has closed meanwhile takes nothing.
    pub async fn send_message(&mut self, message: Message) {
        if let Message::Text(text) = &message {
            self.log.asked(text);
        }
        let _ = self.write.send(message).await;
    }

    /// Sends bytes as they are, where a frame would begin: what no library of WebSockets would send.
    pub fn send_bytes(&self, bytes: &[u8]) {
        use std::io::Write as _;
        let written = (&self.socket).write(bytes).expect("a live socket");
        assert_eq!(written, bytes.len(), "the socket has room");
    }

    /// Says goodbye properly (1000): logs out.
    pub async fn log_out(self) {
        self.close(1000).await;
    }

    /// Closes with a code.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: "".into(),
        };
        self.send_message(Message::Close(Some(frame))).await;
        let _ = self.ended().await;
    }

    /// Goes away as a page does that is reloaded.
    pub async fn reload(self) {
        self.close(1001).await;
    }

    /// The network is gone: the connection is reset.
    pub async fn vanish(self) {
        // Closed without lingering, a socket says "reset" instead of goodbye. The reading task holds the
        // other half; once it has ended, dropping ours closes it.
        let sock = socket2::SockRef::from(&self.socket);
        sock.set_linger(Some(Duration::ZERO))
            .expect("a live socket");
        self.reading.abort();
        while !self.reading.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    /// Reads no more and says no more, and the server is not told: the socket stays open as long as the value lives.
    pub fn fall_silent(self) -> Silent {
        self.reading.abort();
        Silent::keep(&self.socket)
    }

    // ---- the protocol's commands as words ----

    /// Calls an otomo; returns the call's id once the request is acknowledged.
    pub async fn request(&mut self, otomo: &str) -> Uuid {
        let call = Uuid::new_v4();
        let ack = self.request_as(otomo, call).await;
        assert_eq!(ack["type"], "call_request_ack", "{ack}");
        call
    }

    /// Calls an otomo with an id of one's own; returns the answer.
    pub async fn request_as(&mut self, otomo: &str, call: Uuid) -> Json {
        self.ask(json!({"type": "call_request", "toUserId": otomo, "callId": call}))
            .await
    }

    /// Something about a call: sends `{"type": name, "callId"}` and returns the answer.
    pub async fn of_call(&mut self, name: &str, call: Uuid) -> Json {
        self.ask(json!({"type": name, "callId": call})).await
    }

    /// Answers a call.
    pub async fn accept(&mut self, call: Uuid) -> Json {
        self.of_call("call_accept", call).await
    }

    /// Declines a call.
    pub async fn reject(&mut self, call: Uuid) -> Json {
        self.of_call("call_reject", call).await
    }

    /// Gives up a call that was not answered yet.
    pub async fn cancel(&mut self, call: Uuid) -> Json {
        self.of_call("call_cancel", call).await
    }

    /// Hangs up.
    pub async fn hang_up(&mut self, call: Uuid) -> Json {
        self.of_call("call_end_request", call).await
    }

    /// Reports that media flows.
    pub async fn report_media(&mut self, call: Uuid) {
        self.send(json!({"type": "call_connected", "callId": call}))
            .await;
    }
}

impl Deref for Client {
    type Target = EventLog;

    fn deref(&self) -> &EventLog {
        &self.log
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut EventLog {
        &mut self.log
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// A pause that belongs to the story: a silence of a given length is what is being tested.
pub async fn silence(length: Duration) {
    tokio::time::sleep(length).await;
}

/// Sends two commands of two clients at once, in the order that the dice say, and returns the answers.
pub async fn at_once(
    dice: &mut Dice,
    (first, ask_first): (&mut Client, Json),
    (second, ask_second): (&mut Client, Json),
) -> (Json, Json) {
    if dice.flip() {
        tokio::join!(first.ask(ask_first), second.ask(ask_second))
    } else {
        let (late, early) = tokio::join!(second.ask(ask_second), first.ask(ask_first));
        (early, late)
    }
}
