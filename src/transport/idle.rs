//! How long a connection of HTTP may do nothing.
//!
//! `actix-http` limits the time of a connection's first head, and the quiet before its next request. Two things it waits for
//! without an end, so that whoever has had one request answered could hold the connection for as long as they liked: the rest
//! of a further head once its first byte is there, and a client that does not read. A connection that does either for too long
//! is cut here. On HTTP/2, where answers share a connection, the library pings.
//!
//! That a client does not read is seen by what the dispatcher does not take: it has written all that it took when it asks for
//! more. What the kernel knows of it (`TCP_USER_TIMEOUT`) is of no use, because a client that goes on sending puts it off.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use actix_rt::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Version, header::CONTENT_TYPE},
    middleware::Next,
};
use bytes::Bytes;

use super::connection::SocketHandle;

/// The type of answers whose sessions watch their clients themselves, and say why they end.
const EVENT_STREAM: &str = "text/event-stream";

/// What a client takes at least of a large part of an answer, in bytes per second.
const LEAST_RATE: u64 = 8 * 1024;

/// How long a connection may do nothing.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Without a request, once it has had one.
    pub quiet: Duration,
    /// With an answer of which nothing more is taken.
    pub deaf: Duration,
}

/// What is known of the requests on a connection: kept with it, and gone with it.
pub(super) struct Requests(Rc<State>);

struct State {
    socket: SocketHandle,
    patience: Patience,
    doing: Cell<Doing>,
    /// Waits until it has been idle for too long, if anything does.
    watch: RefCell<Option<JoinHandle<()>>>,
}

/// What a connection does. Its requests are served one after another.
#[derive(Debug, Clone, Copy)]
enum Doing {
    /// Nothing: there is no request, or not all of its head.
    Nothing(Instant),
    /// We are to say something.
    Serving,
    /// The client is to take what there is, from then on: what is large may take longer.
    Answering(Instant),
}

impl Requests {
    pub(super) fn on(socket: SocketHandle, patience: Patience) -> Self {
        Self(Rc::new(State {
            socket,
            patience,
            doing: Cell::new(Doing::Nothing(Instant::now())),
            watch: RefCell::new(None),
        }))
    }

    fn serve(&self) -> Served {
        self.0.doing.set(Doing::Serving);
        Served(Rc::clone(&self.0))
    }
}

impl State {
    /// When it will have been idle for too long; `None` while it is not.
    fn due(&self) -> Option<Instant> {
        match self.doing.get() {
            Doing::Nothing(since) => Some(since + self.patience.quiet),
            Doing::Serving => None,
            Doing::Answering(since) => Some(since + self.patience.deaf),
        }
    }

    /// When to look whether it has been; `None` while it is not idle.
    fn next_look(&self) -> Option<Instant> {
        let Patience { quiet, deaf } = self.patience;
        let due = self.due()?;
        Some(due.min(Instant::now() + quiet.min(deaf)))
    }

    /// What it does now may take too long.
    fn waits(self: &Rc<Self>, doing: Doing) {
        self.doing.set(doing);
        let mut watch = self.watch.borrow_mut();
        if watch.as_ref().is_none_or(JoinHandle::is_finished) {
            *watch = Some(actix_rt::spawn(cut_when_due(Rc::downgrade(self))));
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
    }
}

/// Waits until the connection has been idle for too long, and cuts it; or until it is not idle. What begins meanwhile may be
/// due before what it waits for, though not before the shorter patience is over: so it looks again by then.
async fn cut_when_due(state: Weak<State>) {
    while let Some(look) = state.upgrade().and_then(|state| state.next_look()) {
        sleep_until(look).await;
        let Some(state) = state.upgrade() else { return };
        if state.due().is_some_and(|due| due <= Instant::now()) {
            log::debug!("idle connection cut cause={:?}", state.doing.get());
            return state.socket.cut();
        }
    }
}

/// A request that is being served, until its answer is written.
struct Served(Rc<State>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.waits(Doing::Nothing(Instant::now()));
    }
}

/// Notes of each request when it begins, and how its answer is taken.
pub async fn between_requests(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<Answer>, Error> {
    let alone = request.version() < Version::HTTP_2;
    let requests = request.conn_data::<Requests>().filter(|_| alone);
    let served = requests.map(Requests::serve);
    let response = next.call(request).await?;
    let kind = response.headers().get(CONTENT_TYPE);
    let watched = kind.is_none_or(|kind| kind != EVENT_STREAM);
    Ok(response.map_body(|_, body| Answer::new(body, served, watched)))
}

/// An answer, for as long as it is being written.
pub struct Answer {
    body: BoxBody,
    served: Option<Served>,
    /// Whether it is watched here that the client takes it.
    watched: bool,
}

impl Answer {
    fn new(body: BoxBody, served: Option<Served>, watched: bool) -> Self {
        let answer = Self {
            body,
            served,
            watched,
        };
        answer.is(Doing::Answering(Instant::now()));
        answer
    }

    fn is(&self, doing: Doing) {
        match (&self.served, doing) {
            (None, _) => {}
            (Some(Served(state)), Doing::Answering(_)) if self.watched => state.waits(doing),
            (Some(_), Doing::Answering(_)) => {}
            (Some(Served(state)), Doing::Nothing(_) | Doing::Serving) => state.doing.set(doing),
        }
    }
}

/// How long a part may be on its way to a slow client.
fn transfer(part: &Bytes) -> Duration {
    let bytes = u64::try_from(part.len()).unwrap_or(u64::MAX);
    Duration::from_secs(bytes / LEAST_RATE)
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        // It has been asked for: all that was given before is on its way.
        let next = Pin::new(&mut self.body).poll_next(task);
        self.is(match next {
            Poll::Pending => Doing::Serving,
            Poll::Ready(Some(Ok(ref part))) => Doing::Answering(Instant::now() + transfer(part)),
            Poll::Ready(_) => Doing::Answering(Instant::now()),
        });
        next
    }
}
