//! From a message to the room that answers it.

use std::time::Duration;

use actix::{ActorFutureExt, WrapFuture};
use actix_rt::time::Instant;

use super::{Session, SessionContext, Stage, rate_limits::FaultBudget};
use crate::{
    calls::{Asker, ClientCommand},
    delivery::{
        line::Accepted,
        lines::To,
        reply::{AnswerTo, PostedCommand, Reply, Unacknowledged},
    },
    kernel::{identity::Role, ids::UserId, iso::Iso, time::Timestamp, token::TokenFault},
    presence::rules::Chooser,
    protocol::{
        close_code::CloseCode,
        command::{self, Command, IceCandidate, OtomoStatusSet, TokenRefresh},
        error_code::ErrorCode,
        event::{Error, Event, HeartbeatAck, OtomoStatusSetAck, Pong, TokenRefreshAck},
        fault::Fault,
    },
};

impl Session {
    /// A whole message came. Bad ones are answered and change nothing; too many close the connection.
    pub fn receive(&mut self, json: &[u8], ctx: &mut SessionContext) {
        self.take_heard(json, AnswerTo::Session, ctx);
    }

    /// The same of a message that is to be acknowledged: `number` is what the client calls it.
    pub fn receive_acknowledged(&mut self, json: &[u8], number: u64, ctx: &mut SessionContext) {
        // Before and after that nothing is done, and nothing is waited for.
        let to = match &self.stage {
            Stage::Live(live) => {
                let dispatch = self.env.dispatch.clone();
                AnswerTo::Acknowledgement(Unacknowledged::new(number, live.at, dispatch))
            }
            Stage::Unauthenticated(_) | Stage::Loading(_) | Stage::Closing => AnswerTo::Session,
        };
        self.take_heard(json, to, ctx);
    }

    /// A command that was posted: its answer goes to the request that waits for it.
    pub(super) fn receive_posted(&mut self, posted: PostedCommand, ctx: &mut SessionContext) {
        self.asked = Instant::now();
        self.take(&posted.json, AnswerTo::Request(posted.answer), ctx);
    }

    /// A command that came over the connection is a sign of life, too.
    fn take_heard(&mut self, json: &[u8], to: AnswerTo, ctx: &mut SessionContext) {
        let now = Instant::now();
        self.keepalive.heard(now);
        self.asked = now;
        self.take(json, to, ctx);
    }

    fn take(&mut self, json: &[u8], to: AnswerTo, ctx: &mut SessionContext) {
        if let Err(wait) = self.rate_limits.take_command(&self.env.config.limits.now()) {
            let message = "too many commands; send fewer a second";
            let fault = Fault::new(ErrorCode::RateLimited, message).retry_after(wait);
            self.refuse(&fault, &Reply::new(command::request_id(json), to));
            return self.count_fault(CloseCode::RateLimited, "too many commands", ctx);
        }
        let own = &self.env.config.actions.types;
        let is_action = |name: &str| own.iter().any(|own| own == name);
        match command::decode_with(json, is_action) {
            Ok(inbound) => {
                self.env.lines.heard(inbound.command.name());
                let reply = Reply::new(inbound.request_id, to);
                self.route(inbound.command, reply, ctx);
            }
            Err(undecodable) => {
                self.env.metrics.messages_in.of("unknown").inc();
                let reply = Reply::new(undecodable.request_id, to);
                self.refuse(&undecodable.fault, &reply);
                self.count_fault(CloseCode::ProtocolErrors, "too many faulty messages", ctx);
            }
        }
    }

    /// Counts a faulty message; one too many closes the connection.
    pub fn count_fault(&mut self, code: CloseCode, reason: &'static str, ctx: &mut SessionContext) {
        if self.rate_limits.take_fault(&self.env.config.limits.now()) == FaultBudget::Spent {
            self.close(code, reason, ctx);
        }
    }

    /// Answers a command that is not done.
    pub(super) fn refuse(&mut self, fault: &Fault, reply: &Reply) {
        let now = self.env.store.now();
        self.answer(Error::new(fault, now), reply);
    }

    /// Answers a command.
    fn answer(&mut self, event: impl Into<Event>, reply: &Reply) {
        let event = event.into();
        if let (Stage::Live(live), Some(request_id)) = (&self.stage, reply.as_event())
            && live.line.say(&event, request_id) == Accepted::Taken
        {
            return;
        }
        reply.send(&event, |frame| self.say_frame(frame));
    }

