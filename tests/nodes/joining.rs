//! Names and places.

use otomo::cluster::{JoinFault, Settings};

use crate::{
    fixture::{Fixture, LEASE},
    postgres::Postgres,
    waiting::eventually,
};

fn fixture() -> Fixture {
    Fixture::on(Postgres::shared().database())
}

#[actix_rt::test]
async fn nodes_know_each_other_and_where_they_are_until_they_leave() {
    let fixture = fixture();
    let (here, there) = (fixture.node("here").await, fixture.node("there").await);
    let there_id = "there".parse().unwrap();
    let address = here.membership.nodes().look_up(&there_id).await;
    assert_eq!(address.unwrap().to_string(), "http://there:8080/");
    assert!(there.membership.nodes().has_others());
    let epoch = there.membership.epoch();

    there.leaves().await;
    here.membership.nodes().refresh().await.unwrap();
    assert_eq!(here.membership.nodes().advertise(&there_id), None);
    assert!(!here.membership.nodes().has_others());
    let back = fixture.node("there").await;
    assert!(back.membership.epoch() > epoch, "at once, in a later epoch");
    assert_eq!(back.settled("there").await, 0, "it left nothing behind");
}

#[actix_rt::test]
async fn a_name_whose_node_is_alive_is_not_given_twice() {
    let fixture = fixture();
    let _here = fixture.node("here").await;
    let second = fixture.frozen(Fixture::settings("here")).await;
    let fault = second.err().unwrap();
    assert!(matches!(fault, JoinFault::NameTaken(_)), "{fault}");
    assert!(fault.to_string().contains("cluster.node"), "{fault}");
}

#[actix_rt::test]
async fn a_node_that_died_comes_back_under_its_name_once_its_lease_is_over() {
    let fixture = fixture();
    fixture.node("here").await.dies().await;
    let began = std::time::Instant::now();
    let back = fixture.node("here").await;
    assert!(began.elapsed() < LEASE * 2, "{:?}", began.elapsed());
    assert!(back.membership.is_current());
    back.writes().await.unwrap();
}

#[actix_rt::test]
async fn a_node_that_could_not_hear_the_others_does_not_start_beside_them() {
    let fixture = fixture();
    let deaf = |name| Settings {
        linked: false,
        ..Fixture::settings(name)
    };
    let here = fixture.node("here").await;
    let fault = fixture.frozen(deaf("there")).await.err().unwrap();
    assert!(matches!(fault, JoinFault::Deaf(_)), "{fault}");
    assert!(fault.to_string().contains("redis.url"), "{fault}");
    // One that died is no reason to stay away.
    here.dies().await;
    let there = fixture.frozen(deaf("there")).await.unwrap();
    eventually("it is there", async || there.membership.is_current()).await;
}

#[actix_rt::test]
async fn where_one_server_is_at_a_time_it_settles_for_the_name_that_it_had_before() {
    let fixture = Fixture::sqlite();
    let alone = |name| Settings {
        shared: false,
        ..Fixture::settings(name)
    };
    let before = fixture.frozen(alone("before")).await.unwrap();
    let was = before.row("before").await.unwrap();
    before.dies().await;
    let after = fixture.frozen(alone("after")).await.unwrap();
    assert_eq!(after.settled("before").await, 1);
    let row = after.row("before").await.unwrap().row;
    assert_eq!((row.lease_until, row.alive_at), (None, was.row.alive_at));
    after.dies().await;
    let after = fixture.frozen(alone("after")).await.unwrap();
    let settled = (after.settled("before").await, after.settled("after").await);
    assert_eq!(settled, (1, 0), "once, and not for itself");
}
