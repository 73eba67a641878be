//! What a server tells while something in its database is damaged and nobody has mended it yet: all the rest.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::{Api, send},
    support::{Endpoint, Process},
    town::{self, SETTINGS},
    ward::{Kind, Ward},
};

/// What an event may be damaged to, and whether only SQLite lets anybody store it.
const EVENTS: [(&str, bool); 7] = [
    ("body = '{{'", false),
    ("body = '[]'", false),
    ("body = ''", false),
    ("topic = 'gossip'", false),
    ("body = x'ff41'", true),
    ("topic = CAST(x'ff41' AS TEXT)", true),
    ("body = CAST(x'7bff7d' AS TEXT)", true),
];

/// The event that is damaged: the second that Taro has.
const SECOND: &str = "id = (SELECT event_id FROM inbox WHERE user_id = 'taro' AND seq = 2)";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_returns_hears_all_but_an_event_that_cannot_be_read() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (damage, only_sqlite) in EVENTS {
            if only_sqlite && kind == Kind::Postgres {
                continue;
            }
            let ward = Ward::new(kind).await;
            ward.breaks(&format!("UPDATE events SET {damage} WHERE {SECOND}"));
            let url = ward.url();
            let settings = [&SETTINGS[..], &[("database.url", &url)]].concat();
            let (server, log) = Process::start_logging(&settings, "warn").await;
            let resumed = heard_again(&server).await;
            let last = *seqs(&resumed).last().unwrap();
            let others: Vec<u64> = (1..=last).filter(|seq| *seq != 2).collect();
            assert!(last > 4, "{resumed:?}");
            assert_eq!(seqs(&resumed), others, "{damage}");
            says_what_is_lost(&resumed);
            let taro = Api::of(&server, "taro", Role::User);
            let inbox = taro.get("/api/inbox").await.ok();
            assert_eq!(seqs(inbox["items"].as_array().unwrap()), [1], "{damage}");
            assert_eq!(inbox["resync"], "retention", "{damage}");
            says_what_is_lost(&heard_again(&server).await);
            // Nothing of what comes after it is lost.
            let after = taro.get("/api/inbox?after=2").await.ok();
            assert_eq!(
                seqs(after["items"].as_array().unwrap()),
                others[1..],
                "{damage}"
            );
            assert_eq!(after.get("resync"), None, "{damage}");
            let said = std::fs::read_to_string(&log).unwrap();
            let warned = said.lines().filter(|line| line.contains("is left out"));
            assert_eq!(warned.count(), 1, "{said}");

            drop(server);
            ward.is_left().await;
            let repair = ward.repairs();
            assert_eq!(repair.code, 3, "{damage}: {}", repair.text);
            assert!(repair.text.contains("inbox-stream"), "{}", repair.text);
            ward.repairs().finds_nothing();
            town::goes_on(&ward.serve().await).await;
        }
    }
}

/// A client is told of each place in its stream that it cannot hear, before what comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn each_event_that_is_lost_or_damaged_is_told_in_its_turn() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let fourth = SECOND.replace("seq = 2", "seq = 4");
        ward.breaks(&format!("DELETE FROM events WHERE {SECOND}"));
        ward.breaks(&format!("UPDATE events SET body = '[]' WHERE {fourth}"));
        let url = ward.url();
        let settings = [&SETTINGS[..], &[("database.url", &url)]].concat();
        let server = Process::start_with(&settings).await;
        let heard = heard_again(&server).await;
        let words: Vec<(usize, &Value)> = heard
            .iter()
            .enumerate()
            .filter(|(_, it)| it["type"] == "resync")
            .map(|(place, it)| (place, &it["seq"]))
            .collect();
        assert_eq!(words, [(1, &json!(2)), (3, &json!(4))], "{heard:?}");
        assert_eq!(seqs(&heard)[..2], [1, 3], "{heard:?}");
        follows_itself(&heard);
        // Over REST a page ends where something is lost.
        let taro = Api::of(&server, "taro", Role::User);
        for (after, place, told) in [(0, 2, vec![1]), (2, 4, vec![3])] {
            let page = taro.get(&format!("/api/inbox?after={after}")).await.ok();
            assert_eq!(seqs(page["items"].as_array().unwrap()), told, "{page}");
            assert_eq!(
                (&page["seq"], &page["resync"]),
                (&json!(place), &json!("retention"))
            );
        }
    }
}

