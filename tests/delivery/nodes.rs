//! Two servers that hear each other through a Redis.

use std::time::Instant;

use otomo::{
    backplane::Link,
    delivery::{
        farewell::Farewell,
        inbox::{self, Seq},
        lines::To,
        nodes::NodeReport,
        rooms::{JoinOutcome, Renewed, Stay},
    },
    kernel::ids::{EventId, SessionId, UserId},
    protocol::{
        close_code::CloseCode,
        event::CancelReason,
        spec::{Kind, Priority, Topic},
    },
    store::Handle,
};

use crate::{
    calls::Told,
    fixture::{self, Person, Server, cell, event, room, said},
    redis::Redis,
    tunnel::Tunnel,
};

/// Two nodes, of which the second has its Redis behind a tunnel.
pub(crate) struct Nodes {
    pub(crate) one: Server,
    pub(crate) two: Server,
    tunnel: Tunnel,
    pub(crate) store: Handle,
    redis: Redis,
    _folder: tempfile::TempDir,
}

impl Nodes {
    pub(crate) async fn start() -> Self {
        let redis = Redis::start();
        let (store, folder) = fixture::store();
        let tunnel = Tunnel::to(redis.address()).await;
        Self {
            one: Server::node("n1", redis.address(), &store).await,
            two: Server::node("n2", tunnel.address(), &store).await,
            tunnel,
            store,
            redis,
            _folder: folder,
        }
    }

    /// A client of the second node, whose node is known to hear what is for them.
    async fn far(&self, user: &str) -> Person {
        let person = self.two.client(0, user).await;
        self.two.dispatch.hear_user(&user.parse().unwrap()).await;
        person
    }

