//! Questions of the same kind that are asked at about the same time, answered by one read.
//!
//! A read costs two hops between threads and a transaction, which is more than most questions. So while one is under way
//! what is asked next gathers, as writes do before the committer, and the next read answers all of it. What the tasks of a
//! thread ask in one turn is answered together too. A read that was shared is followed by a short pause, in which more
//! gathers: an idle server answers at once, and a busy one joins more the busier it is.
//!
//! A read that fails says nothing of which question was at fault: each of its questions is then read alone.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::oneshot, task::yield_now, time::sleep};

use super::{Conn, Handle, StoreError};

/// The most questions of one read: a few milliseconds of work, so that the first does not wait long for the last.
const TOGETHER: usize = 256;

/// How long questions gather after a read that answered several.
const PAUSE: Duration = Duration::from_millis(1);

/// Answers questions, each in its place.
type Read<Q, A> = dyn Fn(&mut Conn, &[Q]) -> Result<Vec<A>, StoreError> + Send + Sync;

/// Where one answer is waited for.
type Answer<A> = oneshot::Sender<Result<A, StoreError>>;

/// The questions of one thread. Clones share them.
pub struct Gathered<Q, A>(Rc<Shared<Q, A>>);

struct Shared<Q, A> {
    store: Handle,
    read: Arc<Read<Q, A>>,
    waiting: RefCell<VecDeque<(Q, Answer<A>)>>,
    /// Whether a task reads, or is about to.
    reading: Cell<bool>,
}

impl<Q, A> Clone for Gathered<Q, A> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<Q: Clone + Send + Sync + 'static, A: Send + 'static> Gathered<Q, A> {
    /// `read` answers each question in its place, or none of them.
    pub fn new(
        store: Handle,
        read: impl Fn(&mut Conn, &[Q]) -> Result<Vec<A>, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self(Rc::new(Shared {
            store,
            read: Arc::new(read),
            waiting: RefCell::default(),
            reading: Cell::new(false),
        }))
    }

    /// Asks, at the call. The answer is of that moment or a later one. Must be called on an arbiter.
    ///
    /// # Errors
    /// Those of [`Handle::read`].
    pub fn ask(&self, question: Q) -> impl Future<Output = Result<A, StoreError>> + use<Q, A> {
        let (answer, answered) = oneshot::channel();
        self.0.waiting.borrow_mut().push_back((question, answer));
        if !self.0.reading.replace(true) {
            actix_rt::spawn(Rc::clone(&self.0).read_all());
        }
        async move {
            answered
                .await
                .unwrap_or_else(|_gone| Err(StoreError::unavailable("the runtime is stopping")))
        }
    }
}

impl<Q: Clone + Send + Sync + 'static, A: Send + 'static> Shared<Q, A> {
    /// Reads until nothing waits.
    async fn read_all(self: Rc<Self>) {
        loop {
            // Others whose turn it is may ask too.
            yield_now().await;
            let (questions, waiting) = self.next();
            if waiting.is_empty() {
                break self.reading.set(false);
            }
            let several = questions.len() > 1;
            match self.read(Arc::clone(&questions)).await {
                Ok(answers) => {
                    for (answer, waiting) in answers.into_iter().zip(waiting) {
                        // Who no longer waits has gone.
                        let _ = waiting.send(Ok(answer));
                    }
                }
                Err(fault) => self.read_alone(&questions, waiting, fault).await,
            }
            if several {
                sleep(PAUSE).await;
            }
        }
    }

    fn next(&self) -> (Arc<[Q]>, Vec<Answer<A>>) {
        let mut waiting = self.waiting.borrow_mut();
        let count = waiting.len().min(TOGETHER);
        let (questions, answers): (Vec<Q>, _) = waiting.drain(..count).unzip();
        (questions.into(), answers)
    }

    async fn read(&self, questions: Arc<[Q]>) -> Result<Vec<A>, StoreError> {
        let read = Arc::clone(&self.read);
        let answers = self.store.read(move |conn| {
            let answers = read(conn, &questions)?;
            debug_assert_eq!(
                answers.len(),
                questions.len(),
                "each question has its answer"
            );
            Ok::<_, StoreError>(answers)
        });
        answers.await
    }

    /// Reads each question alone after they could not be read together. A single one has been alone.
    async fn read_alone(&self, questions: &[Q], waiting: Vec<Answer<A>>, fault: StoreError) {
        let several = waiting.len() > 1;
        for (question, waiting) in questions.iter().zip(waiting) {
            let answer = match several {
                true => self.read(Arc::new([question.clone()])).await,
                false => Err(fault.clone()),
            };
            let answer = answer.and_then(|answers| answers.into_iter().next().ok_or(fault.clone()));
            let _ = waiting.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        kernel::{
            config::{DatabaseConfig, DatabaseUrl},
            time::Clock,
        },
        store::migrations::migrate,
    };

    fn store() -> (Handle, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseConfig {
            url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
            pool_size: 1,
            queue: 1,
            statement_timeout: Duration::from_secs(5),
        };
        migrate(&config.url).unwrap();
        let store = Handle::open(&config, Clock::system(), Arc::default()).unwrap();
        (store, folder)
    }

    #[actix_rt::test]
    async fn what_is_asked_in_one_turn_is_read_together_and_each_gets_its_own_answer() {
        let (store, _folder) = store();
        let reads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&reads);
        let doubled = Gathered::new(store, move |_, numbers: &[u32]| {
            seen.lock().unwrap().push(numbers.len());
            Ok(numbers.iter().map(|number| number * 2).collect())
        });
        let asked: Vec<_> = (0..300).map(|number| doubled.ask(number)).collect();
        for (number, answer) in (0..).zip(asked) {
            assert_eq!(answer.await.unwrap(), number * 2);
        }
        assert_eq!(*reads.lock().unwrap(), [256, 44]);
        assert_eq!(doubled.ask(7).await.unwrap(), 14);
    }

    #[actix_rt::test]
    async fn a_question_that_cannot_be_answered_spoils_no_other() {
        let (store, _folder) = store();
        let picky = Gathered::new(store, |_, numbers: &[u32]| match numbers.contains(&13) {
            true => Err(StoreError::corrupt("thirteen")),
            false => Ok(numbers.to_vec()),
        });
        let asked: Vec<_> = [12, 13, 14].map(|number| picky.ask(number)).into();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await.ok());
        }
        assert_eq!(answers, [Some(12), None, Some(14)]);
        assert!(picky.ask(13).await.is_err());
    }
}
