//! Texts that are not UTF-8. Only SQLite stores one: in whatever column it is, the doctor finds it and whatever else is wrong,
//! says where it is, and mends it.

use std::collections::BTreeSet;

use crate::{
    town,
    ward::{Kind, Ward},
};

/// How a text that is none may be stored: as bytes, or as what says that it is a text.
const NONE: [&str; 2] = ["x'ff41'", "CAST(x'ff41' AS TEXT)"];

/// What of them can be read.
const READABLE: &str = "\u{fffd}A";

/// Every column of texts, with the key of its table: `table column key,key`.
const COLUMNS: &str =
    "SELECT tables.name || ' ' || columns.name || ' ' || group_concat(keys.name, ',') AS line
    FROM sqlite_schema AS tables
    JOIN pragma_table_info(tables.name) AS columns ON columns.type = 'TEXT'
    JOIN pragma_table_info(tables.name) AS keys ON keys.pk > 0
    WHERE tables.type = 'table' GROUP BY tables.name, columns.name ORDER BY line";

/// Rows of tables that are empty in the town.
const ROWS: &str = "INSERT OR IGNORE INTO whereabouts (user_id, node) SELECT 'jiro', name FROM nodes;
    INSERT OR IGNORE INTO last_seen (user_id, at) VALUES ('jiro', 0);
    INSERT INTO audit (id, at, actor, action, target) VALUES ('0198c0de-0000-7000-8000-000000000001', 0, 'root', 'call.end', 'x');
    INSERT INTO point_recoveries (day, through) VALUES ('2026-11-27', 'jiro');
    INSERT INTO publications (key, request, digest, stored, published_at) VALUES ('k', 'r', 'd', 0, 0)";

