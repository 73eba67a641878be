//! The app's backend: says things to its users over the server's API, on some connections, each in a thread of its own.

use std::{
    collections::VecDeque,
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
    lanes: Vec<Lane>,
    answers: Receiver<Result<Answer, BenchFault>>,
}

/// A connection with the thread that uses it.
struct Lane {
    jobs: Sender<Job>,
    /// When each request was due that has not been answered, in their order.
    unanswered: VecDeque<Instant>,
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
    lane: usize,
}

impl Backend {
    /// Opens so many connections.
    pub(crate) fn connect(target: &Target, lanes: usize) -> Result<Self, BenchFault> {
        let (answered, answers) = channel();
        let token = target.token(user("backend", 0)?, Role::Service)?;
        let lanes = (0..lanes).map(|lane| {
            let session = Session::open(target.endpoint(), token.clone())?;
            let (sender, jobs) = channel();
            let answered = answered.clone();
            // Ends when the backend is dropped: its lane has no more jobs then.
            thread::spawn(move || work(lane, session, &jobs, &answered));
            Ok(Lane {
                jobs: sender,
                unanswered: VecDeque::new(),
            })
        });
        Ok(Self {
            lanes: lanes.collect::<Result<_, BenchFault>>()?,
            answers,
        })
    }

    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Posts events that were due then. Those of one lane go one after another.
    pub(crate) fn post(&mut self, lane: usize, due: Instant, body: String, events: u64) {
        let job = Job { due, body, events };
        if let Some(lane) = self.lanes.get_mut(lane)
            && lane.jobs.send(job).is_ok()
        {
            lane.unanswered.push_back(due);
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
        let answer = answer?;
        if let Some(lane) = self.lanes.get_mut(answer.lane) {
            lane.unanswered.pop_front();
        }
        Ok(Some(answer))
    }

    /// Requests that have not been answered.
    pub(crate) fn waiting(&self) -> usize {
        self.lanes.iter().map(|lane| lane.unanswered.len()).sum()
    }

    /// When each of them was due.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = Instant> {
        self.lanes
            .iter()
            .flat_map(|lane| lane.unanswered.iter().copied())
    }
}

fn work(
    lane: usize,
    mut session: Session,
    jobs: &Receiver<Job>,
    answered: &Sender<Result<Answer, BenchFault>>,
) {
    for Job { due, body, events } in jobs {
        let posted = session.post(EVENTS, &body);
        let took = due.elapsed();
        let answer = posted.map(|()| Answer { took, events, lane });
        if answered.send(answer).is_err() {
            return;
        }
    }
}
