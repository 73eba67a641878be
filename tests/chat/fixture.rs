//! A server without sockets, on a database that goes away with it.

use std::{rc::Rc, sync::Arc, time::Duration};

use otomo::{
    actions::{Actions, Webhook},
    backplane::Backplane,
    calls::Calls,
    chat::Chat,
    delivery::{
        dispatch::{self, Dispatch},
        inbox::{
            Seq,
            records::{self, NewEvent},
        },
        outbox,
    },
    friends::Friends,
    kernel::{
        config::{Config, Sources, load},
        identity::{Identity, Role},
        ids::{CallId, EventId, NodeId, UserId},
        metrics::Metrics,
        time::Clock,
        token::Verifier,
    },
    people::People,
    points::Points,
    presence::{Presence, settings::Settings},
    protocol::{
        event::{Body as _, CallMissed, Event},
        frame::Frame,
        spec::Topic,
    },
    rooms::Rooms,
    session::{arrivals::Arrivals, env::Env},
    store::{Handle, StoreError},
};

use crate::database::Database;

/// How long tokens are good: longer than any story.
const TTL: Duration = Duration::from_hours(24);

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// Who somebody is.
pub(crate) fn identity(name: &str) -> Identity {
    Identity {
        user: user(name),
        role: Role::User,
        name: None,
        avatar: None,
        rooms: Vec::new(),
        expires_at: Clock::system().now() + TTL,
    }
}

async fn friends(store: &Handle, dispatch: &Dispatch, config: &Config, node: &NodeId) -> Friends {
    let friends = Friends::start(store.clone(), dispatch.clone(), config, node);
    friends.await.unwrap()
}

/// One run of a server.
pub(crate) struct Server {
    pub(crate) env: Rc<Env>,
    _database: Database,
}

impl Server {
    /// Starts it. Nothing on it ends by the clock, however slow the machine: neither typing nor who answers no ping.
    pub(crate) async fn start() -> Self {
        let database = Database::new();
        let settings = Sources::default()
            .with(
                "auth.hs256_secret",
                "a secret that is long enough to be one",
            )
            .with("limits.messages_per_minute", "none")
            .with("presence.ping_interval", "10m")
            .with("chat.typing_resend", "59m")
            .with("chat.typing_expire", "60m");
        let config = Arc::new(load(&settings).unwrap());
        let metrics = Arc::new(Metrics::default());
        let store =
            Handle::open(&database.config(), Clock::system(), Arc::clone(&metrics)).unwrap();
        let node = "node-1".parse().unwrap();
        let settings = Settings::new("node-1".parse().unwrap(), &config.presence, &config.calls);
        let graces = settings.policy.graces;
        let delivery = dispatch::Settings {
            workers: 1,
            graces,
            ..dispatch::Settings::default()
        };
        let backplane = Backplane::alone("n1".parse().unwrap());
        let dispatch = Dispatch::new(delivery, backplane, Arc::clone(&metrics));
        let presence = Presence::start(
            store.clone(),
            dispatch.clone(),
            Arc::clone(&metrics),
            settings,
        );
        let presence = presence.await.unwrap();
        let points = Points::new(store.clone(), dispatch.clone(), Arc::clone(&metrics));
        let calls = Calls::start(
            &config, &node, &store, &dispatch, &presence, &points, &metrics,
        );
        let calls = calls.await.unwrap();
        let limits = outbox::Limits {
            soft: config.outbox.soft_limit,
            hard: config.outbox.hard_limit,
        };
        let webhook = Webhook::new(&config.actions, Arc::clone(&metrics));
        let env = Env {
            rooms: Rooms::start(store.clone(), dispatch.clone(), &config),
            actions: Actions::new(&Arc::new(webhook)),
            chat: Chat::new(store.clone(), dispatch.clone(), &config),
            friends: friends(&store, &dispatch, &config, &node).await,
            node,
            verifier: Arc::new(Verifier::new(&config.auth.now()).unwrap()),
            lines: dispatch.start_worker().unwrap(),
            people: People::new(store.clone(), true),
            arrivals: Arrivals::new(&store, &calls),
            calls,
            outbox: Rc::new(limits),
            presence,
            dispatch,
            store,
            metrics,
            config,
        };
        Self {
            env: Rc::new(env),
            _database: database,
        }
    }

    /// Makes somebody known.
    pub(crate) async fn know(&self, name: &str) {
        self.env.people.enter(identity(name)).await.unwrap();
    }

    /// Tells somebody of something that is not chat. It has its place in their stream at the call.
    pub(crate) fn tell_of_missed_call(&self, name: &str) -> impl Future<Output = ()> + use<> {
        const NAME: &str = CallMissed::TYPE;
        let missed = Event::from(CallMissed {
            call_id: CallId::new(),
            from_user_id: user("jiro"),
            from_user_name: "jiro".to_owned(),
            timestamp: 0,
        });
        let body = serde_json::to_string(&missed).unwrap();
        let (text, recipients, id) = (body.clone(), [user(name)], EventId::new());
        let stored = self.env.store.write(move |tx| {
            let event = NewEvent {
                id,
                topic: Topic::Calls,
                type_name: NAME,
                body: &text,
                expires_at: None,
            };
            records::append(tx, &event, &recipients)
        });
        let dispatch = self.env.dispatch.clone();
        async move {
            let places: Result<Vec<(UserId, Seq)>, StoreError> = stored.await;
            let frame = Frame::stored(NAME, Topic::Calls, body);
            for (user, seq) in places.unwrap() {
                dispatch.durable(&user, seq, &frame);
            }
        }
    }

    /// Stops it in good order.
    pub(crate) async fn stops(&self) {
        self.env.calls.stop().await;
        self.env.presence.stop().await;
        self.env.store.close().await;
    }
}
