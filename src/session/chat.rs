//! The commands of the chat. Each runs to its end even if the session ends meanwhile. Answers go through delivery, so that an
//! acknowledgement comes after the event it acknowledges.

use std::{cell::RefCell, time::Instant};

use super::Session;
use crate::{
    chat::ChatFault,
    delivery::reply::Reply,
    kernel::{ids::SessionId, logging::chain, now_and_then::NowAndThen},
    protocol::{
        command::{MessageRead, MessageSend, Typing},
        event::{MessageReadAck, MessageSendAck},
        fault::Fault,
    },
};

impl Session {
    /// `message_send`
    pub(super) fn send_message(&mut self, send: MessageSend, reply: Reply) {
        let Some(sender) = self.person(&reply) else {
            return;
        };
        let sent = match send.try_into() {
            Ok(draft) => self.env.chat.send(&sender, draft),
            Err(fault) => return self.refuse(&ChatFault::into(fault), &reply),
        };
        let session = self.id;
        self.answer_when(reply, async move {
            let sent = sent.await.map_err(|fault| told(fault, session))?;
            let ack = MessageSendAck::from(sent.message());
            Ok(Some(ack.into()))
        });
    }

    /// `message-read`
    pub(super) fn read_messages(&mut self, read: MessageRead, reply: Reply) {
        let Some(reader) = self.person(&reply) else {
            return;
        };
        let conversation_id = read.conversation_id;
        let cursor = self
            .env
            .chat
            .read(&reader, conversation_id, read.message_seq);
        let session = self.id;
        self.answer_when(reply, async move {
            let ack = MessageReadAck {
                conversation_id,
                message_seq: cursor.await.map_err(|fault| told(fault, session))?,
            };
            Ok(Some(ack.into()))
        });
    }

    /// `typing-start`: answered only when it is refused.
    pub(super) fn start_typing(&mut self, typing: Typing, reply: Reply) {
        let Some(user) = self.person(&reply) else {
            return;
        };
        let chat = self.env.chat.clone();
        let (session, id) = (self.id, typing.conversation_id);
        self.answer_when(reply, async move {
            let typing = chat.start_typing(&user, Some(session), id).await;
            typing.map_err(|fault| told(fault, session))?;
            Ok(None)
        });
    }

    /// `typing-stop`: never answered. Stopping twice is harmless.
    pub(super) fn stop_typing(&mut self, typing: Typing, reply: &Reply) {
        if let Some(user) = self.person(reply) {
            self.env.chat.stop_typing(&user, typing.conversation_id);
        }
    }
}

thread_local! {
    /// Commands that the store failed, of all sessions of this worker.
    static FAILURES: RefCell<NowAndThen> = RefCell::default();
}

/// The same for the one who asked. What is not their fault is logged: now and then, since it is the same for everybody.
fn told(fault: ChatFault, session: SessionId) -> Fault {
    if let ChatFault::Store(error) = &fault
        && let Some(failures) = FAILURES.with_borrow_mut(|failures| failures.count(Instant::now()))
    {
        log::error!(
            "chat command failed failures={failures} session={session} cause={}",
            chain(error)
        );
    }
    fault.into()
}
