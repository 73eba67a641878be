//! Questions of the same kind that are asked at about the same time, answered by one read.
//!
//! A read costs two hops between threads and a transaction, which is more than most questions. So while one is under way
//! what is asked next gathers, as writes do before the committer, and the next read answers all of it. What the tasks of a
//! thread ask in one turn is answered together too. A read that was shared is followed by a short pause, in which more
//! gathers: an idle server answers at once, and a busy one joins more the busier it is.
//!
//! ```text
//!   ask ──> together ──(those that fit)──> answered        left out, though it was the first of its read ──> alone
//!              ^              └─ left out: asked again, behind those who wait
//!              └───────────────────────┘
//! ```
//! Beside what is read together goes what is read alone, one after the other: what is long, which nothing short waits for.
//! A read that failed says nothing of which question was at fault, so each half is read again, until it is known. Unless it
//! was the surroundings: who waits while the store is away, or overloaded, is told so at once, for the next read would find
//! the same.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    iter,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, task::yield_now, time::sleep};

use super::{Conn, Handle, StoreError};

/// The most questions of one read, so that the first does not wait long for the last.
const QUESTIONS_MAX: usize = 256;

/// How long questions gather after a read that answered several.
const PAUSE: Duration = Duration::from_millis(1);

/// The most questions of one thread that wait: some tenths of a second of reads. Whoever comes then does better to come back.
const WAITING_MAX: usize = 64 * QUESTIONS_MAX;

/// Which of its questions a read must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Those that take some 20 milliseconds together, among them the first unless it alone takes longer: the others wait for
    /// another read.
    Fitting,
    /// All: there is one, and it is read alone.
    All,
}

/// Answers questions, each in its place, with `None` for one that is left out.
type Read<Q, A> =
    dyn Fn(&mut Conn, &[Q], Share) -> Result<Vec<Option<A>>, StoreError> + Send + Sync;

/// Where one answer is waited for.
type Answer<A> = oneshot::Sender<Result<A, StoreError>>;

/// The questions of one thread. Clones share them.
pub struct Gathered<Q, A>(Rc<Shared<Q, A>>);

struct Shared<Q, A> {
    store: Handle,
    read: Arc<Read<Q, A>>,
    together: Lane<Q, A>,
    alone: Lane<Q, A>,
}

/// What waits for the same reads, one of which is under way at a time.
struct Lane<Q, A> {
    waiting: RefCell<VecDeque<(Q, Answer<A>)>>,
    /// Whether a task reads, or is about to.
    reading: Cell<bool>,
    share: Share,
}

impl<Q, A> Clone for Gathered<Q, A> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<Q: Clone + Send + Sync + 'static, A: Send + 'static> Gathered<Q, A> {
    /// `read` answers each question in its place, or none of them. [`Share`] says which it may leave out.
    pub fn new(
        store: Handle,
        read: impl Fn(&mut Conn, &[Q], Share) -> Result<Vec<Option<A>>, StoreError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Rc::new(Shared {
            store,
            read: Arc::new(read),
            together: Lane::new(Share::Fitting),
            alone: Lane::new(Share::All),
        }))
    }

    /// Asks, at the call. The answer is of that moment or a later one. Whoever drops the future is not read for any more.
    /// Must be called on an arbiter.
    ///
    /// # Errors
    /// Those of [`Handle::read`]; [`StoreError::Overloaded`] if too many questions wait.
    pub fn ask(&self, question: Q) -> impl Future<Output = Result<A, StoreError>> + use<Q, A> {
        let (answer, answered) = oneshot::channel();
        if self.0.waiting() < WAITING_MAX {
            self.0.put(|shared| &shared.together, (question, answer));
        } else {
            let _ = answer.send(Err(StoreError::Overloaded(
                "too many questions are waiting",
            )));
        }
        async move {
            answered
                .await
                .unwrap_or_else(|_gone| Err(StoreError::unavailable("the runtime is stopping")))
        }
    }
}

impl<Q, A> Lane<Q, A> {
    fn new(share: Share) -> Self {
        Self {
            waiting: RefCell::default(),
            reading: Cell::new(false),
            share,
        }
    }

    /// What is read next: nothing of those who have gone.
    fn next(&self) -> (Arc<[Q]>, Vec<Answer<A>>) {
        let mut waiting = self.waiting.borrow_mut();
        let most = match self.share {
            Share::Fitting => QUESTIONS_MAX,
            Share::All => 1,
        };
        let waits = iter::from_fn(|| waiting.pop_front()).filter(|(_, to)| !to.is_closed());
        let (questions, answers): (Vec<Q>, _) = waits.take(most).unzip();
        (questions.into(), answers)
    }