/// However long a run is, nobody reads or is told anything for each event in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_lost_and_damaged_events_is_told_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let third = SECOND.replace("seq = 2", "seq = 3");
        ward.breaks(&format!("DELETE FROM events WHERE {SECOND}"));
        ward.breaks(&format!("UPDATE events SET body = '[]' WHERE {third}"));
        let url = ward.url();
        let settings = [&SETTINGS[..], &[("database.url", &url)]].concat();
        let server = Process::start_with(&settings).await;
        let heard = heard_again(&server).await;
        let resync = json!({"type": "resync", "reason": "retention", "firstSeq": 4, "seq": 3});
        assert_eq!(heard[1], resync, "{heard:?}");
        assert_eq!(seqs(&heard)[..2], [1, 4], "{heard:?}");
        let words = heard.iter().filter(|it| it["type"] == "resync");
        assert_eq!(words.count(), 1, "{heard:?}");
        follows_itself(&heard);
        let taro = Api::of(&server, "taro", Role::User);
        let page = taro.get("/api/inbox?after=0").await.ok();
        assert_eq!(seqs(page["items"].as_array().unwrap()), [1], "{page}");
        assert_eq!(
            (&page["seq"], &page["resync"]),
            (&json!(3), &json!("retention"))
        );
    }
}

/// What Taro hears of his stream who had heard nothing yet.
async fn heard_again(server: &Endpoint) -> Vec<Value> {
    let connecting = server.connecting("taro", Role::User);
    let mut taro = connecting.with_last_seq(0).open().await;
    let heard = taro.up_to("ready", |event| event["type"] == "ready").await;
    let is_of_it = |it: &Value| it["prev"].is_u64() || it["type"] == "resync";
    heard.into_iter().filter(is_of_it).collect()
}

/// The places of events.
fn seqs(events: &[Value]) -> Vec<u64> {
    let events = events.iter().filter(|it| it["type"] != "resync");
    events.map(|it| it["seq"].as_u64().unwrap()).collect()
}

/// A client counts on it that nothing is lost if `prev` is its own last, so it is told where that is not so.
fn says_what_is_lost(heard: &[Value]) {
    let resync = json!({"type": "resync", "reason": "retention", "firstSeq": 3, "seq": 2});
    assert_eq!(heard[1], resync, "{heard:?}");
    let words = heard.iter().filter(|it| it["type"] == "resync");
    assert_eq!(words.count(), 1, "{heard:?}");
    follows_itself(heard);
}

/// Each event follows what was heard before it.
fn follows_itself(heard: &[Value]) {
    let mut own_last = 0;
    for event in heard {
        if event["type"] != "resync" {
            assert_eq!(event["prev"], own_last, "{event}");
        }
        own_last = event["seq"].as_u64().unwrap();
    }
}

/// A row of each table that is not of Jiro alone, and that is damaged.
const DAMAGED: [(&str, &str); 12] = [
    ("users", "id = 'taro'"),
    ("otomo", "user_id = 'yuki'"),
    ("calls", "outcome = 'rejected'"),
    (
        "call_events",
        "version = 1 AND call_id = (SELECT id FROM calls WHERE outcome = 'completed')",
    ),
    ("conversations", "kind = 'group'"),
    (
        "members",
        "user_id = 'taro' AND conversation_id = (SELECT id FROM conversations WHERE kind = 'direct')",
    ),
    ("messages", "seq = 3"),
    (
        "events",
        "id = (SELECT event_id FROM inbox WHERE user_id = 'jiro' AND seq = 2)",
    ),
    ("inbox", "user_id = 'jiro' AND seq = 2"),
    ("friendships", "user_id = 'jiro'"),
    ("point_transactions", "ordinal = 2"),
    ("audit", "TRUE"),
];

/// Every column of texts of a table.
fn columns(ward: &Ward, table: &str) -> Vec<String> {
    ward.lines(&format!(
        "SELECT name AS line FROM pragma_table_info('{table}') WHERE type = 'TEXT'"
    ))
}