#[tokio::test(flavor = "multi_thread")]
async fn one_text_that_is_not_utf8_hides_nothing_else() {
    for none in NONE {
        let ward = Ward::new(Kind::Sqlite).await;
        ward.breaks(&format!(
            "UPDATE users SET role = {none} WHERE id = 'jiro';
             UPDATE point_accounts SET balance = balance + 100 WHERE user_id = 'jiro'"
        ));
        let look = ward.looks();
        let found = |rule: &str, words: &str| {
            let mut of_rule = look.found.iter().filter(|it| it.rule == rule);
            assert!(
                of_rule.any(|it| it.found.contains(words)),
                "{words}: {}",
                look.text
            );
        };
        found(
            "unreadable-text",
            "users (id jiro) has a text that is not UTF-8: role",
        );
        found("account", "holds 220 points");
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        let mended: BTreeSet<&str> = repair.found.iter().map(|it| it.rule.as_str()).collect();
        let wanted = ["unreadable-text", "unreadable-person", "account"];
        assert_eq!(mended, BTreeSet::from(wanted), "{}", repair.text);
        ward.repairs().finds_nothing();
        town::goes_on(&ward.serve().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_wrote_is_kept_as_far_as_it_can_be_read() {
    let ward = Ward::new(Kind::Sqlite).await;
    for none in NONE {
        ward.breaks(&format!(
            "UPDATE users SET name = {none}, avatar = {none} WHERE id = 'taro';
             UPDATE messages SET body = {none} WHERE seq = 2;
             UPDATE conversations SET title = {none} WHERE kind = 'group';
             UPDATE point_transactions SET description = {none} WHERE ordinal = 1"
        ));
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        for text in [
            "SELECT name || avatar AS line FROM users WHERE id = 'taro'",
            "SELECT body || body AS line FROM messages WHERE seq = 2",
            "SELECT title || title AS line FROM conversations WHERE kind = 'group'",
            "SELECT description || description AS line FROM point_transactions WHERE ordinal = 1",
        ] {
            assert_eq!(ward.lines(text), [READABLE.repeat(2)], "{text}");
        }
        ward.repairs().finds_nothing();
    }
    // What keeps a ledger as it is keeps it so still.
    ward.tries_as_anybody("UPDATE point_transactions SET description = 'mine'")
        .unwrap_err();
}

/// Nothing that refers to it can be found, so the call is a record of two people, and of their time.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_lost_its_name_gets_one_and_who_has_is_a_stranger() {
    let ward = Ward::new(Kind::Sqlite).await;
    let calls = ward.says("SELECT count(*) FROM calls");
    let messages = ward.says("SELECT count(*) FROM messages");
    ward.breaks(
        "UPDATE calls SET id = x'ff41' WHERE outcome = 'completed';
         UPDATE messages SET sender_id = x'ff41' WHERE seq = 2",
    );
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    assert_eq!(ward.says("SELECT count(*) FROM calls"), calls);
    assert_eq!(ward.says("SELECT count(*) FROM messages"), messages);
    let stranger =
        format!("SELECT disabled FROM users WHERE name = '{READABLE}' AND role = 'user'");
    assert_eq!(ward.says(&stranger), "1", "nobody comes in as them");
    town::goes_on(&ward.serve().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_whose_ids_can_be_read_alike_are_two_and_the_same_bytes_are_one() {
    for (user, strangers) in [("yuki", 1), ("nobody", 2)] {
        let ward = Ward::new(Kind::Sqlite).await;
        ward.breaks(&format!(
            "UPDATE messages SET sender_id = x'ff41' WHERE seq IN (1, 2);
             UPDATE messages SET sender_id = x'fe41' WHERE seq = 3;
             UPDATE users SET id = x'ff41' WHERE id = '{user}'"
        ));
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        let locked_out =
            format!("SELECT count(*) FROM users WHERE name = '{READABLE}' AND disabled");
        assert_eq!(ward.says(&locked_out), strangers.to_string(), "{user}");
        let one = "SELECT DISTINCT sender_id AS line FROM messages WHERE seq IN (1, 2)";
        let one = ward.lines(one);
        assert_eq!(one.len(), 1, "{user}: {}", repair.text);
        // Yuki is the one who is missed: the row of those bytes is theirs, and so is what refers to it.
        assert_eq!(one[0] == "yuki", user == "yuki", "{one:?}");
        let other = ward.says("SELECT sender_id FROM messages WHERE seq = 3");
        assert_ne!(other, one[0], "{user}: {}", repair.text);
        let disabled = ward.says("SELECT count(*) FROM users WHERE disabled");
        assert_eq!(disabled, strangers.to_string(), "{}", repair.text);
        ward.repairs().finds_nothing();
        town::goes_on(&ward.serve().await).await;
    }
}

/// What a tool leaves that inserts where it should update.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_there_as_a_text_and_as_bytes_is_left_to_people() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(
        "INSERT INTO users (id, role, name, disabled, created_at, updated_at)
             VALUES (CAST('yuki' AS BLOB), 'user', 'twin', FALSE, 0, 0);
         UPDATE messages SET sender_id = CAST('yuki' AS BLOB) WHERE seq = 2",
    );
    let repair = ward.repairs();
    assert_eq!(repair.code, 1, "{}", repair.text);
    let todo = "people decide which of the two is right, and delete the other";
    assert!(repair.text.contains(todo), "{}", repair.text);
    assert!(!repair.text.contains("report this"), "{}", repair.text);
    let both = "SELECT count(*) FROM users WHERE CAST(id AS TEXT) = 'yuki'";
    assert_eq!(ward.says(both), "2", "{}", repair.text);
}

/// From reading: the backend had locked them out, and their tokens made them known again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_locked_out_stays_so_whose_own_id_cannot_be_read() {
    for (how, locked_out) in [
        ("UPDATE users SET id = x'ff41' WHERE id = 'jiro'", "jiro"),
        (
            "UPDATE users SET id = CASE id WHEN 'jiro' THEN x'ff41' ELSE x'fe41' END WHERE id IN ('jiro', 'taro')",
            "jiro taro",
        ),
    ] {
        let ward = Ward::new(Kind::Sqlite).await;
        let people = ward.says("SELECT count(*) FROM users");
        let name = ward.says("SELECT name FROM users WHERE id = 'jiro'");
        ward.breaks("UPDATE users SET disabled = TRUE WHERE id = 'jiro'");
        ward.breaks(how);
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{}", repair.text);
        let disabled = "SELECT group_concat(id, ' ') FROM (SELECT id FROM users WHERE disabled AND length(id) < 30 ORDER BY id)";
        assert_eq!(ward.says(disabled), locked_out, "{}", repair.text);
        if locked_out == "jiro" {
            // Nobody else can be meant: all of it is theirs.
            assert_eq!(ward.says("SELECT count(*) FROM users"), people);
            assert_eq!(ward.says("SELECT name FROM users WHERE id = 'jiro'"), name);
        }
        ward.repairs().finds_nothing();
    }
}

/// People decide of which conversation it is, and can do so as long as nothing is in its place.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_in_the_place_of_a_last_message_that_cannot_be_read() {
    for how in [
        "UPDATE conversations SET last_seq = 5 WHERE kind = 'direct'",
        "DELETE FROM conversations WHERE kind = 'direct'",
    ] {
        let ward = Ward::new(Kind::Sqlite).await;
        let direct = ward.says("SELECT id FROM conversations WHERE kind = 'direct'");
        ward.breaks(&format!(
            "UPDATE messages SET conversation_id = x'ff41' WHERE seq = 6; {how}"
        ));
        let repair = ward.repairs();
        assert_eq!(repair.code, 1, "{how}: {}", repair.text);
        let last = format!("SELECT last_seq FROM conversations WHERE id = '{direct}'");
        assert_eq!(ward.says(&last), "6", "{how}: {}", repair.text);
        let read = format!(
            "SELECT read_seq FROM members WHERE conversation_id = '{direct}' AND user_id = 'jiro'"
        );
        assert_eq!(ward.says(&read), "6", "{how}: {}", repair.text);
        town::goes_on(&ward.serve().await).await;
        ward.breaks(&format!(
            "UPDATE messages SET conversation_id = '{direct}' WHERE conversation_id = x'ff41'"
        ));
        ward.repairs().finds_nothing();
    }
}

