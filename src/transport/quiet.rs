//! The time between two requests of a connection.
//!
//! `actix-http` limits the time of a connection's first head, and the quiet before its next request; but from the first byte of
//! a further head on it waits without an end, so that whoever has had one request answered could hold the connection for as
//! long as they liked. So a connection on which no request is served for as long as both may take together is cut here. On
//! HTTP/2 there is no such head: there the library pings.

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
    http::Version,
    middleware::Next,
};
use bytes::Bytes;

use super::connection::SocketHandle;

/// What is known of the requests on a connection: kept with it, and gone with it.
pub(super) struct Requests(Rc<State>);

struct State {
    socket: SocketHandle,
    limit: Duration,
    /// Requests that are being served. More than one where they were sent one behind another.
    served: Cell<usize>,
    /// When the last of them was done with.
    quiet_since: Cell<Instant>,
    /// Waits for the limit, if anything does.
    watch: RefCell<Option<JoinHandle<()>>>,
}

impl Requests {
    pub(super) fn on(socket: SocketHandle, limit: Duration) -> Self {
        Self(Rc::new(State {
            socket,
            limit,
            served: Cell::new(0),
            quiet_since: Cell::new(Instant::now()),
            watch: RefCell::new(None),
        }))
    }

    fn serve(&self) -> Served {
        self.0.served.set(self.0.served.get() + 1);
        Served(Rc::clone(&self.0))
    }
}

/// A request that is being served, until its answer is written.
struct Served(Rc<State>);

impl Drop for Served {
    fn drop(&mut self) {
        let state = &self.0;
        state.served.set(state.served.get() - 1);
        state.quiet_since.set(Instant::now());
        let mut watch = state.watch.borrow_mut();
        if watch.as_ref().is_none_or(JoinHandle::is_finished) {
            *watch = Some(actix_rt::spawn(cut_if_quiet(Rc::downgrade(state))));
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

/// Waits until the connection has been quiet for its limit, and cuts it; or until a request is served again.
async fn cut_if_quiet(state: Weak<State>) {
    let until = |state: Rc<State>| state.quiet_since.get() + state.limit;
    while let Some(over) = state.upgrade().map(until) {
        sleep_until(over).await;
        let Some(state) = state.upgrade() else { return };
        if state.served.get() > 0 {
            return;
        }
        if state.quiet_since.get() + state.limit <= Instant::now() {
            log::debug!("connection cut cause=no further request in time");
            return state.socket.cut();
        }
    }
}

/// Notes of each request when it begins and when its answer is written.
pub async fn between_requests(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<Answer>, Error> {
    let alone = request.version() < Version::HTTP_2;
    let requests = request.conn_data::<Requests>().filter(|_| alone);
    let served = requests.map(Requests::serve);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, answer| Answer {
        answer,
        _served: served,
    }))
}

/// An answer, for as long as it is being written.
pub struct Answer {
    answer: BoxBody,
    _served: Option<Served>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(task)
    }
}
