//! What always holds of the list: the snapshot that somebody got, and every update since, equal a fresh snapshot. Whatever happens
//! to however many otomo at once, whenever they opened the list.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use otomo::{
    delivery::leave::Leave,
    kernel::identity::Role,
    presence::{
        records::listing,
        rules::{Chosen, Status},
        settings::Settings,
    },
    store::StoreError,
};
use serde_json::Value;

use crate::{
    fixture::{Fixture, Server, call_in, call_over, graces},
    watcher::Watcher,
};

const OTOMO: [&str; 5] = ["aiko", "ben", "chie", "dai", "emi"];
const DEVICES: [&str; 2] = ["phone", "tablet"];
const LEAVES: [Leave; 4] = [
    Leave::Clean,
    Leave::Reload,
    Leave::Broken,
    Leave::ServerClosed(Duration::ZERO),
];

/// Things that happen to each otomo.
const HAPPENINGS: usize = 40;

/// People who open the list meanwhile.
const WATCHERS: usize = 6;

/// Numbers from a seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    async fn pause(&mut self) {
        let pause = Duration::from_micros(self.below(4_000) as u64);
        actix_rt::time::sleep(pause).await;
    }
}

/// Lives through one otomo's evening.
async fn live(server: Rc<Server>, otomo: &'static str, mut chance: Chance) {
    server.know(otomo).await;
    let mut sessions = Vec::new();
    let mut late = Vec::new();
    for _ in 0..HAPPENINGS {
        chance.pause().await;
        match chance.below(7) {
            0 | 1 => sessions.push(server.connect(otomo, DEVICES[chance.below(2)]).await),
            2 | 3 if !sessions.is_empty() => {
                let session = sessions.swap_remove(chance.below(sessions.len()));
                server
                    .presence
                    .leave(&session, LEAVES[chance.below(LEAVES.len())]);
            }
            4 if !sessions.is_empty() => {
                let chosen = Chosen::ALL[chance.below(2)];
                server.choose(otomo, chosen).await;
            }
            5 => late.extend(server.in_transaction(otomo, call_in("connected")).await),
            6 => late.extend(server.in_transaction(otomo, call_over).await),
            _ => {}
        }
        // Calls tell of their changes some time after the commit, and not always in its order.
        if chance.below(3) == 0 && !late.is_empty() {
            let change = late.swap_remove(chance.below(late.len()));
            server.presence.changed(vec![change]).await;
        }
    }
    server.call(otomo, call_over).await;
    server.presence.changed(late).await;
}

/// What somebody's list shows: status and version of each otomo.
type List = BTreeMap<String, (String, u64)>;

/// Opens the list at some time, and keeps it.
async fn keep(server: Rc<Server>, mut chance: Chance) -> (Watcher, List) {
    for _ in 0..chance.below(HAPPENINGS) {
        chance.pause().await;
    }
    let (watcher, listed) = server.watch_from_now().await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |it: &Value| {
        let shown = (text(&it["status"]), it["version"].as_u64().unwrap());
        (text(&it["userId"]), shown)
    };
    (watcher, listed.iter().map(entry).collect())
}

/// Reads updates until the list is a fresh one.
async fn catch_up(watcher: &mut Watcher, list: &mut List, fresh: &List) {
    while list != fresh {
        let update = watcher.next().await;
        let (otomo, status) = (&update["userId"], &update["status"]);
        let shown = (
            status.as_str().unwrap().to_owned(),
            update["v"].as_u64().unwrap(),
        );
        let before = list.insert(otomo.as_str().unwrap().to_owned(), shown.clone());
        assert!(
            before.as_ref().is_none_or(|before| before.1 < shown.1),
            "{otomo} went from {before:?} to {shown:?}"
        );
    }
}

/// What is stored.
async fn stored(server: &Server) -> List {
    let entries: Result<_, StoreError> = server.store.read(listing::all).await;
    let entry = |it: otomo::presence::board::Entry| {
        let shown = (it.published.status.to_string(), it.published.version);
        (it.otomo.to_string(), shown)
    };
    entries.unwrap().into_iter().map(entry).collect()
}

#[actix_rt::test]
async fn a_snapshot_and_the_updates_after_it_equal_a_fresh_snapshot() {
    let seed = std::env::var("OTOMO_SEED").map_or_else(|_| random_seed(), |it| it.parse().unwrap());
    eprintln!("OTOMO_SEED={seed}");
    let mut chance = Chance(seed);
    let mut fork = || Chance(chance.below(usize::MAX) as u64);
    let fixture = Fixture::new();
    let brief = Duration::from_millis(5);
    let settings = Settings {
        lease: Duration::from_millis(100),
        look_every: Duration::from_millis(20),
        ..graces().reload(brief).leave(brief * 2).settings()
    };
    let server = Rc::new(fixture.server(settings).await);

    let lives = OTOMO.map(|otomo| actix_rt::spawn(live(Rc::clone(&server), otomo, fork())));
    let lists: Vec<_> = (0..WATCHERS)
        .map(|_| actix_rt::spawn(keep(Rc::clone(&server), fork())))
        .collect();
    for life in lives {
        life.await.unwrap();
    }
    // Graces may still run: everybody's last word is spoken when they are put out.
    for otomo in OTOMO {
        let otomo = otomo.parse().unwrap();
        let put_out = server.presence.force(&otomo, Status::Offline).await;
        assert!(put_out.is_ok() || server.presence.board().get(&otomo).is_none());
    }
    let fresh = stored(&server).await;
    assert!(fresh.values().all(|(status, _)| status == "offline"));
    for list in lists {
        let (mut watcher, mut list) = list.await.unwrap();
        catch_up(&mut watcher, &mut list, &fresh).await;
    }
    let (_, mut shown) = keep(Rc::clone(&server), Chance(seed)).await;
    shown.retain(|otomo, _| fresh.contains_key(otomo));
    assert_eq!(shown, fresh);
}

#[actix_rt::test]
async fn nothing_live_overtakes_ready() {
    let fixture = Fixture::new();
    let server = fixture.server(graces().settings()).await;
    let mut watcher = server.watch_at_the_gate("watcher", Role::User).await;
    server.connect("aiko", "phone").await;
    server.choose("aiko", Chosen::Break).await;
    server.open(&watcher);
    assert!(watcher.snapshot().await.is_empty());
    assert_eq!(watcher.next().await["type"], "ready");
    assert_eq!(watcher.expect("aiko", "break").await, 2, "only the newest");
}

fn random_seed() -> u64 {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    high ^ low
}
