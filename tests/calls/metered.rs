//! Metered calls: charges, the row and the caller's inbox in one transaction, whatever happens around it.

use std::time::Duration;

use diesel::{ExpressionMethods as _, RunQueryDsl as _};
use otomo::{
    calls::{
        CallsFault, ClientCommand, records,
        rules::{
            command::{Command, Happening},
            effect::TimelineEvent,
            ending::By,
            meter::Moment,
            policy::Policy,
            step::advance,
        },
    },
    cluster::alive,
    kernel::{
        ids::CallId,
        time::{Clock, Timestamp},
    },
    store::{StoreError, run, sql::schema::nodes},
};
use serde_json::{Value, json};

use crate::{
    calling::talk,
    fixture::{Fixture, Server, user},
    phone::Phone,
    waiting::eventually,
};

const START: Timestamp = Timestamp::from_millis(1_706_604_120_000);

/// Taro, who has points, talks with Hana, who costs 100 a minute.
struct Scene {
    fixture: Fixture,
    clock: Clock,
    server: Server,
    taro: Phone,
    hana: Phone,
    call: CallId,
}

impl Scene {
    async fn with(points: i64, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(START);
        let fixture = Fixture::new(settings).by(&clock);
        let server = fixture.server().await;
        server.costs("hana", 100).await;
        let mut hana = server.connect("hana-1").await;
        let mut taro = server.connect("taro-1").await;
        server.grants("taro", points).await;
        taro.hears(&["sp_update"]).await;
        let call = talk(&mut taro, &mut hana).await;
        Self {
            fixture,
            clock,
            server,
            taro,
            hana,
            call,
        }
    }