/// Every reference: `table column owner key`.
const REFERENCES: &str = "SELECT its.name || ' ' || keys.\"from\" || ' ' || keys.\"table\" || ' ' || keys.\"to\" AS line
    FROM sqlite_schema AS its JOIN pragma_foreign_key_list(its.name) AS keys WHERE its.type = 'table' ORDER BY line";

/// From reading: they were left as they were, because what they refer to is made again after them.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_a_text_are_mended_though_what_they_refer_to_is_lost() {
    let sound = Ward::new(Kind::Sqlite).await;
    let mut tried = 0;
    for line in sound.lines(REFERENCES) {
        let [table, column, owner, key] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let ward = Ward::new(Kind::Sqlite).await;
        ward.breaks(ROWS);
        ward.repairs();
        let referred = format!(
            "SELECT {column} AS line FROM {table} WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 1"
        );
        let Some(lost) = ward.lines(&referred).pop() else {
            continue;
        };
        tried += 1;
        ward.breaks(&format!(
            "UPDATE {table} SET {column} = CAST({column} AS BLOB) WHERE {column} = '{lost}';
             DELETE FROM {owner} WHERE {key} = '{lost}'"
        ));
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{line}: {}", repair.text);
        ward.repairs().finds_nothing();
    }
    assert!(tried > 10, "{tried}");
}

/// What a table holds, whichever type it is of.
fn held(ward: &Ward, table: &str) -> Vec<String> {
    let columns = format!("SELECT name AS line FROM pragma_table_info('{table}')");
    let columns = ward.lines(&columns).into_iter();
    let quoted: Vec<String> = columns.map(|name| format!("quote({name})")).collect();
    let rows = quoted.join(" || ' ' || ");
    ward.lines(&format!("SELECT {rows} AS line FROM {table} ORDER BY line"))
}

