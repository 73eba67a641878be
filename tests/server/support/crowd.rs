//! Many people at once. Each does by itself what an app does: answers a ring, reports media, and comes back when it was sent
//! away, at the time it was told. What happens to them is written down.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{net::TcpStream, sync::mpsc, task::JoinHandle, time::sleep};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::{Dice, Endpoint, Json};

/// Bytes that one of them reads at a time: there are thousands.
const BUFFER: usize = 4 * 1024;

/// Between two attempts to connect, in milliseconds: as an app does it whose server is not there.
const AGAIN_MS: std::ops::Range<u64> = 100..600;

/// What happened to one of them.
#[derive(Debug, Clone)]
pub enum Happening {
    /// They tried to connect for the first time since they were sent away.
    Came,
    /// They are served, by the server at this address.
    Ready(SocketAddr),
    /// They were sent away for so long.
    SentAway(Duration),
    /// The connection ended without a word.
    Lost,
    /// They heard that an otomo, or a friend, is offline, or read it in a snapshot.
    Offline(String),
    /// Their call goes.
    Talks,
    /// Their call has ended.
    Ended(String),
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Note {
    /// When.
    pub at: Instant,
    /// To whom.
    pub user: String,
    /// What.
    pub what: Happening,
}

/// Many people.
pub struct Crowd {
    diary: Arc<Diary>,
    people: Vec<Person>,
}

#[derive(Default)]
struct Diary {
    notes: Mutex<Vec<Note>>,
    here: AtomicUsize,
}

struct Person {
    say: mpsc::UnboundedSender<Json>,
    task: JoinHandle<()>,
}

impl Drop for Person {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Crowd {
    /// Nobody yet.
    pub fn new() -> Self {
        Self {
            diary: Arc::default(),
            people: Vec::new(),
        }
    }

    /// One more. They connect to the first of these servers that takes them. Returns their number.
    pub fn join(&mut self, user: &str, role: Role, ways: &[&Endpoint]) -> usize {
        let (say, said) = mpsc::unbounded_channel();
        let member = Member {
            user: user.to_owned(),
            requests: ways.iter().map(|way| way.connecting(user, role)).collect(),
            diary: Arc::clone(&self.diary),
            dice: Dice::quiet(),
        };
        let task = tokio::spawn(member.live(said));
        self.people.push(Person { say, task });
        self.people.len() - 1
    }

    /// Has one of them say something.
    pub fn say(&self, who: usize, command: Json) {
        let sent = self.people[who].say.send(command);
        sent.expect("they live as long as the crowd");
    }

    /// How many are served.
    pub fn here(&self) -> usize {
        self.diary.here.load(Ordering::Relaxed)
    }

    /// What has happened, in order.
    pub fn notes(&self) -> Vec<Note> {
        self.diary.notes.lock().expect("no panic").clone()
    }

    /// How often something has happened.
    pub fn count(&self, of: impl Fn(&Happening) -> bool) -> usize {
        let notes = self.diary.notes.lock().expect("no panic");
        notes.iter().filter(|note| of(&note.what)).count()
    }