    /// So many seconds pass.
    fn passes(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The numbers of the charges in the ledger: each for one minute, and none beside those that the call counts.
    async fn charges(&self) -> Vec<i64> {
        let charges = self.server.charges("taro", self.call).await;
        let call = self.server.call(self.call).await;
        assert_eq!(charges.len(), call.charges() as usize);
        assert_eq!(call.charged_points(), 100 * i64::from(call.charges()));
        let number = |charge: &otomo::points::order::Transaction| {
            assert_eq!(charge.amount, -100);
            charge.purpose.metadata["tickNumber"].as_i64().unwrap()
        };
        charges.iter().map(number).collect()
    }

    /// The server dies and is back after so many seconds.
    async fn restarts_after(self, seconds: u64) -> Self {
        self.server.dies().await;
        self.clock.advance(Duration::from_secs(seconds));
        let server = self.fixture.server().await;
        Self { server, ..self }
    }
}

/// The caller hears of a charge: the balance and the tick, in either order. The one is durable and the other is not, and an
/// outbox has a lane for each.
async fn charged(taro: &mut Phone) -> (Value, Value) {
    let mut told = [taro.next().await, taro.next().await];
    told.sort_by_key(|it| it["type"] == "call_tick");
    let [update, tick] = told;
    assert_eq!(
        (&update["type"], &tick["type"]),
        (&json!("sp_update"), &json!("call_tick"))
    );
    (update, tick)
}

fn of_tick(tick: &Value) -> (i64, i64, i64, &str) {
    let number = |name: &str| tick[name].as_i64().unwrap();
    (
        number("tickNumber"),
        number("chargedPoints"),
        number("totalChargedPoints"),
        tick["status"].as_str().unwrap(),
    )
}

#[actix_rt::test]
async fn each_minute_is_charged_once_and_told_to_both() {
    let mut scene = Scene::with(1_000, &[]).await;
    for minute in 1..=3_i64 {
        scene.passes(60);
        let (update, tick) = charged(&mut scene.taro).await;
        assert_eq!(update["current_sp"], 1_000 - 100 * minute);
        assert_eq!(update["transaction_type"], "call_charge");
        assert_eq!(of_tick(&tick), (minute, 100, 100 * minute, "ok"));
        assert_eq!(tick["userBalance"], 1_000 - 100 * minute);
        assert_eq!(tick["durationSeconds"], 60 * minute);
        let told = scene.hana.hears(&["call_tick"]).await;
        assert_eq!(of_tick(&told), of_tick(&tick));
        assert_eq!(told["userBalance"], Value::Null, "not the otomo's to know");
    }
    assert_eq!(scene.charges().await, [1, 2, 3]);

    scene.passes(30);
    scene.hana.asks(ClientCommand::End(scene.call));
    let end = scene.taro.hears(&["call_end"]).await;
    assert_eq!(
        (&end["totalChargedPoints"], &end["durationSeconds"]),
        (&json!(300), &json!(210))
    );
    assert_eq!(scene.charges().await, [1, 2, 3]);
    let lines = scene.server.calls.timeline(scene.call).await.unwrap();
    let charged = lines.iter().filter(|line| line.event.as_str() == "charged");
    let details: Vec<_> = charged.filter_map(|line| line.detail.clone()).collect();
    assert_eq!(details.len(), 3);
    assert_eq!(details[2], "charge 3, 300 points in all");
}

#[actix_rt::test]
async fn a_free_call_costs_nothing_and_ticks_not() {
    let clock = Clock::manual(START);
    let fixture = Fixture::new(&[]).by(&clock);
    let server = fixture.server().await;
    let mut yuki = server.connect("yuki-1").await;
    let mut taro = server.connect("taro-1").await;
    let call = taro.calls("yuki");
    taro.hears(&["call_request_ack"]).await;
    yuki.hears(&["incoming_call"]).await;
    yuki.asks(ClientCommand::Accept(call));
    for phone in [&mut taro, &mut yuki] {
        phone.hears_until("signaling_start").await;
        phone.asks(ClientCommand::Connected(call));
    }
    taro.hears(&["call_connected"]).await;
    assert_eq!(server.call(call).await.due_at(), None, "nothing falls due");
    clock.advance(Duration::from_secs(600));
    taro.asks(ClientCommand::End(call));
    let end = taro.hears(&["call_end"]).await;
    assert_eq!(end["totalChargedPoints"], 0);
}

#[actix_rt::test]
async fn who_cannot_pay_a_minute_hears_so_and_may_try_the_same_call_again() {
    let clock = Clock::manual(START);
    let fixture = Fixture::new(&[]).by(&clock);
    let server = fixture.server().await;
    server.costs("hana", 100).await;
    let mut hana = server.connect("hana-1").await;
    let mut taro = server.connect("taro-1").await;
    server.grants("taro", 99).await;
    taro.hears(&["sp_update"]).await;
    let call = CallId::new();
    let request = || ClientCommand::Request {
        to: user("hana"),
        call,
    };
    taro.asks(request());
    let error = taro.hears(&["error"]).await;
    assert_eq!(error["code"], "INSUFFICIENT_POINTS");
    let context = json!({"callId": call, "required": 100, "balance": 99});
    assert_eq!(error["context"], context);
    assert!(server.find(call).await.is_none(), "nothing is stored");
    assert!(hana.heard().is_empty());
    let head = server
        .store
        .read(|conn| otomo::delivery::inbox::records::extent(conn, &user("taro")));
    assert_eq!(head.await.unwrap().head.get(), 1, "the gift alone");

    server.grants("taro", 1).await;
    taro.hears(&["sp_update"]).await;
    taro.asks(request());
    taro.hears(&["call_request_ack"]).await;
    hana.hears(&["incoming_call"]).await;
}

#[actix_rt::test]
async fn low_balance_is_told_a_minute_ahead_and_ends_the_call() {
    let mut scene = Scene::with(150, &[]).await;
    scene.passes(60);
    let (_, tick) = charged(&mut scene.taro).await;
    assert_eq!(of_tick(&tick), (1, 100, 100, "low_balance"));
    scene.passes(60);
    let tick = scene.taro.hears(&["call_tick"]).await;
    assert_eq!(of_tick(&tick), (2, 0, 100, "ended"));
    assert_eq!(tick["userBalance"], 50);
    let end = scene.taro.hears(&["call_end"]).await;
    assert_eq!(
        (&end["reason"], &end["totalChargedPoints"]),
        (&json!("low_balance"), &json!(100))
    );
    assert_eq!(end["durationSeconds"], 120);
    scene
        .hana
        .hears(&["call_tick", "call_tick", "call_end"])
        .await;
    let end = scene.server.end(scene.call).await;
    assert_eq!(end, "completed, low_balance");
    assert_eq!(scene.charges().await, [1]);
    assert_eq!(scene.server.balance("taro").await, 50);
}

#[actix_rt::test]
async fn points_that_come_before_the_charge_let_the_call_go_on() {
    let mut scene = Scene::with(100, &[]).await;
    scene.passes(60);
    charged(&mut scene.taro).await;
    scene.passes(59);
    scene.server.grants("taro", 100).await;
    scene.taro.hears(&["sp_update"]).await;
    scene.passes(1);
    let (_, tick) = charged(&mut scene.taro).await;
    assert_eq!(of_tick(&tick), (2, 100, 200, "low_balance"));
}

#[actix_rt::test]
async fn the_minute_that_has_begun_costs_what_is_configured() {
    for (partial, charges, status) in [("none", vec![1], "ok"), ("full", vec![1, 2], "ended")] {
        let mut scene = Scene::with(1_000, &[("calls.partial_minute", partial)]).await;
        scene.passes(61);
        charged(&mut scene.taro).await;
        scene.taro.asks(ClientCommand::End(scene.call));
        let heard = scene.taro.hears_until("call_end").await;
        let end = &heard[heard.len() - 1];
        assert_eq!(end["totalChargedPoints"], 100 * charges.len(), "{partial}");
        let heard = scene.hana.hears_until("call_end").await;
        let tick = &heard[heard.len() - 2];
        assert_eq!(tick["status"], status, "{partial}");
        assert_eq!(scene.charges().await, charges, "{partial}");
    }
}

#[actix_rt::test]
async fn a_call_over_a_restart_is_charged_once_per_minute() {
    let mut scene = Scene::with(1_000, &[]).await;
    scene.passes(60);
    charged(&mut scene.taro).await;
    let mut scene = scene.restarts_after(130).await;
    assert_eq!(scene.charges().await, [1], "nobody is back");

    scene.hana = scene.server.connect("hana-1").await;
    scene.hana.hears_until("call_tick").await;
    scene.taro = scene.server.connect("taro-1").await;
    // Only then is it stored that he is back, and no grace runs any more.
    scene.hana.hears_until("call_peer_back").await;
    assert_eq!(scene.charges().await, [1, 2, 3]);
    scene.passes(49);
    scene.taro.asks(ClientCommand::End(scene.call));
    let end = scene.taro.hears_until("call_end").await;
    let end = &end[end.len() - 1];
    assert_eq!(
        (&end["totalChargedPoints"], &end["durationSeconds"]),
        (&json!(300), &json!(239))
    );
    assert_eq!(scene.charges().await, [1, 2, 3]);
}

#[actix_rt::test]
async fn a_call_to_which_nobody_comes_back_has_ended_at_the_last_sign_of_life() {
    let mut scene = Scene::with(1_000, &[]).await;
    scene.passes(60);
    charged(&mut scene.taro).await;
    scene.passes(30);
    let lives = |tx: &mut otomo::store::Tx<'_>| alive::record(tx, &"node-1".parse().unwrap());
    let lives = scene.server.store.write::<_, StoreError, _>(lives);
    lives.await.unwrap();
    scene.passes(5);
    let scene = scene.restarts_after(130).await;
    eventually("the caller counts as lost", async || {
        scene.server.call(scene.call).await.lost().caller.is_some()
    })
    .await;
    scene.passes(10);
    let end = scene.server.end(scene.call).await;
    assert_eq!(end, "completed, disconnect");
    assert_eq!(scene.charges().await, [1]);
    let call = scene.server.call(scene.call).await;
    assert_eq!(call.duration(), Duration::from_secs(90));
    assert_eq!(scene.server.balance("taro").await, 900);
}

#[actix_rt::test]
async fn a_sign_of_life_that_is_yet_to_come_charges_nobody_for_a_downtime() {
    let mut scene = Scene::with(1_000, &[]).await;
    scene.passes(60);
    charged(&mut scene.taro).await;
    let ahead = (scene.clock.now() + Duration::from_secs(3_600)).millis();
    let lives = move |tx: &mut otomo::store::Tx<'_>| {
        alive::record(tx, &"node-1".parse().unwrap())?;
        run!(tx, |c| diesel::update(nodes::table)
            .set(nodes::alive_at.eq(ahead))
            .execute(c))
        .map(drop)
    };
    let lives = scene.server.store.write::<_, StoreError, _>(lives);
    lives.await.unwrap();
    let scene = scene.restarts_after(1_800).await;
    eventually("the caller counts as lost", async || {
        scene.server.call(scene.call).await.lost().caller.is_some()
    })
    .await;
    scene.passes(10);
    assert_eq!(scene.server.end(scene.call).await, "completed, disconnect");
    assert_eq!(scene.charges().await, [1]);
    assert_eq!(scene.server.balance("taro").await, 900);
}

