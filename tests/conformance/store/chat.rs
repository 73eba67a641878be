//! The rows of the chat.

use futures_util::future::join_all;
use otomo::{
    chat::{
        message::Message,
        records::{
            self, NewConversation,
            messages::{self, Inserted},
        },
        rules::Kind,
    },
    kernel::{
        identity::Role,
        ids::{ConversationId, MessageId, UserId},
    },
    people::{self, Person},
    store::{Handle, StoreError, Tx},
};

use super::{Database, inbox::user};

fn person(name: &str) -> Person {
    Person {
        user: user(name),
        role: Role::User,
        name: name.to_owned(),
        avatar: None,
        price_per_minute: None,
        disabled: false,
    }
}

/// Two people who talk, and two more.
pub(super) async fn talking(store: &Handle) -> ConversationId {
    let id = ConversationId::new();
    let begin = store.write(move |tx| {
        let members = [user("ann"), user("ben")];
        for name in ["ann", "ben", "cat", "dan"] {
            people::records::put(tx, &person(name))?;
        }
        let conversation = NewConversation {
            id,
            kind: Kind::Direct,
            title: None,
            creator: &members[0],
            members: &members,
        };
        records::insert(tx, conversation)
    });
    begin.await.unwrap();
    id
}

pub(super) fn send(
    tx: &mut Tx<'_>,
    to: ConversationId,
    name: &str,
) -> Result<(u64, Inserted), StoreError> {
    let seq = records::next_seq(tx, to)?.unwrap();
    let message = Message {
        id: MessageId::new(),
        conversation: to,
        seq,
        sender: user("ann"),
        client_message_id: name.parse().unwrap(),
        body: name.to_owned(),
        data: None,
        created_at: tx.now(),
    };
    Ok((seq, messages::insert(tx, &message)?))
}

/// 64 messages, every third of them undone.
pub(super) async fn messages_have_no_gap_whoever_writes(database: &impl Database) {
    let store = database.open();
    let id = talking(&store).await;
    let writers = (0..64).map(|n| {
        store.write(move |tx| match (send(tx, id, &format!("m-{n}"))?, n % 3) {
            (_, 0) => Err(StoreError::corrupt("the job thinks better of it")),
            ((seq, _), _) => Ok(seq),
        })
    });
    let stored = join_all(writers).await.into_iter().filter_map(Result::ok);
    let mut stored: Vec<u64> = stored.collect();
    stored.sort_unstable();
    assert_eq!(stored, (1..=42).collect::<Vec<u64>>());
}

pub(super) async fn a_client_message_id_is_taken_once(database: &impl Database) {
    let store = database.open();
    let id = talking(&store).await;
    for expected in [Inserted::Now, Inserted::IdTaken] {
        let inserted = store.write(move |tx| send(tx, id, "m-1")).await;
        assert_eq!(inserted.unwrap().1, expected);
    }
    let found = store.read(|conn| messages::find_sent(conn, &user("ann"), &"m-1".parse().unwrap()));
    let found: Message = found.await.unwrap().unwrap();
    assert_eq!((found.seq, found.body.as_str()), (1, "m-1"));
    let of_another =
        store.read(|conn| messages::find_sent(conn, &user("ben"), &"m-1".parse().unwrap()));
    assert!(of_another.await.unwrap().is_none());
}

pub(super) async fn members_stand_where_they_have_read(database: &impl Database) {
    let store = database.open();
    let id = talking(&store).await;
    for name in ["m-1", "m-2", "m-3"] {
        store.write(move |tx| send(tx, id, name)).await.unwrap();
    }
    let move_on = store.write(move |tx| records::put_cursor(tx, &user("ben"), id, 2));
    move_on.await.unwrap();
    let unread = |name: &'static str| {
        store.read(move |conn| {
            let one = records::position(conn, &user(name), id)?;
            let all = records::positions(conn, &user(name), 10)?;
            assert_eq!(one.into_iter().collect::<Vec<_>>(), all);
            Ok::<_, StoreError>(all.first().map(records::Position::unread))
        })
    };
    assert_eq!(unread("ann").await.unwrap(), Some(3));
    assert_eq!(unread("ben").await.unwrap(), Some(1));
    assert_eq!(unread("cat").await.unwrap(), None);
    let found = store.read(move |conn| {
        let direct = records::direct(conn, &user("ben"), &user("ann"))?;
        Ok::<_, StoreError>((direct, records::members(conn, id)?))
    });
    let (direct, mut members): (_, Vec<UserId>) = found.await.unwrap();
    members.sort_unstable();
    assert_eq!(
        (direct, members),
        (Some(id), vec![user("ann"), user("ben")])
    );
}
