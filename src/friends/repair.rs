//! What may not be in the table of friendships: what only one of the two sees, or each in another way.
//!
//! Of what two people see, the lesser holds: who is nobody's friend must not hear when somebody comes online.

use diesel::{
    QueryableByName,
    sql_types::{Nullable, Text},
};

use super::rules::Standing;
use crate::store::{
    Conn, StoreError, Tx,
    repair::{Breakage, Rule, Scene, execute, rows},
};

/// What holds of this table.
pub const RULES: &[Rule] = &[Rule {
    name: "friendship",
    find: one_sided,
}];

#[derive(QueryableByName)]
struct Sight {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    other_id: String,
    #[diesel(sql_type = Text)]
    own: String,
    #[diesel(sql_type = Nullable<Text>)]
    theirs: Option<String>,
}

/// What this user sees of it, if the other sees nothing that goes with it. Of two who both see something, one is asked.
fn one_sided(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT own.user_id AS user_id, own.other_id AS other_id, own.standing AS own, theirs.standing AS theirs
        FROM friendships AS own
        LEFT JOIN friendships AS theirs ON theirs.user_id = own.other_id AND theirs.other_id = own.user_id
        WHERE own.user_id = own.other_id OR theirs.user_id IS NULL
            OR (own.user_id < own.other_id AND theirs.standing <> CASE own.standing
                WHEN 'outgoing' THEN 'incoming' WHEN 'incoming' THEN 'outgoing' WHEN 'friend' THEN 'friend' ELSE '' END)
        ORDER BY own.user_id, own.other_id";
    let odd = rows::<Sight>(conn, question, &[])?.into_iter();
    Ok(odd.map(mended).collect())
}

fn mended(sight: Sight) -> Breakage {
    let Sight {
        user_id,
        other_id,
        own,
        theirs,
    } = sight;
    let is = match user_id == other_id {
        true => None,
        false => lesser(
            own.parse().ok(),
            theirs.as_ref().and_then(|it| it.parse().ok()),
        ),
    };
    let how = match is {
        None => "they are nothing to each other".to_owned(),
        Some(is) => format!(
            "it is {is} for {user_id}, and {} for {other_id}",
            is.mirrored()
        ),
    };
    let sees = theirs.as_deref().unwrap_or("nothing");
    Breakage::mended(
        format!("the friendship of {user_id} and {other_id}"),
        format!("is {own} for {user_id}, and {sees} for {other_id}"),
        how,
        move |tx| put(tx, &user_id, &other_id, is),
    )
}

/// What the two are to each other, as the first of them sees it, where what both see does not go together.
fn lesser(own: Option<Standing>, theirs: Option<Standing>) -> Option<Standing> {
    match (own?, theirs?.mirrored()) {
        // Each has asked the other: that makes friends.
        (Standing::Outgoing, Standing::Incoming) => Some(Standing::Friend),
        // Each was asked, and nobody did.
        (Standing::Incoming, Standing::Outgoing) => None,
        (Standing::Friend, other) | (other, _) => Some(other),
    }
}

fn put(tx: &mut Tx<'_>, user: &str, other: &str, is: Option<Standing>) -> Result<(), StoreError> {
    let now = tx.now().millis();
    for (one, another, is) in [(user, other, is), (other, user, is.map(Standing::mirrored))] {
        let Some(is) = is else {
            let change = "DELETE FROM friendships WHERE user_id = $1 AND other_id = $2";
            execute(tx, change, &[one, another])?;
            continue;
        };
        let change = format!(
            "INSERT INTO friendships (user_id, other_id, standing, since_at) VALUES ($1, $2, '{is}', {now})
             ON CONFLICT (user_id, other_id) DO UPDATE SET standing = '{is}'"
        );
        execute(tx, &change, &[one, another])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_two_people_see_the_lesser_holds() {
        use Standing::{Friend, Incoming, Outgoing};
        for (own, theirs, is) in [
            (Some(Friend), None, None),
            (Some(Outgoing), None, None),
            (None, Some(Incoming), None),
            (Some(Friend), Some(Incoming), Some(Outgoing)),
            (Some(Friend), Some(Outgoing), Some(Incoming)),
            (Some(Incoming), Some(Friend), Some(Incoming)),
            (Some(Outgoing), Some(Friend), Some(Outgoing)),
            (Some(Outgoing), Some(Outgoing), Some(Friend)),
            (Some(Incoming), Some(Incoming), None),
        ] {
            assert_eq!(lesser(own, theirs), is, "{own:?} {theirs:?}");
            // Whichever of the two is asked.
            assert_eq!(lesser(theirs, own), is.map(Standing::mirrored));
        }
    }
}
