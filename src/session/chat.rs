//! The commands of the chat. Each runs to its end even if the session ends meanwhile. Answers go through delivery, so that an
//! acknowledgement comes after the event it acknowledges.

use std::future::Future;

use super::{Session, Stage, commands};
use crate::{
    chat::ChatFault,
    delivery::{lines::To, reply::Reply},
    kernel::logging::chain,
    protocol::{
        command::{MessageRead, MessageSend, Typing},
        event::{Event, MessageReadAck, MessageSendAck},
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
        self.answer_when(reply, async {
            let ack = MessageSendAck::from(sent.await?.message());
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
        self.answer_when(reply, async move {
            let ack = MessageReadAck {
                conversation_id,
                message_seq: cursor.await?,
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
            chat.start_typing(&user, Some(session), id).await?;
            Ok(None)
        });
    }

    /// `typing-stop`: never answered. Stopping twice is harmless.
    pub(super) fn stop_typing(&mut self, typing: Typing, reply: &Reply) {
        if let Some(user) = self.person(reply) {
            self.env.chat.stop_typing(&user, typing.conversation_id);
        }
    }

    /// Answers with the outcome once it is known; `None` is no answer.
    fn answer_when(
        &self,
        reply: Reply,
        done: impl Future<Output = Result<Option<Event>, ChatFault>> + 'static,
    ) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let (at, dispatch, store) = (live.at, self.env.dispatch.clone(), self.env.store.clone());
        actix_rt::spawn(async move {
            let answer = match done.await {
                Ok(Some(answer)) => answer,
                Ok(None) => return,
                Err(fault) => {
                    if let ChatFault::Store(error) = &fault {
                        log::error!(
                            "chat command failed session={} cause={}",
                            at.session,
                            chain(error)
                        );
                    }
                    commands::error(&fault.into(), store.now()).into()
                }
            };
            reply.send(&answer, |frame| dispatch.tell(To::Session(at), frame));
        });
    }
}
