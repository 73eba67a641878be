//! The app's backend: says things to its users over the server's API, on some connections, each in a thread of its own.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use super::{Target, http::Session};
use crate::{
    cli::bench::{fault::BenchFault, user},
    kernel::identity::Role,
};

/// Where events are posted to.
const EVENTS: &str = "/api/server/events";

/// The connections of a backend.
pub(crate) struct Backend {
    lanes: Vec<Sender<Job>>,
    answers: Receiver<Result<Answer, BenchFault>>,
    waiting: usize,
}

/// A request that is to be made.
struct Job {
    due: Instant,
    body: String,
    events: u64,
}

/// The server has taken a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// Since it was due.
    pub(crate) took: Duration,
    /// How many events were in it.
    pub(crate) events: u64,
}

impl Backend {
    /// Opens so many connections.
    pub(crate) fn connect(target: &Target, lanes: usize) -> Result<Self, BenchFault> {
        let (answered, answers) = channel();
        let token = target.token(user("backend", 0)?, Role::Service)?;
        let lanes = (0..lanes).map(|_| {
            let session = Session::open(target.endpoint(), token.clone())?;
            let (lane, jobs) = channel();
            let answered = answered.clone();
            // Ends when the backend is dropped: its lane has no more jobs then.
            thread::spawn(move || work(session, &jobs, &answered));
            Ok(lane)
        });
        Ok(Self {
            lanes: lanes.collect::<Result<_, BenchFault>>()?,
            answers,
            waiting: 0,
        })
    }

    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Posts events that were due then. Those of one lane go one after another.
    pub(crate) fn post(&mut self, lane: usize, due: Instant, body: String, events: u64) {
        let job = Job { due, body, events };
        if let Some(lane) = self.lanes.get(lane)
            && lane.send(job).is_ok()
        {
            self.waiting += 1;
        }
    }

    /// The next request that the server has taken meanwhile.
    ///
    /// # Errors
    /// If one was refused.
    pub(crate) fn answer(&mut self) -> Result<Option<Answer>, BenchFault> {
        let Ok(answer) = self.answers.try_recv() else {
            return Ok(None);
        };
        self.waiting -= 1;
        answer.map(Some)
    }

    /// Requests that have not been answered.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }
}

fn work(mut session: Session, jobs: &Receiver<Job>, answered: &Sender<Result<Answer, BenchFault>>) {
    for Job { due, body, events } in jobs {
        let posted = session.post(EVENTS, &body);
        let took = due.elapsed();
        if answered
            .send(posted.map(|()| Answer { took, events }))
            .is_err()
        {
            return;
        }
    }
}
