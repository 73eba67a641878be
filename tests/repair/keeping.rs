//! What a repair keeps, whatever is wrong around it: what people wrote, that nobody else reads it, and what they own.

use crate::ward::{Kind, Ward};

/// A server may read the backslash in a text of SQL as the beginning of something.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_id_looks_like_it_is_no_part_of_a_question() {
    let ward = Ward::new(Kind::Postgres).await;
    ward.breaks(
        r"INSERT INTO members (user_id, conversation_id, joined_at, read_seq) VALUES ('jiro', 'not one\', 0, 0);
          INSERT INTO inbox_heads (user_id, head, floor) VALUES ('nobody\', 0, 7);
          DO $$ BEGIN
              EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database());
          END $$",
    );
    let repair = ward.repairs();
    assert_eq!(repair.code, 3, "{}", repair.text);
    ward.repairs().finds_nothing();
}
