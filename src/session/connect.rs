//! Connecting: from the token to `ready`.
//!
//! The order is the protocol's: `connected`, the snapshots, what the client missed, `ready`, live. Each
//! topic is subscribed in the step that queues its snapshot, and what is live waits behind the gate of
//! the outbox until `ready` has passed.

use std::rc::Rc;

use actix::{ActorFutureExt, WrapFuture};
use actix_rt::time::Instant;

use super::{
    Claims, Live, Session, SessionContext, Stage,
    admission::{self, Refused},
    arrivals::Arrival,
    chat_refresh::ChatView,
    hello::{Credentials, Hello, Options},
    paging,
    snapshots::{self, SnapshotFault},
};
use crate::{
    calls::Asks,
    delivery::{
        filter::Filter,
        inbox::{
            Extent, Seq,
            cursor::Cursor,
            resume::{self, Resume},
        },
        line::{Client, NewLine, SessionRef},
        reply::Reply,
    },
    kernel::{
        identity::{Identity, Role},
        ids::RoomId,
        logging::chain,
        time::{Timestamp, millis},
        token::TokenFault,
    },
    people::EntryFault,
    presence::PresenceFault,
    protocol::{
        close_code::CloseCode,
        command::InitConnection,
        error_code::ErrorCode,
        event::{Connected, Event, HeartbeatSettings, Limits, TypingSettings},
        fault::Fault,
        frame::Frame,
        spec::{Topic, Topics},
    },
    store::StoreError,
};

