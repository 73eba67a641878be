//! What an admin mends while a server runs, over REST: it works whatever is odd.

use diesel::connection::SimpleConnection as _;
use otomo::kernel::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::Api,
    breakages::{ALL, Cure},
    support::{Client, Endpoint, Process, field},
    town::{self, SETTINGS},
    ward::{Kind, Ward},
};

fn root(server: &Endpoint) -> Api {
    Api::of(server, "root", Role::Admin)
}

/// What keeps calls from an otomo, and what an admin can do about it.
async fn remedies(root: &Api, otomo: &str) -> Vec<(String, String)> {
    let why = root
        .get(&format!("/admin/api/otomo/{otomo}/why"))
        .await
        .ok();
    let remedies = why["remedies"].as_array().unwrap().iter();
    let remedy = |it: &Value| {
        let [obstacle, correction] =
            ["obstacle", "correction"].map(|key| field(it, key).to_owned());
        (obstacle, correction)
    };
    remedies.map(remedy).collect()
}

async fn free(root: &Api, otomo: &str) -> Value {
    let path = format!("/admin/api/otomo/{otomo}/free");
    root.post(&path, json!({})).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_otomo_is_freed_from_a_call_that_is_broken_in_whatever_way() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        // The call that the server was killed in is over.
        assert!(matches!(ward.repairs().code, 0));
        ward.breaks("DELETE FROM live_participants WHERE user_id = 'sora'");
        assert_eq!(ward.repairs().code, 3);
        let server = ward.serve().await;
        let root = root(&server);
        let mut sora = server.user("sora").await;
        let mut rin = server.otomo("rin").await;
        for breakage in ALL.iter().filter(|it| it.cure == Cure::Freed) {
            println!("{kind:?}: {}", breakage.name);
            town::talk(&mut sora, &mut rin).await;
            ward.breaks(&breakage.sql());
            free(&root, "rin").await;
            for nothing in [
                "SELECT count(*) FROM live_participants",
                "SELECT count(*) FROM calls WHERE phase <> 'ended'",
            ] {
                assert_eq!(ward.says(nothing), "0", "{nothing}");
            }
        }
        town::talk(&mut sora, &mut rin).await;
        let freed = free(&root, "rin").await;
        assert!(freed["callId"].is_string(), "{freed}");
    }
}

/// Mei talks with Jiro, and Taro calls her beside that.
struct TwoCalls {
    ward: Ward,
    server: Process,
    talk: Uuid,
    _people: [Client; 2],
}

impl TwoCalls {
    /// The second one holds nobody: no server would know of it.
    async fn of_mei() -> Self {
        let ward = Ward::new(Kind::Sqlite).await;
        ward.repairs();
        let server = ward.serve().await;
        let mut jiro = server.user("jiro").await;
        let mut mei = server.otomo("mei").await;
        let talk = town::talk(&mut jiro, &mut mei).await;
        ward.breaks(&format!(
            "INSERT INTO calls (id, caller_id, otomo_id, caller_device, phase, version, spoken_version, requested_at,
                 ring_deadline, due_at, caller_reported, otomo_reported)
             SELECT '{}', 'taro', 'mei', caller_device, 'ringing', 1, 1, requested_at, requested_at + 180000,
                 requested_at + 180000, FALSE, FALSE FROM calls WHERE id = '{talk}'",
            Uuid::new_v4()
        ));
        Self {
            ward,
            server,
            talk,
            _people: [jiro, mei],
        }
    }
}

/// The calls of Mei that go on.
const UNENDED: &str = "SELECT count(*) FROM calls WHERE otomo_id = 'mei' AND phase <> 'ended'";

