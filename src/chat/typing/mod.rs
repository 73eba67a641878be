//! Typing: announced to the other members while it lasts, and ended by the server where the client does not.
//!
//! One timer for everybody and a table behind a lock instead of an actor, for the same reasons as in
//! [`delivery::connectedness`](crate::delivery::connectedness).

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod others;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_rt::time::{Instant, sleep_until};
use tokio::sync::Notify;

use self::others::{Others, Word};
use super::{
    fault::ChatFault,
    records,
    rules::typing::{Audience, Pace, Started, Stopped, TYPING_MEMBERS_MAX, Table, Typist},
};
use crate::{
    backplane::{Listener, Message, News, Subject},
    delivery::{dispatch::Dispatch, line::Client, lines::To},
    kernel::{
        config::ChatConfig,
        ids::{ConversationId, SessionId, UserId},
        time::millis,
    },
    protocol::{
        event::{Event, TypingStart, TypingStop},
        frame::Frame,
    },
    store::{Handle, StoreError},
};

/// Who is typing. Clones share it.
#[derive(Clone)]
pub(super) struct Typing(Arc<Shared>);

struct Shared {
    store: Handle,
    dispatch: Dispatch,
    others: Others,
    pace: Pace,
    /// The moment from which the table counts.
    start: Instant,
    table: Mutex<Table>,
    /// Wakes the timer when the next end has changed.
    sooner: Notify,
}

impl Typing {
    pub(super) fn new(store: Handle, dispatch: Dispatch, config: &ChatConfig) -> Self {
        Self(Arc::new(Shared {
            store,
            others: Others::new(dispatch.backplane().clone()),
            dispatch,
            pace: Pace {
                expire: config.typing_expire,
                resend: config.typing_resend,
            },
            start: Instant::now(),
            table: Mutex::default(),
            sooner: Notify::new(),
        }))
    }

    /// A user types, or types on.
    pub(super) async fn start(
        &self,
        user: &UserId,
        session: Option<SessionId>,
        conversation: ConversationId,
    ) -> Result<(), ChatFault> {
        let typist = (user.clone(), conversation);
        let number = match self.note(&typist, session) {
            Started::Known => return Ok(()),
            Started::Announce(number) => number,
        };
        let read = move |conn: &mut _| records::members(conn, conversation);
        let members: Result<Vec<UserId>, StoreError> = self.0.store.read(read).await;
        let members = members.inspect_err(|_| drop(self.table().stop(&typist)))?;
        if !members.contains(user) {
            self.table().stop(&typist);
            return Err(ChatFault::ConversationNotFound);
        }
        // In a large group somebody is always typing.
        if members.len() > TYPING_MEMBERS_MAX {
            return Ok(());
        }
        let others: Audience = members.into_iter().filter(|it| it != user).collect();
        let mut table = self.table();
        if table.announce(&typist, number, &others).is_some() {
            let started = TypingStart {
                conversation_id: conversation,
                user_id: user.clone(),
                expires_in_ms: millis(self.0.pace.expire),
            };
            // Under the lock, so that nobody is told of the end before the start.
            self.tell(&others, &started.into());
        }
        Ok(())
    }

    /// A user has stopped typing: they say so, or have sent the message.
    pub(super) fn stop(&self, user: &UserId, conversation: ConversationId) {
        self.stopped(user, conversation);
        // On another of their devices, perhaps.
        self.0.others.stopped(user, conversation);
    }

    /// Where a user is typing as far as `viewer` was told, the latest of each node first.
    pub(super) async fn seen_by(&self, viewer: &UserId, of: &UserId) -> Vec<ConversationId> {
        let mut seen = self.table().seen_by(viewer, of);
        seen.extend(self.0.others.ask(viewer, of).await);
        seen
    }

    /// A connection is over.
    pub(super) fn disconnected(&self, client: &Client) {
        let mut table = self.table();
        let stopped = table.disconnect(&client.user, client.session);
        self.tell_stopped(stopped);
    }

    /// Ends what is over and hears the other nodes, for as long as it is polled: by one task of the server.
    pub(super) async fn keep(&self) -> Infallible {
        let news = self.0.dispatch.backplane().listen(Subject::Typing);
        tokio::select! {
            biased;
            never = self.expire() => never,
            never = self.hear(news) => never,
        }
    }

    async fn hear(&self, mut news: Listener) -> Infallible {
        loop {
            match news.next().await {
                News::Message(message) if self.0.dispatch.is_current() => self.heard(message),
                // It is over in seconds.
                News::Message(_) | News::Gap => {}
            }
        }
    }

    fn heard(&self, message: Message) {
        match Word::decode(&message.body) {
            Some(Word::Stopped { user, conversation }) => self.stopped(&user, conversation),
            Some(Word::Asked {
                question,
                viewer,
                user,
            }) => {
                let seen = self.table().seen_by(&viewer, &user);
                self.0.others.answer(message.from, question, seen);
            }
            Some(Word::Answered {
                question,
                conversations,
            }) => self.0.others.answered(question, conversations),
            None => {}
        }
    }

    fn stopped(&self, user: &UserId, conversation: ConversationId) {
        let mut table = self.table();
        let stopped = table.stop(&(user.clone(), conversation));
        self.tell_stopped(stopped);
    }

    async fn expire(&self) -> Infallible {
        loop {
            let end = self.table().next_end();
            let sooner = self.0.sooner.notified();
            match end {
                None => sooner.await,
                Some(end) => tokio::select! {
                    biased;
                    () = sleep_until(self.0.start + end) => {
                        let now = self.now();
                        let mut table = self.table();
                        let stopped = table.expire(now);
                        self.tell_stopped(stopped);
                    }
                    () = sooner => {}
                },
            }
        }
    }

    fn note(&self, typist: &Typist, session: Option<SessionId>) -> Started {
        let now = self.now();
        let mut table = self.table();
        let before = table.next_end();
        let started = table.start(typist, session, now, self.0.pace);
        if table.next_end() != before {
            self.0.sooner.notify_one();
        }
        started
    }

    fn tell_stopped(&self, stopped: impl IntoIterator<Item = Stopped>) {
        for ((user_id, conversation_id), audience) in stopped {
            let over = TypingStop {
                conversation_id,
                user_id,
            };
            self.tell(&audience, &over.into());
        }
    }

    fn tell(&self, audience: &Audience, event: &Event) {
        let frame = Frame::new(event);
        for member in audience.iter() {
            let to = To::User(member.clone());
            self.0.dispatch.tell(to, frame.clone());
        }
    }

    fn now(&self) -> Duration {
        self.0.start.elapsed()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic leaves at worst an entry that expires by itself.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