    /// Waits until something holds; `limit` is far above what it takes.
    pub async fn until(&self, what: &str, limit: Duration, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + limit;
        while !holds(self) {
            let here = self.here();
            assert!(Instant::now() < end, "never: {what}; {here} are here");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

struct Member {
    user: String,
    requests: Vec<super::Connecting>,
    diary: Arc<Diary>,
    dice: Dice,
}

/// How a connection ended.
enum Gone {
    For(Duration),
    Lost,
}

impl Member {
    async fn live(mut self, mut said: mpsc::UnboundedReceiver<Json>) {
        let mut away = false;
        loop {
            for number in 0..self.requests.len() {
                if std::mem::take(&mut away) {
                    self.note(Happening::Came);
                }
                let Some(mut socket) = self.connect(number).await else {
                    continue;
                };
                let gone = self.listen(number, &mut socket, &mut said).await;
                // The next connection is made when this one is over for the server, too.
                drop(socket);
                away = true;
                match gone {
                    Gone::For(wait) => {
                        self.note(Happening::SentAway(wait));
                        sleep(wait).await;
                    }
                    Gone::Lost => self.note(Happening::Lost),
                }
                break;
            }
            if !away {
                sleep(Duration::from_millis(self.dice.within(AGAIN_MS))).await;
            }
        }
    }

    async fn connect(&self, number: usize) -> Option<WebSocketStream<TcpStream>> {
        let connecting = &self.requests[number];
        let stream = TcpStream::connect(connecting.address()).await.ok()?;
        let mut request = connecting.request();
        // A device of its own, that keeps its name.
        let uri = format!("ws://{}/ws?device=phone", connecting.address());
        *request.uri_mut() = uri.parse().expect("a url");
        let sizes = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0);
        let open = client_async_with_config(request, stream, Some(sizes)).await;
        open.ok().map(|(socket, _)| socket)
    }

    async fn listen(
        &mut self,
        number: usize,
        socket: &mut WebSocketStream<TcpStream>,
        said: &mut mpsc::UnboundedReceiver<Json>,
    ) -> Gone {
        let mut ready = false;
        let gone = loop {
            let message = tokio::select! {
                message = socket.next() => message,
                Some(command) = said.recv() => {
                    let _ = socket.send(Message::text(command.to_string())).await;
                    continue;
                }
            };
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    // What the library has to answer goes out.
                    let _ = socket.flush().await;
                    continue;
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => break Gone::Lost,
            };
            if let Some(wait) = self.hear(number, &text, socket, &mut ready).await {
                // The server's close, and ours in answer.
                while socket.next().await.is_some_and(|more| more.is_ok()) {}
                break Gone::For(wait);
            }
        };
        if ready {
            self.diary.here.fetch_sub(1, Ordering::Relaxed);
        }
        gone
    }

    /// Does what an app does. Returns for how long it was sent away.
    async fn hear(
        &self,
        number: usize,
        text: &str,
        socket: &mut WebSocketStream<TcpStream>,
        ready: &mut bool,
    ) -> Option<Duration> {
        if says_offline(text) {
            let place = text.find(r#""status":"offline""#).unwrap_or_default();
            let start: String = text
                .get(place.saturating_sub(40)..)
                .unwrap_or(text)
                .chars()
                .take(200)
                .collect();
            self.note(Happening::Offline(start));
        }
        // Most is for others, or about others: not worth parsing.
        let name = text.strip_prefix(r#"{"type":""#)?.split('"').next()?;
        let of_call = |event: &Json, name: &str| json!({"type": name, "callId": event["callId"]});
        let event = || -> Json { serde_json::from_str(text).expect("JSON") };
        let answer = match name {
            "ready" => {
                *ready = true;
                self.diary.here.fetch_add(1, Ordering::Relaxed);
                let address = self.requests[number].address();
                self.note(Happening::Ready(address));
                return None;
            }
            "closing" => {
                let wait = event()["retryAfterMs"].as_u64().expect("a number");
                return Some(Duration::from_millis(wait));
            }
            "incoming_call" => of_call(&event(), "call_accept"),
            "signaling_start" => of_call(&event(), "call_connected"),
            "call_connected" => {
                self.note(Happening::Talks);
                return None;
            }
            "call_end" => {
                let reason = event()["reason"].as_str().expect("a reason").to_owned();
                self.note(Happening::Ended(reason));
                return None;
            }
            _ => return None,
        };
        let _ = socket.send(Message::text(answer.to_string())).await;
        None
    }

    fn note(&self, what: Happening) {
        let note = Note {
            at: Instant::now(),
            user: self.user.clone(),
            what,
        };
        self.diary.notes.lock().expect("no panic").push(note);
    }
}

/// Whether an event says that somebody is offline: an otomo, by an update or in a snapshot; a friend, by an update.
fn says_offline(text: &str) -> bool {
    text.contains(r#""status":"offline""#)
}