#[tokio::test(flavor = "multi_thread")]
async fn an_otomo_who_is_in_two_calls_is_freed_from_both() {
    let calls = TwoCalls::of_mei().await;
    let (ward, root) = (&calls.ward, root(&calls.server));
    assert_eq!(free(&root, "mei").await["callId"], json!(calls.talk));
    assert_eq!(ward.says(UNENDED), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_ended_keeps_an_otomo_in_no_other() {
    let calls = TwoCalls::of_mei().await;
    let (ward, root) = (&calls.ward, root(&calls.server));
    let refuse = format!(
        "PRAGMA busy_timeout = 5000; CREATE TRIGGER refused BEFORE UPDATE ON calls WHEN NEW.id = '{}'
         BEGIN SELECT RAISE(ABORT, 'refused by a test'); END",
        calls.talk
    );
    ward.open().batch_execute(&refuse).unwrap();
    let refused = root.post("/admin/api/otomo/mei/free", json!({})).await;
    assert!(refused.status >= 500, "{refused:?}");
    assert_eq!(ward.says(UNENDED), "1", "it is the one that is refused");
    let relent = "PRAGMA busy_timeout = 5000; DROP TRIGGER refused";
    ward.open().batch_execute(relent).unwrap();
    free(&root, "mei").await;
    assert_eq!(ward.says(UNENDED), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_held_by_no_call_of_theirs_is_let_go() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ward = Ward::new(kind).await;
        let server = ward.serve().await;
        let root = root(&server);
        let held = ALL.iter().filter(|it| it.rule == "held-person");
        for breakage in held.filter(|it| !it.how.contains("LIVE")) {
            ward.breaks(&breakage.sql().replace("'jiro'", "'mei'"));
            let kept = remedies(&root, "mei").await;
            assert!(
                kept.contains(&("held".to_owned(), "free".to_owned())),
                "{kept:?}"
            );
            assert_eq!(free(&root, "mei").await["callId"], Value::Null);
            town::goes_on(&server).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_cannot_be_read_is_ended_by_its_id() {
    let ward = Ward::new(Kind::Sqlite).await;
    let server = ward.serve().await;
    let root = root(&server);
    let mut jiro = server.user("jiro").await;
    let mut mei = server.otomo("mei").await;
    for broken in ["connected_at = NULL", "version = -7"] {
        let call = town::talk(&mut jiro, &mut mei).await;
        ward.breaks(&format!("UPDATE calls SET {broken} WHERE id = '{call}'"));
        root.post(&format!("/admin/api/calls/{call}/end"), json!({}))
            .await
            .ok();
        // Both are told, as of any end, and are free.
        jiro.expect("call_end").await;
        mei.expect("call_end").await;
    }
    town::talk(&mut jiro, &mut mei).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_goes_on_is_not_said_to_be_ended() {
    let ward = Ward::new(Kind::Sqlite).await;
    let server = ward.serve().await;
    let root = root(&server);
    let mut jiro = server.user("jiro").await;
    let mut mei = server.otomo("mei").await;
    let call = town::talk(&mut jiro, &mut mei).await;
    let version = ward.says("SELECT version FROM otomo WHERE user_id = 'mei'");
    ward.breaks("UPDATE otomo SET version = -3 WHERE user_id = 'mei'");
    let end = async || {
        root.post(&format!("/admin/api/calls/{call}/end"), json!({}))
            .await
    };
    let refused = end().await;
    assert!(refused.status >= 500, "{refused:?}");
    ward.breaks(&format!(
        "UPDATE otomo SET version = {version} WHERE user_id = 'mei'"
    ));
    end().await.ok();
    jiro.expect("call_end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrap_up_and_a_break_for_missed_calls_are_named_and_ended() {
    let settings = [
        ("calls.wrap_up", "1h"),
        ("calls.missed_limit", "1"),
        ("calls.ring_timeout", "5s"),
    ];
    let server = Process::start_with(&[&SETTINGS[..], &settings].concat()).await;
    let root = root(&server);
    let mut jiro = server.user("jiro").await;
    let mut mei = server.otomo("mei").await;
    let is_free: [(String, String); 0] = [];
    assert_eq!(remedies(&root, "mei").await, is_free);

    let call = town::talk(&mut jiro, &mut mei).await;
    let named = |obstacle: &str| [(obstacle.to_owned(), "free".to_owned())];
    assert_eq!(remedies(&root, "mei").await, named("call"));
    mei.hang_up(call).await;
    jiro.expect("call_end").await;
    assert_eq!(remedies(&root, "mei").await, named("wrap_up"));
    assert_eq!(free(&root, "mei").await["wrapUpEnded"], true);
    assert_eq!(remedies(&root, "mei").await, is_free);

    // Nobody answers.
    let call = jiro.request("mei").await;
    mei.rings(call).await;
    jiro.expect("call_rejected").await;
    assert_eq!(remedies(&root, "mei").await, named("missed_calls"));
    assert_eq!(free(&root, "mei").await["breakEnded"], true);
    assert_eq!(remedies(&root, "mei").await, is_free);
    // Also what follows from a call that is ended so.
    town::talk(&mut jiro, &mut mei).await;
    free(&root, "mei").await;
    assert_eq!(remedies(&root, "mei").await, is_free);
    town::talk(&mut jiro, &mut mei).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_break_that_an_otomo_has_chosen_stays() {
    let server = Process::start_with(&SETTINGS).await;
    let root = root(&server);
    let mut mei = server.otomo("mei").await;
    mei.ask(json!({"type": "otomo_status_set", "status": "break"}))
        .await;
    assert_eq!(free(&root, "mei").await["breakEnded"], false);
    let kept = [("break".to_owned(), "set_online".to_owned())];
    assert_eq!(remedies(&root, "mei").await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_of_the_store_the_same_works() {
    let ward = Ward::new(Kind::Sqlite).await;
    let server = ward.serve().await;
    let root = root(&server);
    let mut jiro = server.user("jiro").await;
    let mut mei = server.otomo("mei").await;
    town::talk(&mut jiro, &mut mei).await;
    for table in ["audit", "calls", "otomo"] {
        let what = if table == "audit" { "INSERT" } else { "UPDATE" };
        let refuse = format!(
            "PRAGMA busy_timeout = 5000;
             CREATE TRIGGER refused BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'refused by a test'); END"
        );
        ward.open().batch_execute(&refuse).unwrap();
        let refused = root.post("/admin/api/otomo/mei/free", json!({})).await;
        assert!(refused.status >= 500, "{table}: {refused:?}");
        let relent = "PRAGMA busy_timeout = 5000; DROP TRIGGER refused";
        ward.open().batch_execute(relent).unwrap();
        free(&root, "mei").await;
        town::talk(&mut jiro, &mut mei).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_on_a_node_that_died_is_disconnected_at_once() {
    let ward = Ward::new(Kind::Postgres).await;
    let url = ward.url();
    // Without an admin they would be held for an hour.
    let settings = [
        ("database.url", &*url),
        ("presence.lease", "1h"),
        ("presence.leave_grace", "1h"),
    ];
    let of = |name: &'static str| [&SETTINGS[..], &settings, &[("cluster.node", name)]].concat();
    let mut first = Process::start_with(&of("first")).await;
    let yuki = first.otomo("yuki").await;
    first.kill();
    drop(yuki);
    let second = Process::start_with(&of("second")).await;
    let root = root(&second);
    let status = async || root.get("/admin/api/otomo/yuki/why").await.ok()["status"].clone();
    assert_eq!(status().await, "online");
    root.post("/admin/api/users/yuki/disconnect", json!({}))
        .await
        .ok();
    assert_eq!(status().await, "offline");
    root.post("/admin/api/users/nobody/disconnect", json!({}))
        .await
        .refused(404, "NOT_FOUND");
    let book = root.whole_list("/admin/api/audit", 10).await;
    let done = |it: &&Value| it["action"] == "user.disconnect" && it["outcome"] == "done";
    assert_eq!(book.iter().filter(done).count(), 1, "{book:?}");
}