    fn route(&mut self, command: Command, reply: Reply, ctx: &mut SessionContext) {
        match (&self.stage, command) {
            (Stage::Unauthenticated(_), Command::InitConnection(init)) => {
                self.init_connection(init, &reply, ctx);
            }
            (Stage::Unauthenticated(_), _) => {
                let message = "say who you are first: init_connection with a token";
                self.refuse(&Fault::new(ErrorCode::Unauthorized, message), &reply);
                self.count_fault(CloseCode::ProtocolErrors, "too many faulty messages", ctx);
            }
            // Nothing is read while a client enters, and nothing is done for one that leaves. Only a posted command gets here.
            (Stage::Loading(_) | Stage::Closing, _) => self.refuse(&busy(), &reply),
            (Stage::Live(_), command) => self.serve(command, reply, ctx),
        }
    }

    fn serve(&mut self, command: Command, reply: Reply, ctx: &mut SessionContext) {
        if !self.env.dispatch.is_current() {
            // It has been away for too long, and this connection is about to be closed.
            return self.refuse(&busy(), &reply);
        }
        let call = match command {
            Command::InitConnection(_) => {
                let message =
                    "the connection is initialised already; use token_refresh for a new token";
                return self.refuse(&Fault::new(ErrorCode::Conflict, message), &reply);
            }
            Command::Heartbeat(_) => {
                let timestamp = self.env.store.now().unix_seconds();
                return self.answer(HeartbeatAck { timestamp }, &reply);
            }
            Command::TokenRefresh(refresh) => return self.refresh(&refresh, &reply),
            Command::OtomoStatusSet(set) => return self.choose(&set, reply, ctx),
            Command::MessageSend(send) => return self.send_message(send, reply),
            Command::MessageRead(read) => return self.read_messages(read, reply),
            Command::TypingStart(typing) => return self.start_typing(typing, reply),
            Command::TypingStop(typing) => return self.stop_typing(typing, &reply),
            Command::Ping(_) => {
                let timestamp = Iso(self.env.store.now());
                return self.answer(Pong { timestamp }, &reply);
            }
            Command::JoinGame(join) => return self.join_game(join, reply),
            Command::LeaveGame(leave) => return self.leave_game(leave, reply),
            Command::ChatMessage(said) => return self.say_in_game(said, &reply),
            Command::RoomJoin(join) => return self.join_room(join, reply),
            Command::RoomLeave(leave) => return self.leave_room(leave, reply),
            Command::GameAction(action) => {
                return self.act("game_action".into(), action.body, reply);
            }
            Command::AppAction(action) => return self.act(action.name, action.body, reply),
            Command::CallRequest(call) => ClientCommand::Request {
                to: call.to_user_id,
                call: call.call_id,
            },
            Command::CallRinging(call) => ClientCommand::Ringing(call.call_id),
            Command::CallAccept(call) => ClientCommand::Accept(call.call_id),
            Command::CallReject(call) => ClientCommand::Reject(call.call_id, call.reason),
            Command::CallCancel(call) => ClientCommand::Cancel(call.call_id),
            Command::WebrtcOffer(signal) if signal.offer.kind != "offer" => {
                return self.refuse(&wrong_kind("webrtc_offer", "offer"), &reply);
            }
            Command::WebrtcOffer(signal) => ClientCommand::Offer(signal.call_id, signal.offer),
            Command::WebrtcAnswer(signal)
                if !matches!(signal.answer.kind.as_str(), "answer" | "pranswer") =>
            {
                return self.refuse(&wrong_kind("webrtc_answer", "answer"), &reply);
            }
            Command::WebrtcAnswer(signal) => ClientCommand::Answer(signal.call_id, signal.answer),
            Command::IceCandidate(signal) => match self.pass_on(signal, &reply) {
                Ok(()) => return,
                Err(signal) => ClientCommand::Ice(signal.call_id, signal.candidate),
            },
            Command::CallConnected(call) => ClientCommand::Connected(call.call_id),
            Command::CallEndRequest(call) => ClientCommand::End(call.call_id),
        };
        self.ask(call, reply);
    }