#[actix_rt::test]
async fn two_nodes_charge_each_minute_once() {
    let clock = Clock::manual(START);
    let fixture = Fixture::new(&[]).by(&clock);
    let (server, other) = (fixture.server().await, fixture.node("node-2").await);
    server.costs("hana", 100).await;
    server.grants("taro", 2_000).await;
    let mut hana = server.connect("hana-1").await;
    let mut taro = server.connect("taro-1").await;
    let call = talk(&mut taro, &mut hana).await;
    for minute in 1..=8_u32 {
        clock.advance(Duration::from_secs(60));
        // Both sweep, and both are asked to look at the call at once.
        let asked = futures_util::future::join_all(
            [&server, &other, &server, &other].map(|node| node.calls.media(call, true)),
        );
        for answer in asked.await {
            assert!(matches!(answer, Ok(()) | Err(CallsFault::Contended)));
        }
        eventually("the minute is charged", async || {
            server.call(call).await.charges() == minute
        })
        .await;
        let charges = server.charges("taro", call).await;
        assert_eq!(charges.len(), minute as usize);
    }
    assert_eq!(server.balance("taro").await, 1_200);
    let lines = server.calls.timeline(call).await.unwrap();
    let charged = lines.iter().filter(|line| line.event.as_str() == "charged");
    assert_eq!(charged.count(), 8);
}

