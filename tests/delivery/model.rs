//! Rooms at random, against what one would expect of them.

use std::{collections::BTreeMap, time::Duration};

use otomo::{
    delivery::{lines::To, rooms::JoinOutcome},
    kernel::time::Timestamp,
};
use proptest::prelude::*;

use crate::fixture::{Person, START, Server, room, said};

/// Clients: the even ones on one worker, the odd ones on the other.
const CLIENTS: usize = 4;

/// Rooms that each may be in at once, of one more that there are.
const AT_MOST: usize = 2;

const ROOMS: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
enum Step {
    Join {
        client: usize,
        room: usize,
        lasts: Option<u64>,
    },
    Leave {
        client: usize,
        room: usize,
    },
    Empty {
        room: usize,
    },
    Say {
        room: usize,
    },
    SayToAll,
    Wait {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let lasts = prop::option::of(1_u64..40);
    let client = 0..CLIENTS;
    let of = 0..ROOMS.len();
    prop_oneof![
        6 => (client.clone(), of.clone(), lasts)
            .prop_map(|(client, room, lasts)| Step::Join { client, room, lasts }),
        3 => (client, of.clone()).prop_map(|(client, room)| Step::Leave { client, room }),
        1 => of.clone().prop_map(|room| Step::Empty { room }),
        8 => of.prop_map(|room| Step::Say { room }),
        2 => Just(Step::SayToAll),
        2 => (1_u64..20).prop_map(|millis| Step::Wait { millis }),
    ]
}

/// What one expects.
struct Model {
    now: Timestamp,
    /// Until when each client is in each of its rooms.
    rooms: [BTreeMap<usize, Option<Timestamp>>; CLIENTS],
    heard: [Vec<String>; CLIENTS],
}

impl Model {
    fn say(
        &mut self,
        name: &str,
        hears: impl Fn(&BTreeMap<usize, Option<Timestamp>>) -> bool,
    ) -> usize {
        let mut count = 0;
        for (rooms, heard) in self.rooms.iter().zip(&mut self.heard) {
            if hears(rooms) {
                heard.push(name.to_owned());
                count += 1;
            }
        }
        count
    }

    fn join(&mut self, client: usize, room: usize, until: Option<Timestamp>) -> JoinOutcome {
        let rooms = &mut self.rooms[client];
        let full = rooms.len() >= AT_MOST;
        match rooms.get_mut(&room) {
            Some(known) => {
                *known = until;
                JoinOutcome::Already
            }
            None if full => JoinOutcome::TooMany,
            None => {
                rooms.insert(room, until);
                JoinOutcome::Joined
            }
        }
    }
}

/// One step to the server and the model; what the server counts is compared.
async fn take(step: Step, number: usize, server: &Server, people: &[Person], model: &mut Model) {
    let (dispatch, name) = (&server.dispatch, number.to_string());
    match step {
        Step::Join {
            client,
            room: of,
            lasts,
        } => {
            let until = lasts.map(|lasts| model.now + Duration::from_millis(lasts));
            let joined = dispatch.join(
                people[client].at,
                &room(ROOMS[of]),
                until.into(),
                AT_MOST,
                vec![],
                None,
            );
            assert_eq!(joined.await, model.join(client, of, until));
        }
        Step::Leave { client, room: of } => {
            let to = To::Session(people[client].at);
            let left = dispatch.leave(&to, &room(ROOMS[of]), None).await;
            let was_in = model.rooms[client].remove(&of).is_some();
            assert_eq!(left, usize::from(was_in));
        }
        Step::Empty { room: of } => {
            let game = room(ROOMS[of]);
            let left = dispatch.leave(&To::Room(game.clone()), &game, None).await;
            let gone = model.rooms.iter_mut().filter_map(|rooms| rooms.remove(&of));
            assert_eq!(left, gone.count());
        }
        Step::Say { room: of } => {
            let told = dispatch.tell_counted(To::Room(room(ROOMS[of])), said(&name));
            let now = model.now;
            let expected = model.say(&name, |rooms| {
                rooms
                    .get(&of)
                    .is_some_and(|until| until.is_none_or(|until| now < until))
            });
            assert_eq!(told.await, expected);
        }
        Step::SayToAll => {
            let told = dispatch.tell_counted(To::Everyone, said(&name));
            assert_eq!(told.await, model.say(&name, |_| true));
        }
        Step::Wait { millis } => {
            let span = Duration::from_millis(millis);
            server.clock.advance(span);
            model.now = model.now + span;
        }
    }
}

async fn run(steps: Vec<Step>) {
    let server = Server::prompt();
    let mut people = Vec::new();
    for number in 0..CLIENTS {
        let name = format!("user-{number}");
        people.push(server.client(number % 2, &name).await);
    }
    let mut model = Model {
        now: START,
        rooms: Default::default(),
        heard: Default::default(),
    };
    for (number, step) in steps.into_iter().enumerate() {
        take(step, number, &server, &people, &mut model).await;
    }
    server.settled().await;
    for (person, heard) in people.iter_mut().zip(&model.heard) {
        assert_eq!(person.heard(), *heard);
    }
    for (number, name) in ROOMS.iter().enumerate() {
        let members = server.dispatch.roster().room_members(&room(name));
        let expected = model.rooms.iter().filter(|it| it.contains_key(&number));
        assert_eq!(members.len(), expected.count());
    }
    for person in &people {
        let worker = &server.workers[usize::from(person.at.worker)];
        worker.remove(person.at);
    }
    assert_eq!(server.dispatch.roster().room_count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Goal: each client hears exactly what is said to its rooms and to everyone while it may, in order, over two workers; the
    /// counts are right, and nothing of a room is left once all are gone.
    /// Method: random joins, leaves, events and time against a model.
    #[test]
    fn everybody_hears_their_rooms_and_nothing_else(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        actix_rt::System::new().block_on(run(steps));
    }
}
