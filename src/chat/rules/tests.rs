use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn draft(body: &str) -> Draft {
    Draft {
        target: Target::User(user("hana")),
        client_message_id: "m-1".parse().unwrap(),
        body: body.to_owned(),
        data: None,
    }
}

#[test]
fn a_message_has_a_text_of_some_bytes_but_not_too_many() {
    let taro = user("taro");
    for (body, fits) in [("a", true), ("あ", true), ("あa", true), ("ああ", false)] {
        assert_eq!(check(&draft(body), &taro, 4).is_ok(), fits, "{body}");
    }
    for body in ["", " ", "\n\t\u{3000}"] {
        let refused = check(&draft(body), &taro, 4);
        assert!(matches!(refused, Err(ChatFault::Empty)), "{body:?}");
    }
    let refused = check(&draft("a\0"), &taro, 4);
    assert!(matches!(refused, Err(ChatFault::ZeroCharacter)));
}

#[test]
fn what_an_app_adds_may_be_as_long_as_the_text() {
    let data = |json: &str| RawValue::from_string(json.to_owned()).ok();
    for (json, fits) in [("1234", true), ("[1,2]", false)] {
        let draft = Draft {
            data: data(json),
            ..draft("a")
        };
        assert_eq!(check(&draft, &user("taro"), 4).is_ok(), fits, "{json}");
    }
}

#[test]
fn nobody_writes_to_themselves() {
    let refused = check(&draft("a"), &user("hana"), 4);
    assert!(matches!(refused, Err(ChatFault::WithOneself)));
}

#[test]
fn a_group_has_256_people_at_most_the_one_who_begins_it_among_them() {
    let others: Vec<UserId> = (0..256).map(|n| user(&format!("user-{n}"))).collect();
    let group = |creator: &str, count: usize| group(&user(creator), &others[..count]);
    assert_eq!(group("taro", 0).unwrap(), [user("taro")]);
    assert_eq!(group("taro", 255).unwrap().len(), MEMBERS_MAX);
    assert_eq!(group("user-3", 256).unwrap().len(), MEMBERS_MAX);
    let refused = group("taro", 256);
    assert!(matches!(refused, Err(ChatFault::TooManyMembers)));
}

proptest! {
    #[test]
    fn a_cursor_moves_forward_and_never_past_the_end(
        read in 0..100_u64, more in 0..100_u64, seen in 0..300_u64,
    ) {
        let last = read + more;
        match cursor(read, last, seen) {
            Ok(now) => {
                prop_assert!(seen <= last && now >= read && now >= seen && now <= last);
                prop_assert!(unread(now, last) <= unread(read, last));
            }
            Err(_) => prop_assert!(seen > last),
        }
    }

    #[test]
    fn what_was_pruned_is_not_unread(read in 0..100_u64, floor in 0..100_u64, kept in 0..100_u64) {
        prop_assert!(unread(seen(read, floor), floor + kept) <= kept);
    }
}