/// Charges are made here.
const LEDGER: &str = "point_transactions";

#[actix_rt::test]
async fn a_charge_that_could_not_be_stored_is_told_and_made_later() {
    let mut scene = Scene::with(1_000, &[]).await;
    scene.fixture.database.refuse("INSERT", LEDGER);
    scene.passes(60);
    let error = scene.taro.hears(&["error"]).await;
    assert_eq!(error["code"], "BILLING_FAILED");
    let context = json!({"callId": scene.call, "tickNumber": 1});
    assert_eq!(error["context"], context);
    assert!(scene.charges().await.is_empty());
    assert!(scene.server.call(scene.call).await.is_live());

    // The second falls due meanwhile.
    scene.passes(60);
    scene.fixture.database.relent(LEDGER);
    let mut told = Vec::new();
    while told.len() < 4 {
        told.push(scene.taro.next().await);
    }
    let ticks: Vec<_> = told.iter().filter(|it| it["type"] == "call_tick").collect();
    assert_eq!(of_tick(ticks[0]), (1, 100, 100, "ok"));
    assert_eq!(of_tick(ticks[1]), (2, 100, 200, "ok"));
    assert_eq!(scene.charges().await, [1, 2]);
    scene.hana.hears(&["call_tick", "call_tick"]).await;
}

#[actix_rt::test]
async fn a_failure_is_told_once_and_nothing_is_half_done() {
    let mut scene = Scene::with(1_000, &[]).await;
    scene.fixture.database.refuse("INSERT", LEDGER);
    scene.passes(60);
    scene.taro.hears(&["error"]).await;
    // Who asks for something behind the charge is told that it was not done either.
    for _ in 0..2 {
        scene.taro.asks(ClientCommand::End(scene.call));
        let error = scene.taro.hears(&["error"]).await;
        assert_eq!(error["code"], "INTERNAL_ERROR");
    }
    assert_eq!(scene.server.balance("taro").await, 1_000);
    scene.fixture.database.relent(LEDGER);
    scene.taro.asks(ClientCommand::End(scene.call));
    let heard = scene.taro.hears_until("call_end").await;
    let errors = heard.iter().filter(|it| it["type"] == "error").count();
    assert_eq!(errors, 0, "{heard:?}");
    assert_eq!(scene.charges().await, [1]);
}

#[actix_rt::test]
async fn a_charge_that_nobody_was_told_of_is_told() {
    let mut scene = Scene::with(1_000, &[]).await;
    eventually("the call is connected", async || {
        scene.server.call(scene.call).await.version == 5
    })
    .await;
    // A node does what is due at a minute, up to the commit. Then it is dead.
    let (call, policy) = (scene.call, Policy::from(&scene.server.config.calls));
    let stored = scene.server.store.write(move |tx| {
        let call = records::find(tx, call)?.unwrap();
        let moment = Moment {
            now: call.due_at().unwrap(),
            balance: 1_000,
        };
        let passed = Command::Happened(Happening::DeadlinePassed);
        let next = advance(&call, &passed, moment, &policy)
            .overdue
            .remove(0)
            .next;
        records::update(tx, &next)?;
        records::timeline::append(tx, &next, TimelineEvent::Charged, By::System)
    });
    stored.await.unwrap();
    // Long enough for another node to wonder.
    scene.passes(3);
    for phone in [&mut scene.taro, &mut scene.hana] {
        let tick = phone.hears(&["call_connected", "call_tick"]).await;
        assert_eq!(of_tick(&tick), (1, 100, 100, "ok"));
        assert_eq!(tick["durationSeconds"], 60);
    }
}

#[actix_rt::test]
async fn a_session_begins_with_what_its_call_costs() {
    let mut scene = Scene::with(1_000, &[]).await;
    scene.passes(60);
    charged(&mut scene.taro).await;
    let snapshot = scene.server.calls.snapshot(&scene.taro.client).await;
    let snapshot = json!(snapshot.unwrap());
    assert_eq!(snapshot["call"]["pricePerMinute"], 100);
    assert_eq!(snapshot["call"]["totalChargedPoints"], 100);
    scene.taro.asks(ClientCommand::End(scene.call));
    scene.taro.hears(&["call_end"]).await;
    let snapshot = scene.server.calls.snapshot(&scene.taro.client).await;
    let snapshot = json!(snapshot.unwrap());
    assert_eq!(snapshot["recent"][0]["totalChargedPoints"], 100);
}
