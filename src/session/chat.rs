//! Commands of the chat. Each is done to its end, also if the session ends meanwhile; the answer goes through delivery, so
//! that it comes after what it is about.

use std::future::Future;

use super::{Session, Stage, commands};
use crate::{
    chat::ChatFault,
    delivery::lines::To,
    kernel::{identity::Role, ids::UserId, logging::chain},
    protocol::{
        command::{MessageRead, MessageSend, RequestId, Typing},
        error_code::ErrorCode,
        event::{Event, MessageReadAck, MessageSendAck},
        fault::Fault,
        frame::Frame,
    },
};

impl Session {
    /// `message_send`
    pub(super) fn send_message(&mut self, send: MessageSend, request_id: Option<RequestId>) {
        let Some(sender) = self.talker(request_id.as_ref()) else {
            return;
        };
        let sent = match send.try_into() {
            Ok(draft) => self.env.chat.send(&sender, draft),
            Err(fault) => return self.refuse(&ChatFault::into(fault), request_id.as_ref()),
        };
        self.answer(request_id, async {
            let ack = MessageSendAck::from(sent.await?.message());
            Ok(Some(ack.into()))
        });
    }

    /// `message-read`
    pub(super) fn read_messages(&mut self, read: MessageRead, request_id: Option<RequestId>) {
        let Some(reader) = self.talker(request_id.as_ref()) else {
            return;
        };
        let conversation_id = read.conversation_id;
        let cursor = self
            .env
            .chat
            .read(&reader, conversation_id, read.message_seq);
        self.answer(request_id, async move {
            let ack = MessageReadAck {
                conversation_id,
                message_seq: cursor.await?,
            };
            Ok(Some(ack.into()))
        });
    }

    /// `typing-start`: answered only if it is refused.
    pub(super) fn start_typing(&mut self, typing: Typing, request_id: Option<RequestId>) {
        let Some(user) = self.talker(request_id.as_ref()) else {
            return;
        };
        let chat = self.env.chat.clone();
        let (session, id) = (self.id, typing.conversation_id);
        self.answer(request_id, async move {
            chat.start_typing(&user, Some(session), id).await?;
            Ok(None)
        });
    }

    /// `typing-stop`: never answered. Who was not writing has stopped already.
    pub(super) fn stop_typing(&mut self, typing: Typing, request_id: Option<&RequestId>) {
        if let Some(user) = self.talker(request_id) {
            self.env.chat.stop_typing(&user, typing.conversation_id);
        }
    }

    /// Who writes or reads, if they may right now; if not they are told.
    fn talker(&mut self, request_id: Option<&RequestId>) -> Option<UserId> {
        let Stage::Live(live) = &self.stage else {
            return None;
        };
        let client = live.line.client().clone();
        if client.role == Role::Service {
            let message = "messages are between people; a backend has none";
            self.refuse(&Fault::new(ErrorCode::Forbidden, message), request_id);
            return None;
        }
        if self.env.dispatch.congested() {
            self.refuse(&commands::busy(), request_id);
            return None;
        }
        Some(client.user)
    }

    fn answer(
        &self,
        request_id: Option<RequestId>,
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
            dispatch.tell(To::Session(at), Frame::answer(&answer, request_id.as_ref()));
        });
    }
}
