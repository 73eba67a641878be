//! From the token to `ready`.
//!
//! The order is the protocol's: `connected`, the snapshots, what the client missed, `ready`, live. Each
//! topic is subscribed in the step that queues its snapshot, and what is live waits behind the gate of
//! the outbox until `ready` has passed.

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use actix_rt::time::Instant;

use super::{
    Live, Session, Stage,
    hello::{Credentials, Wishes},
};
use crate::{
    delivery::{
        inbox::{
            self, Extent, Seq,
            cursor::Cursor,
            resume::{self, Resume},
        },
        line::{Client, NewLine, SessionRef},
        lines::To,
    },
    kernel::{
        config::ConnectionPolicy,
        identity::{Identity, Role},
        token::TokenFault,
    },
    people::EntryFault,
    presence::PresenceFault,
    protocol::{
        close_code::CloseCode,
        command::{InitConnection, RequestId},
        error_code::ErrorCode,
        event::{Connected, Event, HeartbeatSettings, Limits, Resync, ResyncReason},
        fault::Fault,
        frame::Frame,
        spec::{Topic, Topics},
    },
    store::StoreError,
};

/// Why a client with a good token does not come in.
#[derive(Debug, thiserror::Error)]
enum Unwelcome {
    #[error(transparent)]
    Person(#[from] EntryFault),
    #[error(transparent)]
    Presence(#[from] PresenceFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Session {
    /// The client is at the door.
    pub(super) fn open_door(&mut self, ctx: &mut Context<Self>) {
        let Stage::Door(door) = &self.stage else {
            return;
        };
        match door.hello.credentials.clone() {
            Credentials::Known(identity) => self.enter(*identity, ctx),
            Credentials::Refused(code, reason) => self.close(code, reason, ctx),
            Credentials::Awaited => {
                let patience = self.env.config.server.handshake_timeout;
                ctx.run_later(patience, |session, ctx| {
                    if matches!(session.stage, Stage::Door(_)) {
                        session.close(CloseCode::BadToken, "no token came in time", ctx);
                    }
                });
            }
        }
    }

    /// `init_connection`: the client says who it is.
    pub(super) fn introduce(
        &mut self,
        init: InitConnection,
        request_id: Option<&RequestId>,
        ctx: &mut Context<Self>,
    ) {
        let Stage::Door(door) = &mut self.stage else {
            return;
        };
        let wishes = &mut door.hello.wishes;
        let topics = init.topics.map(|topics| topics.parse::<Topics>());
        match topics.transpose() {
            Ok(topics) => wishes.topics = topics.unwrap_or(wishes.topics),
            Err(unknown) => {
                let fault = Fault::new(ErrorCode::BadRequest, unknown.to_string());
                self.refuse(&fault, request_id);
                return self.count_fault(
                    CloseCode::ProtocolErrors,
                    "too many faulty messages",
                    ctx,
                );
            }
        }
        wishes.last_seq = init.last_seq.or(wishes.last_seq);
        wishes.device = init.device.or(wishes.device.take());
        match self.env.verifier.verify(&init.token, self.env.store.now()) {
            Ok(identity) => self.enter(identity, ctx),
            Err(TokenFault::Expired) => {
                self.close(CloseCode::TokenExpired, "the token has expired", ctx)
            }
            Err(TokenFault::Invalid(_)) => {
                self.close(CloseCode::BadToken, "the token is not valid", ctx)
            }
        }
    }

    /// The client is known: asks the store what it needs to be served. Nothing more is read until the store
    /// has answered, so that a command that comes right behind the token is served like any other.
    fn enter(&mut self, identity: Identity, ctx: &mut Context<Self>) {
        let Stage::Door(door) = &self.stage else {
            return;
        };
        let wishes = door.hello.wishes.clone();
        let device = wishes.device.clone().unwrap_or_else(|| self.id.into());
        let client = Client {
            user: identity.user.clone(),
            role: identity.role,
            device,
            session: self.id,
        };
        if let Err((code, reason)) = self.admit(&client) {
            return self.close(code, reason, ctx);
        }
        // The answer to the handshake, and what was said at the door.
        self.write();
        self.stage = Stage::Entering(Box::new(client.clone()));
        let env = std::rc::Rc::clone(&self.env);
        let expires_at = identity.expires_at;
        let known = async move {
            let user = identity.user.clone();
            env.people.enter(identity).await?;
            let extent = env
                .store
                .read(move |conn| inbox::records::extent(conn, &user))
                .await?;
            if client.role == Role::Otomo {
                env.presence.arrive(&client).await?;
            }
            Ok::<_, Unwelcome>((client, extent))
        };
        ctx.wait(
            known
                .into_actor(self)
                .map(move |known, session, ctx| match known {
                    Ok((client, extent)) => {
                        session.entered(client, wishes, extent, expires_at, ctx)
                    }
                    Err(unwelcome) => session.turn_away(&unwelcome, ctx),
                }),
        );
    }

    /// Holds the limit of connections of one user (`limits.connections_per_user`).
    fn admit(&self, client: &Client) -> Result<(), (CloseCode, &'static str)> {
        let limits = &self.env.config.limits;
        let others = self.env.lines.roster().sessions(&client.user);
        let full = limits
            .connections_per_user
            .is_some_and(|most| others.len() >= most.get() as usize);
        match limits.connection_policy {
            ConnectionPolicy::Takeover => {
                for other in others {
                    let reason = "the user connected elsewhere";
                    drop(self.env.dispatch.close(
                        To::Session(other.at),
                        CloseCode::Replaced,
                        reason,
                    ));
                }
                Ok(())
            }
            ConnectionPolicy::Reject if !others.is_empty() => Err((
                CloseCode::TooManyConnections,
                "the user is connected already",
            )),
            _ if full => Err((
                CloseCode::TooManyConnections,
                "the user has too many connections",
            )),
            _ => Ok(()),
        }
    }

    fn turn_away(&mut self, unwelcome: &Unwelcome, ctx: &mut Context<Self>) {
        let (code, reason) = match unwelcome {
            Unwelcome::Person(EntryFault::Disabled) => {
                (CloseCode::Disabled, "the user is disabled")
            }
            Unwelcome::Person(EntryFault::Unknown) => {
                (CloseCode::BadToken, "the user is not known")
            }
            Unwelcome::Person(EntryFault::RoleDiffers { .. }) => {
                (CloseCode::BadToken, "the user is known with another role")
            }
            Unwelcome::Person(EntryFault::Store(_))
            | Unwelcome::Presence(_)
            | Unwelcome::Store(_) => {
                let cause = crate::kernel::logging::chain(unwelcome);
                log::error!("session could not begin session={} cause={cause}", self.id);
                (
                    CloseCode::Internal,
                    "the server could not read its state; come back in a moment",
                )
            }
        };
        self.close(code, reason, ctx);
    }

    /// The store has answered: the client is served from now on.
    fn entered(
        &mut self,
        client: Client,
        wishes: Wishes,
        extent: Extent,
        expires_at: crate::kernel::time::Timestamp,
        ctx: &mut Context<Self>,
    ) {
        if !matches!(self.stage, Stage::Entering(_)) {
            return;
        }
        let resume = resume::decide(wishes.last_seq.map(Seq::new), extent);
        let start = match resume {
            Resume::Replay { after } => after,
            Resume::FromHead | Resume::Resync { .. } => extent.head,
        };
        let (at, line) = self.env.lines.insert(NewLine {
            client: client.clone(),
            wanted: wishes.topics,
            versioned: wishes.versioned,
            cursor: Cursor::new(start, extent.head),
            sink: std::rc::Rc::clone(&self.sink),
            session: ctx.address().recipient(),
            limits: std::rc::Rc::clone(&self.env.outbox),
        });
        let live = Live {
            at,
            line,
            expires_at,
            expiry_told: false,
            check_at: Instant::now(),
            ready: false,
        };
        self.stage = Stage::Live(live);
        log::info!(
            "session began session={} user={} role={}",
            self.id,
            client.user,
            client.role
        );
        let connected = self.connected(&client, start, matches!(resume, Resume::Replay { .. }));
        self.say(connected, None);
        self.start_checks();
        self.greet(client, at, resume, ctx);
    }

    fn connected(&self, client: &Client, start: Seq, resumed: bool) -> Event {
        let millis =
            |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let config = &self.env.config;
        Connected {
            session_id: self.id,
            user_id: client.user.clone(),
            role: client.role,
            node: self.env.node.clone(),
            seq: start.get(),
            resumed,
            heartbeat: HeartbeatSettings {
                interval_ms: millis(config.presence.ping_interval),
                timeout_ms: millis(config.presence.pong_timeout),
            },
            limits: Limits {
                message_size: config.limits.message_size,
                commands_per_second: config.limits.commands_per_second.map_or(0, u32::from),
                burst: config.limits.burst.get(),
                calls_per_minute: config.limits.calls_per_minute.map_or(0, u32::from),
                ring_timeout_ms: millis(config.calls.ring_timeout),
                connect_timeout_ms: millis(config.calls.connect_timeout),
                loss_grace_ms: millis(config.calls.loss_grace),
            },
            timestamp: self.env.store.now().unix_seconds(),
        }
        .into()
    }

    /// Sends the snapshots, then goes on to what the client missed. Each is awaited until the worker has
    /// queued it: what the session itself reads from the inbox comes after all of them.
    fn greet(&mut self, client: Client, at: SessionRef, resume: Resume, ctx: &mut Context<Self>) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let wanted = live.line.wanted();
        // What happens from now on waits behind the gate; the snapshot is taken after this.
        live.line.subscribe(Topic::Calls);
        let env = std::rc::Rc::clone(&self.env);
        let snapshots = async move {
            // Who was locked out after they were let in, and before there was a line to close, is found here.
            let person = env.people.find(client.user.clone()).await?;
            if person.is_some_and(|person| person.disabled) {
                return Err(EntryFault::Disabled.into());
            }
            if wanted.contains(Topic::Otomo) {
                env.dispatch
                    .subscribe(at, Topic::Otomo, env.presence.board())
                    .await;
            }
            if wanted.contains(Topic::Calls) {
                let calls = Event::from(env.calls.snapshot(&client).await?);
                env.dispatch
                    .tell_counted(To::Session(at), Frame::new(&calls))
                    .await;
            }
            if let Resume::Resync { reason, extent } = resume {
                let resync = Frame::new(&resync(reason, extent).into());
                env.dispatch.tell_counted(To::Session(at), resync).await;
            }
            Ok::<_, Unwelcome>(client)
        };
        ctx.spawn(
            snapshots
                .into_actor(self)
                .map(|greeted, session, ctx| match greeted {
                    Ok(client) => session.greeted(&client, ctx),
                    Err(unwelcome) => session.turn_away(&unwelcome, ctx),
                }),
        );
    }

    fn greeted(&mut self, client: &Client, ctx: &mut Context<Self>) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        // Who does not hear of calls is not there for any.
        if live.line.wanted().contains(Topic::Calls) {
            self.env.calls.arrived(client, live.at);
        }
        // Something may have been stored between the first look at the inbox and now.
        self.read_inbox_to_the_end(ctx);
    }
}

/// What a client is told whose stream cannot be continued.
pub(super) fn resync(reason: resume::ResyncReason, extent: Extent) -> Resync {
    let reason = match reason {
        resume::ResyncReason::Retention => ResyncReason::Retention,
        resume::ResyncReason::UnknownSeq => ResyncReason::UnknownSeq,
    };
    Resync {
        reason,
        first_seq: extent.first.get(),
        seq: extent.head.get(),
    }
}