    /// Tells a fault to all who wait for the next reads.
    fn refuse_all(&self, fault: &StoreError) {
        let waiting = self.waiting.take();
        refuse(waiting.into_iter().map(|(_, to)| to), fault);
    }
}

fn refuse<A>(these: impl IntoIterator<Item = Answer<A>>, fault: &StoreError) {
    for to in these {
        // Who no longer waits has gone.
        let _ = to.send(Err(fault.clone()));
    }
}

impl<Q, A> Shared<Q, A> {
    /// How many questions wait in both lanes.
    fn waiting(&self) -> usize {
        self.together.waiting.borrow().len() + self.alone.waiting.borrow().len()
    }
}

impl<Q: Clone + Send + Sync + 'static, A: Send + 'static> Shared<Q, A> {
    /// Has a question read, and whatever else comes into its lane until nothing waits there.
    fn put(self: &Rc<Self>, lane: fn(&Self) -> &Lane<Q, A>, asked: (Q, Answer<A>)) {
        lane(self).waiting.borrow_mut().push_back(asked);
        if !lane(self).reading.replace(true) {
            let shared = Rc::clone(self);
            actix_rt::spawn(async move { shared.read_all(lane(&shared)).await });
        }
    }

    async fn read_all(self: &Rc<Self>, lane: &Lane<Q, A>) {
        loop {
            // Others whose turn it is may ask too.
            yield_now().await;
            let (questions, waiting) = lane.next();
            if waiting.is_empty() {
                lane.reading.set(false);
                return;
            }
            let several = waiting.len() > 1;
            self.read_these(lane, questions, waiting).await;
            if several {
                sleep(PAUSE).await;
            }
        }
    }

    /// Answers these, by one read if nothing is wrong.
    async fn read_these(
        self: &Rc<Self>,
        lane: &Lane<Q, A>,
        questions: Arc<[Q]>,
        waiting: Vec<Answer<A>>,
    ) {
        let mut parts = vec![(questions, waiting)];
        while let Some((questions, mut waiting)) = parts.pop() {
            match self.read(Arc::clone(&questions), lane.share).await {
                Ok(answers) => self.answer(&questions, waiting, answers),
                Err(fault) if fault.is_outage() => {
                    parts.push((questions, waiting));
                    parts
                        .into_iter()
                        .for_each(|(_, these)| refuse(these, &fault));
                    return lane.refuse_all(&fault);
                }
                Err(fault) if waiting.len() == 1 => refuse(waiting, &fault),
                Err(_) => {
                    let (first, second) = questions.split_at(questions.len() / 2);
                    let behind = waiting.split_off(first.len());
                    // The first half is next.
                    parts.push((second.into(), behind));
                    parts.push((first.into(), waiting));
                }
            }
        }
    }

    fn read_alone(self: &Rc<Self>, asked: (Q, Answer<A>)) {
        self.put(|shared| &shared.alone, asked);
    }

    async fn read(&self, questions: Arc<[Q]>, share: Share) -> Result<Vec<Option<A>>, StoreError> {
        let read = Arc::clone(&self.read);
        let answers = self.store.read(move |conn| {
            let answers = read(conn, &questions, share)?;
            // An answer in another's place would be told to the wrong one. Nobody is told anything then but that.
            let each_in_its_place = answers.len() == questions.len()
                && (share == Share::Fitting || answers.iter().all(Option::is_some));
            assert!(each_in_its_place, "each question has its answer");
            Ok::<_, StoreError>(answers)
        });
        answers.await
    }

    /// Hands out the answers of one read. What was left out is asked again behind those who wait, each of whom may be faster
    /// read; if it was the first, nothing was in its way but its own length.
    fn answer(self: &Rc<Self>, questions: &[Q], waiting: Vec<Answer<A>>, answers: Vec<Option<A>>) {
        let answered = questions.iter().zip(waiting).zip(answers);
        for (place, ((question, to), answer)) in answered.enumerate() {
            match (place, answer) {
                // Who no longer waits has gone.
                (_, Some(answer)) => drop(to.send(Ok(answer))),
                (0, None) => self.read_alone((question.clone(), to)),
                (_, None) => {
                    let mut waiting = self.together.waiting.borrow_mut();
                    waiting.push_back((question.clone(), to));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