/// What Jiro and an admin read.
async fn lists(server: &Endpoint, conversation: &str, call: &str) -> Vec<(String, u16)> {
    let jiro = Api::of(server, "jiro", Role::User);
    let root = Api::of(server, "root", Role::Admin);
    let messages = format!("/api/conversations/{conversation}/messages");
    let timeline = format!("/admin/api/calls/{call}/timeline");
    let mut answers = Vec::new();
    for (api, path) in [
        (&jiro, "/api/me"),
        (&jiro, "/api/otomo"),
        (&jiro, "/api/calls"),
        (&jiro, "/api/conversations"),
        (&jiro, &messages),
        (&jiro, "/api/friends"),
        (&jiro, "/api/friends/online-status"),
        (&jiro, "/api/inbox"),
        (&jiro, "/api/points"),
        (&jiro, "/api/points/transactions"),
        (&root, "/admin/api/calls"),
        (&root, "/admin/api/otomo"),
        (&root, "/admin/api/sessions"),
        (&root, "/admin/api/overview"),
        (&root, "/admin/api/audit"),
        (&root, &timeline),
    ] {
        let answer = send(api.request(Method::GET, path)).await;
        answers.push((path.to_owned(), answer.status));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_though_a_text_in_it_is_none() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(
        "INSERT INTO audit (id, at, actor, action, target)
         VALUES ('0198c0de-0000-7000-8000-000000000001', 0, 'root', 'call.end', 'x')",
    );
    let server = ward.serve().await;
    let direct = ward.says("SELECT id FROM conversations WHERE kind = 'direct'");
    let call = ward.says("SELECT id FROM calls WHERE outcome = 'completed'");
    let mut unread = Vec::new();
    for (table, row) in DAMAGED {
        ward.breaks(&format!("CREATE TABLE kept AS SELECT * FROM {table}"));
        for column in columns(&ward, table) {
            ward.breaks(&format!(
                "UPDATE {table} SET {column} = x'ff41' WHERE {row}"
            ));
            for (path, status) in lists(&server, &direct, &call).await {
                if status != 200 {
                    unread.push(format!("{table}.{column}: {path} {status}"));
                }
            }
            ward.breaks(&format!(
                "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept"
            ));
        }
        ward.breaks("DROP TABLE kept");
    }
    assert!(unread.is_empty(), "{unread:#?}");
}

/// What an app wrote is told without what of it is damaged, and a repair keeps what it was.
#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_none_keeps_nothing_beside_it_from_being_read() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        ward.breaks(
            r#"UPDATE messages SET data = '{"a":' WHERE seq = 2;
               UPDATE point_transactions SET metadata = 'no JSON' WHERE ordinal = 2;
               UPDATE room_states SET body = '{{', bytes = 2"#,
        );
        let server = ward.serve().await;
        let jiro = Api::of(&server, "jiro", Role::User);
        let direct = ward.says("SELECT id FROM conversations WHERE kind = 'direct'");
        let messages = format!("/api/conversations/{direct}/messages");
        let messages = jiro.get(&messages).await.ok();
        assert_eq!(messages["items"].as_array().unwrap().len(), 6, "{messages}");
        let ledger = jiro.whole_list("/api/points/transactions", 1).await;
        assert_eq!(ledger.len(), 3, "{ledger:?}");
        let mut client = server.user("jiro").await;
        let entered = client
            .ask(json!({"type": "room_join", "room": "game_7"}))
            .await;
        assert_eq!(entered["type"], "room_join_ack", "{entered}");
        drop(server);

        ward.is_left().await;
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        let rules: Vec<&str> = repair.found.iter().map(|it| it.rule.as_str()).collect();
        assert_eq!(
            rules,
            ["unreadable-json", "unreadable-json", "room-state"],
            "{}",
            repair.text
        );
        for (kept, of) in [
            (
                "{\"unreadable\":\"{\\\"a\\\":\"}",
                "SELECT data AS line FROM messages WHERE seq = 2",
            ),
            (
                "{\"unreadable\":\"no JSON\"}",
                "SELECT metadata AS line FROM point_transactions WHERE ordinal = 2",
            ),
        ] {
            assert_eq!(ward.lines(of), [kept]);
        }
        ward.repairs().finds_nothing();
        // What keeps a ledger as it is keeps it so still.
        ward.tries_as_anybody("UPDATE point_transactions SET metadata = '{}'")
            .unwrap_err();
        town::goes_on(&ward.serve().await).await;
    }
}
