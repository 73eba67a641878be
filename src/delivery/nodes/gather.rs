//! Answers of other nodes that somebody waits for.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;
use tokio::{sync::mpsc, time::timeout};

use super::letter::Answer;

/// How long answers are waited for. They come within a millisecond or two; a node that does not answer is frozen or gone.
const PATIENCE: Duration = Duration::from_secs(1);

/// Those who wait, by the number of what they asked.
#[derive(Default)]
pub(super) struct Gatherings {
    waiting: Arc<DashMap<u64, mpsc::UnboundedSender<Answer>>>,
    last: AtomicU64,
}

/// Somebody who waits. Dropped, they wait no more.
pub(super) struct Gathering {
    number: u64,
    answers: mpsc::UnboundedReceiver<Answer>,
    waiting: Arc<DashMap<u64, mpsc::UnboundedSender<Answer>>>,
}

impl Gatherings {
    pub(super) fn begin(&self) -> Gathering {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let (answer, answers) = mpsc::unbounded_channel();
        self.waiting.insert(number, answer);
        Gathering {
            number,
            answers,
            waiting: Arc::clone(&self.waiting),
        }
    }

    /// A node has answered.
    pub(super) fn answered(&self, number: u64, answer: Answer) {
        if let Some(waiting) = self.waiting.get(&number) {
            // Fails if nobody waits any more.
            let _ = waiting.send(answer);
        }
    }
}

impl Gathering {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The answers of so many others as `told` says, and of this node itself if it is `own`.
    pub(super) async fn answers(
        mut self,
        told: impl Future<Output = usize> + Send,
        own: usize,
    ) -> Vec<Answer> {
        let mut answers = Vec::new();
        let all = async {
            let expected = told.await + own;
            while answers.len() < expected {
                let Some(answer) = self.answers.recv().await else {
                    return;
                };
                answers.push(answer);
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            log::debug!("not every node has answered answers={}", answers.len());
        }
        answers
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        self.waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_are_waited_for_as_many_as_were_told() {
        let gatherings = Gatherings::default();
        let gathering = gatherings.begin();
        let number = gathering.number();
        gatherings.answered(number, Answer::Count(2));
        gatherings.answered(number, Answer::Count(3));
        gatherings.answered(number + 1, Answer::Count(9));
        let answers = gathering.answers(async { 1 }, 1).await;
        assert_eq!(answers, [Answer::Count(2), Answer::Count(3)]);
        assert!(gatherings.waiting.is_empty());
        // Too late, and harmless.
        gatherings.answered(number, Answer::Count(4));
    }

    #[tokio::test]
    async fn a_node_that_does_not_answer_is_waited_for_a_second() {
        let gatherings = Gatherings::default();
        let gathering = gatherings.begin();
        gatherings.answered(gathering.number(), Answer::Count(2));
        let began = tokio::time::Instant::now();
        assert_eq!(gathering.answers(async { 2 }, 0).await, [Answer::Count(2)]);
        assert!(began.elapsed() >= PATIENCE);
    }
}