/// What a tool writes that knows no difference between bytes and texts.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_a_text_become_that_text_and_nothing_goes() {
    let sound = Ward::new(Kind::Sqlite).await;
    let mut tables: BTreeSet<String> = BTreeSet::new();
    let mut all = Vec::new();
    for line in sound.lines(COLUMNS) {
        let (table, column) = line.rsplit_once(' ').unwrap().0.split_once(' ').unwrap();
        let change = format!("UPDATE {table} SET {column} = CAST({column} AS BLOB)");
        tables.insert(table.to_owned());
        all.push(change);
    }
    let everywhere = all.join("; ");
    for change in all.iter().chain([&everywhere]) {
        let ward = Ward::new(Kind::Sqlite).await;
        ward.breaks(ROWS);
        ward.repairs();
        let tables = || tables.iter().map(|table| held(&ward, table));
        let before: Vec<_> = tables().collect();
        ward.breaks(change);
        if tables().eq(before.iter().cloned()) {
            continue;
        }
        let repair = ward.repairs();
        assert_eq!(repair.code, 3, "{change}: {}", repair.text);
        for (now, before) in tables().zip(before) {
            assert_eq!(now, before, "{change}");
        }
        ward.repairs().finds_nothing();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_with_no_id_that_cannot_be_read() {
    let bodies = "SELECT body AS line FROM messages ORDER BY body";
    let members = "SELECT user_id AS line FROM members ORDER BY line";
    for (how, code) in [
        ("UPDATE messages SET conversation_id = x'ff41' WHERE seq = 3", 1),
        (
            "UPDATE members SET conversation_id = x'ff41' WHERE user_id = 'taro' AND conversation_id IN
                 (SELECT id FROM conversations WHERE kind = 'group')",
            1,
        ),
        // Whose they are is what is left of it.
        ("UPDATE conversations SET id = x'ff41' WHERE kind = 'group'", 3),
        ("UPDATE conversations SET id = x'ff41' WHERE kind = 'direct'", 3),
        // One of the two says whose it is, and then the other can only be the one.
        (
            "UPDATE conversations SET id = CASE kind WHEN 'group' THEN x'ff41' ELSE x'fe41' END",
            3,
        ),
        // Which of two groups is which people decide.
        (
            "INSERT INTO conversations (id, kind, created_by, created_at, last_seq, last_at, floor)
                 VALUES ('0198c0de-0000-7000-8000-000000000002', 'group', 'jiro', 0, 0, 0, 0);
             INSERT INTO members (user_id, conversation_id, joined_at, read_seq)
                 VALUES ('jiro', '0198c0de-0000-7000-8000-000000000002', 0, 0);
             UPDATE conversations SET id = CASE title WHEN '三人' THEN x'ff41' ELSE x'fe41' END WHERE kind = 'group'",
            1,
        ),
        (
            "UPDATE conversations SET id = x'ff41' WHERE kind = 'group';
             UPDATE messages SET conversation_id = x'ff41' WHERE sender_id = 'mei';
             UPDATE members SET conversation_id = x'ff41' WHERE user_id = 'mei'",
            1,
        ),
    ] {
        let ward = Ward::new(Kind::Sqlite).await;
        let sound = [bodies, members].map(|question| ward.lines(question));
        let title = "SELECT title AS line FROM conversations WHERE kind = 'group' AND title = '三人'";
        ward.breaks(how);
        let repair = ward.repairs();
        let text = &repair.text;
        assert_eq!(repair.code, code, "{how}: {text}");
        let now = [bodies, members].map(|question| ward.lines(question));
        assert_eq!(now[0], sound[0], "{how}: {text}");
        assert!(sound[1].iter().all(|it| now[1].contains(it)), "{how}: {text}");
        assert_eq!(ward.lines(title).len(), 1, "{how}: {text}");
        assert!(!text.contains("it comes back"), "{how}: {text}");
        town::goes_on(&ward.serve().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_people_keep_in_the_file_is_theirs() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(
        "CREATE TABLE \"my own\" (id TEXT PRIMARY KEY, \"order\" BIGINT, \"a text\" TEXT);
         INSERT INTO \"my own\" VALUES (x'ff', 'abc', x'41')",
    );
    ward.looks().finds_nothing();
    ward.repairs().finds_nothing();
    let row = "SELECT quote(id) || \"order\" || quote(\"a text\") AS line FROM \"my own\"";
    assert_eq!(ward.lines(row), ["X'FF'abcX'41'"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_every_column_of_texts_one_that_is_none_is_found_and_mended() {
    let sound = Ward::new(Kind::Sqlite).await;
    let columns = sound.lines(COLUMNS);
    assert!(columns.len() > 60, "{columns:?}");
    for (number, line) in columns.iter().enumerate() {
        let [table, column, keys] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let none = NONE[number % NONE.len()];
        let ward = Ward::new(Kind::Sqlite).await;
        ward.breaks(ROWS);
        ward.repairs();
        ward.breaks(&format!(
            "UPDATE {table} SET {column} = {none} WHERE ({keys}) IN (SELECT {keys} FROM {table} LIMIT 1)"
        ));
        let what = format!("has a text that is not UTF-8: {column}");
        let look = ward.looks();
        let found = |it: &crate::ward::Said| {
            it.rule == "unreadable-text" && it.found.starts_with(table) && it.found.ends_with(&what)
        };
        assert!(look.found.iter().any(found), "{line}: {}", look.text);
        let repair = ward.repairs();
        let of_whom = [
            "point_transactions user_id",
            "messages conversation_id",
            "members conversation_id",
        ];
        if of_whom.iter().any(|it| line.starts_with(it)) {
            // Whose points they are, and what belongs to which conversation, people decide.
            assert_eq!(repair.code, 1, "{line}: {}", repair.text);
            continue;
        }
        assert_eq!(repair.code, 3, "{line}: {}", repair.text);
        ward.repairs().finds_nothing();
        if number % 10 == 0 {
            town::goes_on(&ward.serve().await).await;
        }
    }
}

/// From outside: the rules of points said that they cannot be asked, for everybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_whose_owner_is_no_text_keeps_no_other_account_from_being_looked_at() {
    let ward = Ward::new(Kind::Sqlite).await;
    ward.breaks(
        "INSERT INTO point_transactions SELECT CAST(x'ff41' AS TEXT), ordinal, id, key, digest, amount, balance_after, type,
             description, action, metadata, created_at FROM point_transactions;
         UPDATE point_accounts SET balance = balance + 1 WHERE user_id = 'jiro'",
    );
    let look = ward.looks();
    assert!(!look.text.contains("cannot be asked"), "{}", look.text);
    let account = |it: &crate::ward::Said| it.rule == "account" && it.found.contains("of jiro");
    assert!(look.found.iter().any(account), "{}", look.text);
}
