//! The points of a new day: once for each account and local day, over restarts and clocks that are set.

use futures_util::future::join_all;
use otomo::points::recovery::{BATCH, step};
use serde_json::Value;

use crate::fixture::{Server, order, time};

/// 30 points at four in the morning in Tokyo, up to 100.
const SETTINGS: [(&str, &str); 4] = [
    ("points.recovery_amount", "30"),
    ("points.recovery_cap", "100"),
    ("points.recovery_at", "04:00"),
    ("points.time_zone", "Asia/Tokyo"),
];

/// A server at noon in Tokyo, on a day whose points nobody had yet.
fn at_noon() -> Server {
    Server::start(time("2026-11-25T03:00Z"), &SETTINGS)
}

async fn grant(server: &Server, name: &str, points: i64) {
    server.order(order(name, "gift", points)).await.unwrap();
}

/// The days that somebody had points of, by what they were told.
async fn days(server: &Server, name: &str) -> Vec<String> {
    let told = server.told(name).await;
    let days = told.iter().filter(|it| it["type"] == "sp_daily_recovery");
    days.map(|it| it["date"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_rt::test]
async fn each_account_gets_what_it_has_room_for_and_is_told() {
    let server = at_noon();
    for (name, points) in [("ann", 5), ("ben", 90), ("cat", 100), ("dan", 500)] {
        grant(&server, name, points).await;
    }
    assert_eq!(server.recover().await, 2);
    for (name, balance, events) in [
        ("ann", 35, 2),
        ("ben", 100, 2),
        ("cat", 100, 1),
        ("dan", 500, 1),
    ] {
        assert_eq!(server.balance(name).await, balance, "{name}");
        assert_eq!(server.told(name).await.len(), events, "{name}");
    }
    let told = server.told("ben").await;
    let last = told.last().unwrap();
    let mut fields: Vec<&str> = last
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["balance_after", "date", "timestamp", "total_amount", "type"]
    );
    assert_eq!(
        (
            &last["type"],
            &last["total_amount"],
            &last["balance_after"],
            &last["date"]
        ),
        (
            &Value::from("sp_daily_recovery"),
            &10.into(),
            &100.into(),
            &"2026-11-25".into()
        )
    );
    assert_eq!(last["timestamp"], "2026-11-25T03:00:00.000Z");
    let history = server.history("ben").await;
    assert_eq!(history[1].purpose.transaction_type, "daily_recovery");
    assert_eq!(history[1].balance_before(), 90);
}

#[actix_rt::test]
async fn a_day_comes_once_over_restarts_and_clocks_that_are_set() {
    let mut server = at_noon();
    grant(&server, "ann", 1).await;
    // Where the clock is set, one after the other, and how many accounts get something there.
    for (now, accounts) in [
        ("2026-11-25T03:00Z", 1),
        ("2026-11-25T03:00Z", 0),
        ("2026-11-25T14:59:59Z", 0),
        // Midnight in Tokyo, then four o'clock.
        ("2026-11-25T15:00Z", 0),
        ("2026-11-25T18:59:59Z", 0),
        ("2026-11-25T19:00Z", 1),
        // Back to the day before, and forward again.
        ("2026-11-25T03:00Z", 0),
        ("2026-11-25T19:00Z", 0),
        ("2026-11-26T10:00Z", 0),
        // Three days away: the last one comes, those before it do not.
        ("2026-11-29T01:00Z", 1),
        ("2026-11-29T01:00Z", 0),
        // Back to a day that was missed, whose points come now that it is that day.
        ("2026-11-28T01:00Z", 1),
        ("2026-11-29T01:00Z", 0),
    ] {
        server.is_at(now);
        // So that none is left out because there is no room.
        let spend = order(
            "ann",
            &format!("{now}-{accounts}"),
            -server.balance("ann").await.max(1),
        );
        let spent = server.order(spend).await;
        assert_eq!(
            server.recover().await,
            accounts,
            "at {now}, after {spent:?}"
        );
        server = server.restarts().await;
        assert_eq!(server.recover().await, 0, "after a restart at {now}");
    }
    assert_eq!(
        days(&server, "ann").await,
        ["2026-11-25", "2026-11-26", "2026-11-29", "2026-11-28"]
    );
}

/// Goal: a server that dies in the middle of the walk goes on where it was.
/// Method: it dies after each step; there are accounts for two whole steps and a part of one.
#[actix_rt::test]
async fn who_dies_on_the_way_goes_on_from_there() {
    let mut server = at_noon();
    let count = BATCH as usize * 2 + 7;
    let names: Vec<String> = (0..count).map(|n| format!("user-{n:05}")).collect();
    join_all(names.iter().map(|name| grant(&server, name, 1))).await;
    let mut steps = Vec::new();
    loop {
        let recovery = server.recovery.clone();
        let one = server.store.write(move |tx| step(tx, &recovery));
        let Some(done) = one.await.unwrap() else {
            break;
        };
        // Killed after the commit: nobody was told, but it is in the inbox.
        steps.push(done.told.len());
        assert!(steps.len() <= 3, "it goes on: {steps:?}");
        server = server.restarts().await;
    }
    assert_eq!(steps, [BATCH as usize, BATCH as usize, 7]);
    assert_eq!(server.recover().await, 0);
    for name in &names {
        assert_eq!(server.balance(name).await, 31, "{name}");
        assert_eq!(days(&server, name).await.len(), 1, "{name}");
    }
}

#[actix_rt::test]
async fn a_walk_ends_with_its_day_and_the_next_begins_anew() {
    let server = at_noon();
    let names: Vec<String> = (0..=BATCH).map(|n| format!("user-{n:05}")).collect();
    join_all(names.iter().map(|name| grant(&server, name, 1))).await;
    let recovery = server.recovery.clone();
    let one = server.store.write(move |tx| step(tx, &recovery));
    assert_eq!(one.await.unwrap().unwrap().told.len(), BATCH as usize);
    server.is_at("2026-11-25T15:00Z");
    assert_eq!(server.recover().await, 0, "it is another day");
    server.is_at("2026-11-25T19:00Z");
    assert_eq!(server.recover().await, names.len());
    let last = names.last().unwrap();
    assert_eq!(
        (server.balance(&names[0]).await, server.balance(last).await),
        (61, 31)
    );
}

#[actix_rt::test]
async fn who_makes_room_behind_the_walk_waits_for_the_next_day() {
    let server = at_noon();
    grant(&server, "ann", 100).await;
    assert_eq!(server.recover().await, 0);
    server.order(order("ann", "spend", -50)).await.unwrap();
    grant(&server, "ben", 1).await;
    assert_eq!(server.recover().await, 0);
    server.is_at("2026-11-25T19:00Z");
    assert_eq!(server.recover().await, 2);
}

/// A walk that was forgotten (another hand, an old backup of one table) gives nobody anything twice.
#[actix_rt::test]
async fn the_key_of_the_day_holds_even_if_the_walk_is_forgotten() {
    use diesel::RunQueryDsl as _;
    use otomo::store::{StoreError, run, sql::schema::point_recoveries};
    let server = at_noon();
    grant(&server, "ann", 1).await;
    assert_eq!(server.recover().await, 1);
    let forget = server.store.write(|tx| -> Result<usize, StoreError> {
        run!(tx, |c| diesel::delete(point_recoveries::table).execute(c))
    });
    assert_eq!(forget.await.unwrap(), 1);
    assert_eq!(server.recover().await, 0);
    assert_eq!(server.balance("ann").await, 31);
}
