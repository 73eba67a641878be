//! Several people with several devices over a long time: they come, write, read, begin and leave conversations and go,
//! one after another and all at once.
//!
//! - `reference` keeps what the rules speak of (conversations, messages, who has read how far), in plain lists, and says
//!   what every stream must hold and every answer must be.
//! - `world`, the system under test, is a server: the chat, real sessions with their cursors, and a store.
//!   `laws` holds the two against each other.
//!
//! After every step every connection has heard exactly what its user's stream holds after the place where it began,
//! each durable event once, in order, with its `prev`; what is unread is what was written since one last read or wrote;
//! and Eve, who is in no conversation and tries everything, has heard of nothing and nobody.
//!
//! A story that fails is printed, shortened, with its seed.

mod laws;
mod reference;
mod world;

use proptest::{prelude::*, sample::select, test_runner::Config};
use proptest_state_machine::prop_state_machine;

use self::world::World;

/// What people are called.
type Person = &'static str;

/// A device is called after its person.
type Device = &'static str;

/// People who talk with each other.
const TALKERS: [Person; 4] = ["ann", "ben", "cat", "dan"];

/// Nobody talks with her.
const STRANGER: Person = "eve";

/// All of them.
fn everybody() -> impl Iterator<Item = Person> {
    TALKERS.into_iter().chain([STRANGER])
}

/// What connects.
const DEVICES: [Device; 7] = [
    "ann-1", "ann-2", "ben-1", "ben-2", "cat-1", "dan-1", "eve-1",
];

/// This one listens to chat alone.
const ONLY_CHAT: Device = "ben-2";

/// Texts and names of messages: few, so that names are used again, for the same and for other texts.
const WORDS: [&str; 3] = ["おはよう", "hello", "👋"];
const NAMES: u8 = 12;

/// Stories in one run; each takes about a fifth of a second. `PROPTEST_CASES` tells more.
const STORIES: u32 = 30;

/// Whose device it is.
fn person(device: Device) -> Person {
    device.split_once('-').unwrap().0
}

/// A conversation, by its number: they are counted from 0 in the order in which they begin. One that has not begun is
/// unknown.
type Number = usize;

/// Where a message goes.
#[derive(Debug, Clone, Copy)]
enum Target {
    In(Number),
    To(Person),
}

/// Where a device takes up its stream.
#[derive(Debug, Clone, Copy)]
enum From {
    /// At its end: the client names no place.
    End,
    /// Where it was cut.
    Cut,
    /// At any place that is there.
    Place(prop::sample::Index),
}

/// One thing that somebody does.
#[derive(Debug, Clone)]
enum Act {
    /// A device that is not there connects.
    Connect(Device, From),
    /// A device that is there goes.
    Leave(Device),
    /// A message: its target, the name that the client gives it, and its text.
    Send(Person, Target, u8, &'static str),
    /// Everything up to a place is said to be read.
    Read(Person, Number, u64),
    /// A device writes a word.
    Type(Device, Number),
    /// Somebody stops writing.
    Pause(Person, Number),
    /// A conversation of two begins.
    Begin(Person, Person),
    /// A group begins.
    Gather(Person, Vec<Person>),
    /// Somebody is added to a group.
    Add(Person, Number, Person),
    /// Somebody is taken out of a group.
    Remove(Person, Number, Person),
    /// Something durable happens that is not chat.
    Miss(Person),
}

/// What happens next: one thing, or several that nobody waits for before the next.
fn step(begun: usize) -> BoxedStrategy<Vec<Act>> {
    let alone = prop_oneof![
        6 => swift(begun),
        3 => slow(begun),
    ];
    prop_oneof![
        3 => alone.prop_map(|act| vec![act]),
        1 => prop::collection::vec(swift(begun), 2..10),
    ]
    .boxed()
}

/// Acts whose order is that in which they are asked for.
fn swift(begun: usize) -> impl Strategy<Value = Act> {
    let target = prop_oneof![
        3 => number(begun).prop_map(Target::In),
        1 => select(&TALKERS[..]).prop_map(Target::To),
    ];
    let from = prop_oneof![
        1 => Just(From::End),
        3 => Just(From::Cut),
        2 => any::<prop::sample::Index>().prop_map(From::Place),
    ];
    // Eve writes to nobody: that would be a conversation. She tries all that there are.
    let writes = (select(&TALKERS[..]), target);
    let tries = (Just(STRANGER), number(begun).prop_map(Target::In));
    let letter = (0..NAMES, select(&WORDS[..]));
    let send = (prop_oneof![9 => writes, 1 => tries], letter);
    prop_oneof![
        10 => send.prop_map(|((by, to), (name, text))| Act::Send(by, to, name, text)),
        5 => (anybody(), number(begun), 0..12_u64)
            .prop_map(|(by, number, seq)| Act::Read(by, number, seq)),
        4 => (select(&DEVICES[..]), from).prop_map(|(device, from)| Act::Connect(device, from)),
        2 => select(&DEVICES[..]).prop_map(Act::Leave),
        1 => anybody().prop_map(Act::Miss),
    ]
}

/// Acts that are waited for.
fn slow(begun: usize) -> impl Strategy<Value = Act> {
    let talker = || select(&TALKERS[..]);
    let others = prop::collection::vec(talker(), 1..4);
    prop_oneof![
        2 => (talker(), talker()).prop_map(|(by, with)| Act::Begin(by, with)),
        2 => (talker(), others).prop_map(|(by, others)| Act::Gather(by, others)),
        2 => (anybody(), number(begun), talker())
            .prop_map(|(by, number, who)| Act::Add(by, number, who)),
        2 => (anybody(), number(begun), anybody())
            .prop_map(|(by, number, who)| Act::Remove(by, number, who)),
        6 => (select(&DEVICES[..]), number(begun))
            .prop_map(|(device, number)| Act::Type(device, number)),
        2 => (anybody(), number(begun)).prop_map(|(by, number)| Act::Pause(by, number)),
    ]
}

fn anybody() -> impl Strategy<Value = Person> {
    prop_oneof![
        8 => select(&TALKERS[..]),
        1 => Just(STRANGER),
    ]
}

/// A conversation, or now and then one that does not exist.
fn number(begun: usize) -> impl Strategy<Value = Number> {
    0..=begun
}

fn config() -> Config {
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let defaults = Config::default();
    Config {
        cases: if told { defaults.cases } else { STORIES },
        max_shrink_iters: 256,
        ..defaults
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    /// Goal: whatever happens, and however much of it at once, everybody hears what they must, and nothing else.
    #[test]
    fn people_who_talk_over_a_long_time(sequential 10..60 => World);
}