/// Why a client with a good token is not served.
#[derive(Debug, thiserror::Error)]
enum AdmissionError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Person(#[from] EntryFault),
    #[error(transparent)]
    Presence(#[from] PresenceFault),
    #[error(transparent)]
    Snapshot(#[from] SnapshotFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Session {
    /// Begins with what the handshake said of who the client is.
    pub(super) fn authenticate(&mut self, ctx: &mut SessionContext) {
        let Stage::Unauthenticated(newcomer) = &self.stage else {
            return;
        };
        match newcomer.hello.credentials.clone() {
            Credentials::Known(identity) => self.load(*identity, ctx),
            Credentials::Refused(code, reason) => self.close(code, reason, ctx),
            Credentials::Awaited => {
                let patience = self.env.config.server.handshake_timeout;
                ctx.run_later(patience, |session, ctx| {
                    if matches!(session.stage, Stage::Unauthenticated(_)) {
                        session.close(CloseCode::BadToken, "no token came in time", ctx);
                    }
                });
            }
        }
    }

    /// The client says who it is, on a transport where it does so after the handshake and in its own way.
    pub fn introduce(&mut self, hello: Hello, ctx: &mut SessionContext) {
        if let Stage::Unauthenticated(newcomer) = &mut self.stage {
            newcomer.hello = hello;
            self.authenticate(ctx);
        }
    }

    /// `init_connection`: the client says who it is.
    pub(super) fn init_connection(
        &mut self,
        init: InitConnection,
        reply: &Reply,
        ctx: &mut SessionContext,
    ) {
        let Stage::Unauthenticated(newcomer) = &mut self.stage else {
            return;
        };
        let options = &mut newcomer.hello.options;
        let topics = init.topics.map(|topics| topics.parse::<Topics>());
        match topics.transpose() {
            Ok(topics) => options.topics = topics.unwrap_or(options.topics),
            Err(unknown) => {
                let fault = Fault::new(ErrorCode::BadRequest, unknown.to_string());
                self.refuse(&fault, reply);
                return self.count_fault(
                    CloseCode::ProtocolErrors,
                    "too many faulty messages",
                    ctx,
                );
            }
        }
        options.last_seq = init.last_seq.or(options.last_seq);
        options.device = init.device.or(options.device.take());
        match self.env.verifier.verify(&init.token, self.env.store.now()) {
            Ok(identity) => self.load(identity, ctx),
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
    fn load(&mut self, identity: Identity, ctx: &mut SessionContext) {
        let Stage::Unauthenticated(newcomer) = &self.stage else {
            return;
        };
        let options = newcomer.hello.options.clone();
        let device = options.device.clone().unwrap_or_else(|| self.id.into());
        let client = Client {
            user: identity.user.clone(),
            role: identity.role,
            device,
            session: self.id,
        };
        if let Err(Refused(reason)) = admission::admit(&self.env, &client) {
            return self.close(CloseCode::TooManyConnections, reason, ctx);
        }
        // What was said before it. The answer to the handshake leaves with what comes next.
        if !newcomer.outbox.is_idle() {
            self.write();
        }
        self.stage = Stage::Loading(Box::new(client.clone()));
        let env = Rc::clone(&self.env);
        let (expires_at, claims) = (identity.expires_at, identity.room_ids());
        let known = async move {
            env.dispatch.becomes_current().await;
            let (stored, extent) = env.arrivals.known.ask(identity.user.clone()).await?;
            env.people.admit(stored, identity).await?;
            admission::admit_everywhere(&env, &client).await?;
            if client.role == Role::Otomo {
                env.presence.arrive(&client).await?;
            }
            Ok::<_, AdmissionError>((client, extent))
        };
        ctx.wait(
            known
                .into_actor(self)
                .map(move |known, session, ctx| match known {
                    Ok((client, extent)) => {
                        session.go_live(client, options, extent, (expires_at, claims), ctx)
                    }
                    Err(error) => session.reject(&error, ctx),
                }),
        );
    }

    fn reject(&mut self, error: &AdmissionError, ctx: &mut SessionContext) {
        let (code, reason) = match error {
            AdmissionError::Refused(Refused(reason)) => (CloseCode::TooManyConnections, *reason),
            AdmissionError::Person(EntryFault::Disabled) => {
                (CloseCode::Disabled, "the user is disabled")
            }
            AdmissionError::Person(EntryFault::Unknown) => {
                (CloseCode::BadToken, "the user is not known")
            }
            AdmissionError::Person(EntryFault::RoleDiffers { .. }) => {
                (CloseCode::BadToken, "the user is known with another role")
            }
            AdmissionError::Person(EntryFault::Store(_))
            | AdmissionError::Presence(_)
            | AdmissionError::Snapshot(_)
            | AdmissionError::Store(_) => {
                let cause = chain(error);
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
    fn go_live(
        &mut self,
        client: Client,
        options: Options,
        extent: Extent,
        (expires_at, claims): (Timestamp, Vec<RoomId>),
        ctx: &mut SessionContext,
    ) {
        if !matches!(self.stage, Stage::Loading(_)) {
            return;
        }
        if !self.env.dispatch.is_current() {
            let reason = "the server has been away; connect again";
            return self.close(CloseCode::Drain, reason, ctx);
        }
        let resume = resume::decide(options.last_seq.map(Seq::new), extent);
        let start = match resume {
            Resume::Replay { after } => after,
            Resume::FromHead | Resume::Resync { .. } => extent.head,
        };
        let filter = Filter::new(options.topics);
        let filter = match options.partner {
            Some(partner) => filter.narrowed_to(&client.user, partner),
            None => filter,
        };
        let (at, line) = self.env.lines.insert(NewLine {
            client: client.clone(),
            filter,
            versioned: options.versioned,
            cursor: Cursor::new(start, extent.head),
            sink: Rc::clone(&self.sink),
            session: ctx.waker(),
            limits: Rc::clone(&self.env.outbox),
        });
        let live = Live {
            at,
            line,
            expires_at,
            asks: Asks::default(),
            expiry_told: false,
            check_at: Instant::now(),
            snapshots_sent: false,
            ready: false,
            pauses: false,
            chat_view: ChatView::default(),
            claims: Claims::new(claims),
        };
        self.stage = Stage::Live(live);
        self.env.friends.arrived(&client);
        log::info!(
            "session began session={} user={} role={}",
            self.id,
            client.user,
            client.role
        );
        let connected = self.connected(&client, start, matches!(resume, Resume::Replay { .. }));
        self.say(connected);
        admission::take_over(&self.env, &client);
        self.start_checks();
        self.send_snapshots(client, at, resume, ctx);
    }

    fn connected(&self, client: &Client, start: Seq, resumed: bool) -> Event {
        let config = &self.env.config;
        // Once, so that what is said holds together.
        let limits = config.limits.now();
        let timeouts = self.keepalive.rhythm().timeouts(config);
        Connected {
            session_id: self.id,
            user_id: client.user.clone(),
            role: client.role,
            node: self.env.node.clone(),
            seq: start.get(),
            resumed,
            heartbeat: HeartbeatSettings {
                interval_ms: millis(timeouts.ping_interval),
                timeout_ms: millis(timeouts.pong_timeout),
            },
            limits: Limits {
                message_size: limits.message_size,
                commands_per_second: limits.commands_per_second.map_or(0, u32::from),
                burst: limits.burst.get(),
                calls_per_minute: limits.calls_per_minute.map_or(0, u32::from),
                messages_per_minute: limits.messages_per_minute.map_or(0, u32::from),
                ring_timeout_ms: millis(config.calls.ring_timeout),
                connect_timeout_ms: millis(config.calls.connect_timeout),
                loss_grace_ms: millis(config.calls.loss_grace),
                action_timeout_ms: millis(config.actions.timeout),
            },
            typing: TypingSettings {
                resend_ms: millis(config.chat.typing_resend),
                expire_ms: millis(config.chat.typing_expire),
            },
            timestamp: self.env.store.now().unix_seconds(),
        }
        .into()
    }

    /// Sends the snapshots, then goes on to what the client missed. What the session itself reads from the inbox comes after
    /// all of them.
    fn send_snapshots(
        &mut self,
        client: Client,
        at: SessionRef,
        resume: Resume,
        ctx: &mut SessionContext,
    ) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        // What happens from now on waits behind the gate; the snapshots are taken after this.
        for topic in [Topic::Calls, Topic::Chat, Topic::Friends, Topic::Rooms] {
            live.line.subscribe(topic);
        }
        live.line.subscribe(Topic::Points);
        let (env, line) = (Rc::clone(&self.env), Rc::clone(&live.line));
        let snapshots = async move {
            // What others say from now on is heard here, so the snapshots need not have it.
            env.dispatch.hear_user(&client.user).await;
            let since = match snapshots::status_scope(line.filter()) {
                Some(_) => Some(env.friends.begin_snapshot(&client.user).await),
                None => None,
            };
            let arrival = Arrival::new(&client, line.filter());
            let holding = env.arrivals.holding.ask(arrival).await?;
            // A person who was locked out after they were let in, and before there was a line to close, is found here.
            if holding.disabled {
                return Err(EntryFault::Disabled.into());
            }
            // So is what was stored between the first look at the inbox and the line's beginning; what comes is heard.
            line.cursor().borrow_mut().heard(holding.extent.head);
            snapshots::send(&env, &line, at, holding, since).await?;
            if let Resume::Resync { reason, extent } = resume {
                line.push_always(Frame::new(&paging::resync(reason, extent).into()));
            }
            Ok::<_, AdmissionError>(client)
        };
        ctx.spawn(
            snapshots
                .into_actor(self)
                .map(|sent, session, ctx| match sent {
                    Ok(client) => session.snapshots_sent(&client, ctx),
                    Err(error) => session.reject(&error, ctx),
                }),
        );
    }

    fn snapshots_sent(&mut self, client: &Client, ctx: &mut SessionContext) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        live.snapshots_sent = true;
        // A client that does not hear of calls takes part in none.
        if live.line.filter().wants(Topic::Calls) {
            self.env.calls.arrived(client, live.at);
        }
        self.read_inbox(ctx);
    }
}