    /// The user who asks for something among people, if they may right now; otherwise the command is refused.
    pub(super) fn person(&mut self, reply: &Reply) -> Option<UserId> {
        let Stage::Live(live) = &self.stage else {
            return None;
        };
        let client = live.line.client().clone();
        if client.role == Role::Service {
            let message = "this is between people; a backend has the server API";
            self.refuse(&Fault::new(ErrorCode::Forbidden, message), reply);
            return None;
        }
        if self.env.dispatch.congested() {
            self.refuse(&busy(), reply);
            return None;
        }
        Some(client.user)
    }

    /// Passes a candidate on, if it need not take the lane of its call and nobody waits for it to.
    ///
    /// # Errors
    /// Gives it back if it does.
    fn pass_on(&mut self, signal: IceCandidate, reply: &Reply) -> Result<(), IceCandidate> {
        let Stage::Live(live) = &mut self.stage else {
            return Err(signal);
        };
        if !live.asks.are_done() || self.env.dispatch.congested() || reply.as_event().is_none() {
            return Err(signal);
        }
        let client = live.line.client();
        self.env.calls.pass_on(client, signal, &self.env.lines)
    }

    /// Takes a command to the calls. The answer comes back through delivery.
    fn ask(&mut self, command: ClientCommand, reply: Reply) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        if self.env.dispatch.congested() {
            return self.refuse(&busy(), &reply);
        }
        let client = live.line.client().clone();
        if client.role == Role::Service {
            let message = "calls are between people; a backend has none";
            let fault = Fault::new(ErrorCode::Forbidden, message);
            return self.refuse(&fault, &reply);
        }
        let asker = Asker {
            client,
            at: live.at,
            reply,
            underway: live.asks.begin(),
        };
        if let Err(asker) = self.env.calls.ask(asker, command) {
            self.refuse(&busy(), &asker.reply);
        }
    }

    /// `token_refresh`: the same person's next token.
    fn refresh(&mut self, refresh: &TokenRefresh, reply: &Reply) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let fault = match self
            .env
            .verifier
            .verify(&refresh.token, self.env.store.now())
        {
            Ok(identity) if identity.user != live.line.client().user => Fault::new(
                ErrorCode::Forbidden,
                "the token is another user's; reconnect with it",
            ),
            Ok(identity) if identity.role != live.line.client().role => Fault::new(
                ErrorCode::Forbidden,
                "the token has another role; reconnect with it",
            ),
            Ok(identity) => {
                live.expires_at = identity.expires_at;
                live.expiry_told = false;
                let expires_at = identity.expires_at.unix_seconds();
                self.claim_rooms(identity.room_ids());
                // The new token may run out before the next check.
                self.wake_in(Duration::ZERO);
                return self.answer(TokenRefreshAck { expires_at }, reply);
            }
            Err(TokenFault::Expired) => Fault::new(
                ErrorCode::TokenExpired,
                "the token has expired; send one that has not",
            ),
            Err(TokenFault::Invalid(_)) => Fault::new(
                ErrorCode::Unauthorized,
                "the token is not valid; send one signed by the app",
            ),
        };
        self.refuse(&fault, reply);
    }

    /// `otomo_status_set`: an otomo goes on break or comes back.
    fn choose(&mut self, set: &OtomoStatusSet, reply: Reply, ctx: &mut SessionContext) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let client = live.line.client();
        if client.role != Role::Otomo {
            let message = "only an otomo has a status to set";
            return self.refuse(&Fault::new(ErrorCode::Forbidden, message), &reply);
        }
        let until = set
            .until
            .map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000)));
        let (presence, otomo, at) = (self.env.presence.clone(), client.user.clone(), live.at);
        let status = set.status.into();
        let chosen = async move { presence.choose(&otomo, status, until, Chooser::Own).await };
        ctx.spawn(chosen.into_actor(self).map(move |chosen, session, _| {
            let now = session.env.store.now();
            let answer: Event = match chosen {
                Ok(choice) => OtomoStatusSetAck::from(choice).into(),
                Err(refused) => Error::new(&refused.into(), now).into(),
            };
            // Through delivery, so that the answer comes after the update that it caused.
            let tell = |frame| session.env.dispatch.tell(To::Session(at), frame);
            reply.send(&answer, tell);
        }));
    }
}

fn wrong_kind(command: &str, kind: &str) -> Fault {
    let message = format!("{command} carries a session description of type {kind}");
    Fault::new(ErrorCode::SignalRejected, message)
}

pub(super) fn busy() -> Fault {
    let message = "the server has too much to do right now; try again in a moment";
    Fault::new(ErrorCode::Unavailable, message).retry_after(Duration::from_secs(1))
}
