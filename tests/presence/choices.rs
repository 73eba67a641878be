//! Choices that come faster than they can be stored.

use futures_util::future::join_all;
use otomo::{
    delivery::leave::Leave,
    kernel::time::Timestamp,
    presence::{
        Choice, PresenceFault,
        rules::{Chooser, Chosen, PastUntil, Status},
    },
};

use crate::fixture::{Fixture, Server, patient, user};

/// Chooses this one after the other, without waiting for an answer in between.
async fn choose_all(
    server: &Server,
    otomo: &str,
    choices: &[(Chosen, Option<Timestamp>)],
) -> Vec<Result<Choice, PresenceFault>> {
    let otomo = user(otomo);
    let choose = |(chosen, until): &(Chosen, Option<Timestamp>)| {
        let presence = server.presence.clone();
        let (otomo, chosen, until) = (otomo.clone(), *chosen, *until);
        async move { presence.choose(&otomo, chosen, until, Chooser::Own).await }
    };
    join_all(choices.iter().map(choose)).await
}

#[actix_rt::test]
async fn choices_that_outrun_the_store_are_joined_and_each_is_answered() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.connect("aiko", "phone").await;
    let (mut watcher, _) = server.watch_from_now().await;
    let mut choices: Vec<_> = [(Chosen::Break, None), (Chosen::Online, None)].repeat(250);
    choices.push((Chosen::Break, None));
    let answers = choose_all(&server, "aiko", &choices).await;
    for ((chosen, _), answer) in choices.iter().zip(&answers) {
        let answer = answer.as_ref().unwrap();
        assert_eq!(answer.chosen, *chosen);
        // As if it had been stored alone: never what another one chose.
        assert_eq!(answer.shown.as_str(), chosen.as_str());
    }
    let published = server.published("aiko");
    assert_eq!(published.status, Status::Break);
    // 501 of them one by one would be 502 versions. The first is stored by itself.
    assert!(published.version < 20, "{published:?}");
    // The last that people hear is the last that there was.
    loop {
        let told = watcher.next().await;
        if told["v"] == published.version {
            assert_eq!(told["status"], "break");
            break;
        }
    }
}

#[actix_rt::test]
async fn of_joined_choices_a_wrong_one_is_refused_alone() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.connect("aiko", "phone").await;
    let past = Some(Timestamp::default());
    let choices = [
        (Chosen::Online, None),
        (Chosen::Break, None),
        (Chosen::Break, past),
        (Chosen::Online, None),
        (Chosen::Break, past),
    ];
    let answers = choose_all(&server, "aiko", &choices).await;
    for ((_, until), answer) in choices.iter().zip(answers) {
        match until {
            None => drop(answer.unwrap()),
            Some(_) => assert!(matches!(answer, Err(PresenceFault::PastUntil(PastUntil)))),
        }
    }
    assert_eq!(server.published("aiko").status, Status::Online);
}

#[actix_rt::test]
async fn what_happens_to_an_otomo_comes_after_what_they_chose_before() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let phone = server.connect("aiko", "phone").await;
    let choices = [(Chosen::Break, None); 10];
    let leaving = async {
        server.disconnect(&phone, Leave::Clean).await;
        server.connect("aiko", "phone").await;
    };
    let (answers, ()) = tokio::join!(choose_all(&server, "aiko", &choices), leaving);
    assert!(answers.iter().all(Result::is_ok));
    // A login means ready, whatever was chosen before it.
    assert_eq!(server.published("aiko").status, Status::Online);
}