    /// Stores an event for a user, and tells nobody.
    async fn store(&self, user: &UserId) -> Seq {
        let (id, to) = (EventId::new(), [user.clone()]);
        let stored = self.store.write(move |tx| {
            let event = inbox::records::NewEvent {
                id,
                topic: Topic::Rooms,
                type_name: "cell",
                body: r#"{"type":"cell"}"#,
                expires_at: None,
            };
            inbox::records::append(tx, &event, &to)
        });
        stored.await.unwrap()[0].1
    }
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub(crate) async fn enter(server: &Server, person: &Person, name: &str) {
    let dispatch = &server.dispatch;
    dispatch.hear_room(&room(name)).heard().await;
    let joined = dispatch.join(
        person.at,
        &room(name),
        Stay::Granted(None),
        8,
        Vec::new(),
        None,
    );
    assert_eq!(joined.await, JoinOutcome::Joined);
    // By now its own hold is confirmed, too.
    dispatch.hear_room(&room(name)).heard().await;
}

#[actix_rt::test]
async fn what_another_node_says_late_of_a_call_is_not_heard() {
    let nodes = Nodes::start().await;
    let mut hana = nodes.far("hana").await;
    let (call, to) = (Told::new(), To::User("hana".parse().unwrap()));
    let cancelled = call.cancelled(CancelReason::CallerCancelled);
    nodes.two.dispatch.tell_again_here(&to, &cancelled);
    nodes.two.settled().await;
    let rung = nodes.one.dispatch.tell_counted(to.clone(), call.ring());
    assert_eq!(rung.await, 0);
    let next = Told::new().ring();
    assert_eq!(nodes.one.dispatch.tell_counted(to, next).await, 1);
    assert_eq!(hana.heard_types(), ["call_cancelled", "incoming_call"]);
}

#[actix_rt::test]
async fn what_is_for_a_user_or_for_all_reaches_them_on_every_node() {
    let nodes = Nodes::start().await;
    let mut near = nodes.one.client(0, "hana").await;
    let mut far = nodes.far("hana").await;
    let mut other = nodes.far("taro").await;
    let dispatch = &nodes.one.dispatch;
    dispatch.tell(To::User(user("hana")), said("to hana"));
    dispatch.tell(To::Session(near.at), said("to the near one"));
    dispatch.tell(To::Everyone, said("to all"));
    let device = far.line.client().device.clone();
    dispatch.tell(
        To::Device(user("hana"), device.clone()),
        said("to a device"),
    );
    dispatch.tell(To::OtherDevices(user("hana"), device), said("to others"));
    assert_eq!(far.hears(3).await, ["to hana", "to all", "to a device"]);
    let expected = ["to hana", "to the near one", "to all", "to others"];
    assert_eq!(near.hears(4).await, expected);
    assert_eq!(other.hears(1).await, ["to all"]);
}

#[actix_rt::test]
async fn whom_something_reaches_is_counted_over_nodes() {
    let nodes = Nodes::start().await;
    let dispatch = &nodes.one.dispatch;
    let to = || To::User(user("hana"));
    assert_eq!(dispatch.tell_counted(to(), said("a")).await, 0);
    let _near = nodes.one.client(0, "hana").await;
    assert_eq!(dispatch.tell_counted(to(), said("a")).await, 1);
    let _far = nodes.far("hana").await;
    let _farther = nodes.two.client(1, "hana").await;
    assert_eq!(dispatch.tell_counted(to(), said("a")).await, 3);
    assert_eq!(dispatch.tell_counted(To::Everyone, said("a")).await, 3);
    let durable = event("a", Kind::Durable, Priority::Normal, None);
    let told = dispatch.durable_counted(&user("hana"), Seq::new(1), &durable);
    assert_eq!(told.await, 3);
    assert_eq!(dispatch.devices(&user("hana")).await.len(), 3);
    assert_eq!(dispatch.sessions_everywhere(&user("hana")).await, 3);
    assert!(dispatch.devices(&user("taro")).await.is_empty());
    let closed = dispatch.close(to(), CloseCode::Disabled, "the user is disabled");
    assert_eq!(closed.await, 3);
}

#[actix_rt::test]
async fn a_goodbye_reaches_those_who_came_before_and_says_why() {
    let nodes = Nodes::start().await;
    let before = nodes.far("hana").await;
    let newcomer = nodes.one.client(0, "hana").await;
    let after = nodes.far("hana").await;
    let (code, reason) = (CloseCode::Replaced, "the user connected elsewhere");
    let session = newcomer.at.session;
    let dispatch = &nodes.one.dispatch;
    dispatch.close_elsewhere(&user("hana"), session, code, reason);
    // Behind it on its way.
    assert_eq!(
        dispatch
            .tell_counted(To::User(user("hana")), said("a"))
            .await,
        3
    );
    let farewell = Some(Farewell::new(code, reason));
    assert_eq!(before.line.take_signals().closing(), farewell);
    assert_eq!(after.line.take_signals().closing(), None);
    assert_eq!(newcomer.line.take_signals().closing(), None);
}

#[actix_rt::test]
async fn admins_see_the_connections_of_all_nodes_and_close_any() {
    let nodes = Nodes::start().await;
    let near = nodes.one.client(0, "hana").await;
    let far = nodes.far("hana").await;
    let other = nodes.far("taro").await;
    let dispatch = &nodes.one.dispatch;
    let all = dispatch.reports(None, None, 9).await;
    let sessions: Vec<_> = all.iter().map(|it| it.session_id).collect();
    let expected = [&near, &far, &other].map(|it| it.at.session);
    assert_eq!(sessions, expected);
    assert_eq!(all[1].node.as_str(), "n2");
    let page = dispatch.reports(Some(user("hana")), Some(near.at.session), 1);
    assert_eq!(page.await, all[1..2]);
    let (code, reason) = (CloseCode::Disabled, "an admin closed this connection");
    let close = |session| dispatch.close_session(session, code, reason);
    assert_eq!(close(far.at.session).await, 1);
    let farewell = Some(Farewell::new(code, reason));
    assert_eq!(far.line.take_signals().closing(), farewell);
    assert_eq!(close(SessionId::new()).await, 0);
    assert_eq!(other.line.take_signals().closing(), None);
}

#[actix_rt::test]
async fn what_is_sent_again_is_sent_by_all_nodes_and_slow_clients_of_all_are_known() {
    let nodes = Nodes::start().await;
    let (near, far) = (nodes.one.client(0, "hana").await, nodes.far("hana").await);
    let hana = user("hana");
    let durable = event("a", Kind::Durable, Priority::Normal, None);
    let dispatch = &nodes.one.dispatch;
    assert_eq!(dispatch.slowest(9).await, []);
    assert_eq!(
        dispatch.durable_counted(&hana, Seq::new(1), &durable).await,
        2
    );
    assert_eq!(dispatch.resend(&hana, Seq::new(0)).await, 2);
    for person in [&near, &far] {
        let cursor = *person.line.cursor().borrow();
        assert!(person.line.take_signals().read_inbox && cursor.sent() == Seq::new(0));
    }
    assert_eq!(dispatch.resend(&user("nobody"), Seq::new(0)).await, 0);
}

#[actix_rt::test]
async fn each_node_says_how_it_is_and_one_that_is_not_heard_says_nothing() {
    let nodes = Nodes::start().await;
    let _far = nodes.far("hana").await;
    let dispatch = &nodes.one.dispatch;
    nodes.two.dispatch.metrics().outbox_bytes.set(7);
    let names = |reports: &[NodeReport]| -> Vec<String> {
        reports.iter().map(|it| it.node.to_string()).collect()
    };
    let reports = dispatch.node_reports().await;
    assert_eq!(names(&reports), ["n1", "n2"]);
    assert_eq!([reports[0].outbox_bytes, reports[1].outbox_bytes], [0, 7]);
    assert_eq!(reports[1].version, env!("CARGO_PKG_VERSION"));
    nodes.tunnel.cut();
    assert_eq!(names(&dispatch.node_reports().await), ["n1"]);
}

#[actix_rt::test]
async fn what_is_said_in_a_room_has_one_order_on_all_nodes() {
    const EACH: usize = 200;
    let nodes = Nodes::start().await;
    let (mut near, mut far) = (nodes.one.client(0, "hana").await, nodes.far("taro").await);
    enter(&nodes.one, &near, "game_1").await;
    enter(&nodes.two, &far, "game_1").await;
    for number in 0..EACH {
        for (server, by) in [(&nodes.one, "one"), (&nodes.two, "two")] {
            let frame = said(&format!("{by}-{number}")).in_room(room("game_1"));
            server.dispatch.tell(To::Room(room("game_1")), frame);
        }
    }
    let (here, there) = (near.hears(2 * EACH).await, far.hears(2 * EACH).await);
    assert_eq!(here, there);
    for by in ["one", "two"] {
        let of_one = here.iter().filter(|name| name.starts_with(by));
        let expected = (0..EACH).map(|number| format!("{by}-{number}"));
        assert!(of_one.cloned().eq(expected));
    }
    let last = said("last").in_room(room("game_1"));
    let told = nodes
        .one
        .dispatch
        .tell_counted(To::Room(room("game_1")), last);
    assert_eq!(told.await, 2);
    let members = nodes
        .one
        .dispatch
        .room_members_everywhere(&room("game_1"), 9);
    let mut members = members.await;
    members.sort_unstable();
    assert_eq!(members, [(user("hana"), 1), (user("taro"), 1)]);
}

#[actix_rt::test]
async fn who_loses_a_room_is_out_of_it_on_all_nodes() {
    let nodes = Nodes::start().await;
    let mut far = nodes.far("hana").await;
    enter(&nodes.two, &far, "game_1").await;
    let dispatch = &nodes.one.dispatch;
    let to = To::User(user("hana"));
    let renewed = dispatch.renew(&to, &room("game_1"), None, Renewed::Grants);
    assert_eq!(renewed.await, 1);
    let left = dispatch.leave(&to, &room("game_1"), Some(crate::fixture::answer("left")));
    assert_eq!(left.await, 1);
    dispatch.tell(To::Room(room("game_1")), said("too late"));
    dispatch.tell(to, said("after it"));
    assert_eq!(far.hears(2).await, ["left", "after it"]);
}

#[actix_rt::test]
async fn of_two_states_that_cross_the_newer_is_told_last() {
    let nodes = Nodes::start().await;
    let (mut near, mut far) = (nodes.one.client(0, "hana").await, nodes.far("taro").await);
    enter(&nodes.one, &near, "game_1").await;
    enter(&nodes.two, &far, "game_1").await;
    let tell = |server: &Server, name: &str, revision| {
        let frame = cell(name, 1, Priority::Normal).in_room(room("game_1"));
        let frame = frame.revised(revision);
        server
            .dispatch
            .tell_counted(To::Room(room("game_1")), frame)
    };
    assert_eq!(tell(&nodes.one, "newer", 2).await, 2);
    assert_eq!(tell(&nodes.two, "older", 1).await, 0);
    assert_eq!(tell(&nodes.two, "newest", 3).await, 2);
    for person in [&mut near, &mut far] {
        let heard = person.hears(2).await;
        assert_eq!(heard, ["newer", "newest"]);
    }
}

/// Goal: states that come faster from another node than they can be written are thinned to the newest of each key.
#[actix_rt::test]
async fn a_flood_of_another_node_is_thinned_like_one_of_its_own() {
    const STATES: u32 = 5_000;
    let nodes = Nodes::start().await;
    let mut far = nodes.far("taro").await;
    enter(&nodes.two, &far, "game_1").await;
    far.stops_reading();
    for number in 0..STATES {
        let frame = cell(&number.to_string(), number % 3, Priority::Normal);
        let to = To::Room(room("game_1"));
        nodes.one.dispatch.tell(to, frame.in_room(room("game_1")));
    }
    let last = said("last").in_room(room("game_1"));
    let told = nodes
        .one
        .dispatch
        .tell_counted(To::Room(room("game_1")), last);
    assert_eq!(told.await, 1);
    far.reads_on();
    let mut heard = far.hears(4).await;
    heard.sort_unstable();
    assert_eq!(heard, ["4997", "4998", "4999", "last"]);
}

#[actix_rt::test]
async fn a_durable_event_is_found_in_the_inbox_when_its_hint_is_lost() {
    let nodes = Nodes::start().await;
    let (hana, mut far) = (user("hana"), nodes.far("hana").await);
    let durable = |name| event(name, Kind::Durable, Priority::Normal, None);
    let seq = nodes.store(&hana).await;
    nodes.one.dispatch.durable(&hana, seq, &durable("heard"));
    assert_eq!(far.hears(1).await, ["heard"]);
    nodes.tunnel.cut();
    nodes.two.link_is(Link::Down).await;
    let seq = nodes.store(&hana).await;
    nodes.one.dispatch.durable(&hana, seq, &durable("lost"));
    // It looks every second now.
    far.is_told_to_read().await;
    assert!(far.heard().is_empty());
    nodes.tunnel.heal();
    nodes.two.link_is(Link::Up).await;
    nodes.store(&hana).await;
    // One that nobody told of is found at the next gap.
    nodes.tunnel.cut();
    nodes.two.link_is(Link::Down).await;
    nodes.tunnel.heal();
    nodes.two.link_is(Link::Up).await;
    far.is_told_to_read().await;
}

#[actix_rt::test]
async fn a_node_that_is_cut_off_serves_its_own() {
    let nodes = Nodes::start().await;
    let (near, mut far) = (nodes.one.client(0, "hana").await, nodes.far("taro").await);
    enter(&nodes.one, &near, "game_1").await;
    enter(&nodes.two, &far, "game_1").await;
    let gaps = nodes.two.dispatch.gaps();
    nodes.tunnel.cut();
    nodes.two.link_is(Link::Down).await;
    let dispatch = &nodes.two.dispatch;
    let in_room = |name: &str| said(name).in_room(room("game_1"));
    let told = dispatch.tell_counted(To::Room(room("game_1")), in_room("a"));
    assert_eq!(told.await, 1);
    assert_eq!(
        dispatch
            .tell_counted(To::User(user("taro")), said("b"))
            .await,
        1
    );
    assert_eq!(dispatch.devices(&user("hana")).await, []);
    // Let in without Redis, and heard when it is back.
    let mut newcomer = nodes.two.client(1, "jiro").await;
    dispatch.hear_user(&user("jiro")).await;
    enter(&nodes.two, &newcomer, "game_2").await;
    nodes.tunnel.heal();
    nodes.two.link_is(Link::Up).await;
    let dispatch = &nodes.one.dispatch;
    dispatch.tell(To::User(user("jiro")), said("c"));
    dispatch.tell(To::Room(room("game_2")), said("d").in_room(room("game_2")));
    dispatch.tell(To::Room(room("game_1")), in_room("e"));
    assert_eq!(newcomer.hears(2).await, ["c", "d"]);
    assert_eq!(far.hears(3).await, ["a", "b", "e"]);
    assert!(gaps.has_changed().unwrap());
}

/// Goal: what a second node costs. To be run in release, with `--ignored --nocapture`.
#[actix_rt::test]
#[ignore = "measures"]
async fn what_a_second_node_adds() {
    const TIMES: u32 = 5_000;
    let mut nodes = Nodes::start().await;
    // Without a tunnel on the way.
    nodes.two = Server::node("n3", nodes.redis.address(), &nodes.store).await;
    let (mut near, mut far) = (nodes.one.client(0, "hana").await, nodes.far("taro").await);
    enter(&nodes.one, &near, "game_1").await;
    enter(&nodes.two, &far, "game_1").await;
    let dispatch = &nodes.one.dispatch;
    let in_room = said("a").in_room(room("game_1"));
    let user_to = |name: &str| vec![To::User(user(name))];
    for (what, to, frame) in [
        ("to a user of this node", user_to("hana"), said("a")),
        ("to a user of the other", user_to("taro"), said("a")),
        ("to everybody", vec![To::Everyone], said("a")),
        ("in a room", vec![To::Room(room("game_1"))], in_room),
    ] {
        let mut spans = [Vec::new(), Vec::new()];
        for _ in 0..TIMES {
            let began = Instant::now();
            to.iter()
                .for_each(|to| dispatch.tell(to.clone(), frame.clone()));
            let one = matches!(to[0], To::User(_));
            if !one || what.ends_with("this node") {
                near.write().await;
                spans[0].push(began.elapsed());
            }
            if !one || what.ends_with("other") {
                far.write().await;
                spans[1].push(began.elapsed());
            }
        }
        for (spans, whose) in spans.iter_mut().zip(["this node", "the other node"]) {
            spans.sort_unstable();
            if let Some(median) = spans.get(spans.len() / 2) {
                let worst = spans[spans.len() * 99 / 100];
                println!("{what}, a client of {whose}: p50 {median:?}, p99 {worst:?}");
            }
        }
    }
}
