//! Answers to commands that take a while.

use std::future::Future;

use super::{Session, Stage};
use crate::{
    delivery::{lines::To, reply::Reply},
    protocol::{
        event::{Error, Event},
        fault::Fault,
    },
};

impl Session {
    /// Answers with the outcome once it is known; `None` is no answer. What is to be done is done even if the session ends
    /// meanwhile. The answer goes through delivery, so that it comes after the events that it is the answer to.
    pub(super) fn answer_when(
        &self,
        reply: Reply,
        done: impl Future<Output = Result<Option<Event>, Fault>> + 'static,
    ) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let (at, dispatch, store) = (live.at, self.env.dispatch.clone(), self.env.store.clone());
        actix_rt::spawn(async move {
            let answer = match done.await {
                Ok(Some(answer)) => answer,
                Ok(None) => return,
                Err(fault) => Error::new(&fault, store.now()).into(),
            };
            reply.send(&answer, |frame| dispatch.tell(To::Session(at), frame));
        });
    }
}
