// @generated automatically by Diesel CLI.

diesel::table! {
    audit (id) {
        id -> Text,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        target -> Text,
        detail -> Nullable<Text>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    call_events (call_id, version, event) {
        call_id -> Text,
        version -> BigInt,
        at -> BigInt,
        event -> Text,
        actor -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    calls (id) {
        id -> Text,
        caller_id -> Text,
        otomo_id -> Text,
        caller_device -> Text,
        otomo_device -> Nullable<Text>,
        phase -> Text,
        version -> BigInt,
        spoken_version -> BigInt,
        requested_at -> BigInt,
        ring_deadline -> Nullable<BigInt>,
        deadline -> Nullable<BigInt>,
        accepted_at -> Nullable<BigInt>,
        connected_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        caller_lost_until -> Nullable<BigInt>,
        otomo_lost_until -> Nullable<BigInt>,
        media_lost_until -> Nullable<BigInt>,
        caller_reported -> Bool,
        otomo_reported -> Bool,
        method -> Nullable<Text>,
        outcome -> Nullable<Text>,
        reason -> Nullable<Text>,
        ended_by -> Nullable<Text>,
        joined_call_id -> Nullable<Text>,
        due_at -> Nullable<BigInt>,
        price -> Nullable<BigInt>,
        minute -> Nullable<BigInt>,
        charges -> BigInt,
        unseen_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    conversations (id) {
        id -> Text,
        kind -> Text,
        title -> Nullable<Text>,
        pair -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        last_seq -> BigInt,
        last_at -> BigInt,
        floor -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        topic -> Text,
        #[sql_name = "type"]
        type_ -> Text,
        body -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    friendships (user_id, other_id) {
        user_id -> Text,
        other_id -> Text,
        standing -> Text,
        since_at -> BigInt,
    }
}

diesel::table! {
    inbox (user_id, seq) {
        user_id -> Text,
        seq -> BigInt,
        event_id -> Text,
    }
}

diesel::table! {
    inbox_heads (user_id) {
        user_id -> Text,
        head -> BigInt,
        floor -> BigInt,
    }
}

diesel::table! {
    last_seen (user_id) {
        user_id -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    leases (session) {
        session -> Text,
        device -> Text,
        otomo_id -> Text,
        node -> Text,
        expires_at -> BigInt,
        leaving -> Bool,
    }
}

diesel::table! {
    live_participants (user_id) {
        user_id -> Text,
        call_id -> Text,
    }
}

diesel::table! {
    members (user_id, conversation_id) {
        user_id -> Text,
        conversation_id -> Text,
        joined_at -> BigInt,
        read_seq -> BigInt,
        read_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    messages (conversation_id, seq) {
        conversation_id -> Text,
        seq -> BigInt,
        id -> Text,
        sender_id -> Text,
        client_message_id -> Text,
        body -> Text,
        data -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    nodes (name) {
        name -> Text,
        alive_at -> BigInt,
        epoch -> BigInt,
        lease_until -> Nullable<BigInt>,
        started_at -> BigInt,
        advertise -> Nullable<Text>,
        process -> Nullable<Text>,
    }
}

diesel::table! {
    otomo (user_id) {
        user_id -> Text,
        status -> Text,
        version -> BigInt,
        changed_at -> BigInt,
        chosen -> Text,
        chosen_cause -> Text,
        chosen_until -> Nullable<BigInt>,
        missed -> BigInt,
        free_at -> BigInt,
    }
}

diesel::table! {
    point_accounts (user_id) {
        user_id -> Text,
        balance -> BigInt,
        last_ordinal -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    point_recoveries (day) {
        day -> Text,
        through -> Nullable<Text>,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    point_transactions (user_id, ordinal) {
        user_id -> Text,
        ordinal -> BigInt,
        id -> Text,
        key -> Text,
        digest -> Text,
        amount -> BigInt,
        balance_after -> BigInt,
        #[sql_name = "type"]
        type_ -> Text,
        description -> Text,
        action -> Text,
        metadata -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    publications (key) {
        key -> Text,
        request -> Text,
        digest -> Text,
        stored -> BigInt,
        published_at -> BigInt,
    }
}

diesel::table! {
    room_members (room, user_id) {
        room -> Text,
        user_id -> Text,
        granted_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    room_states (room, key) {
        room -> Text,
        key -> Text,
        bytes -> BigInt,
        body -> Text,
        updated_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        role -> Text,
        name -> Text,
        avatar -> Nullable<Text>,
        price_per_minute -> Nullable<BigInt>,
        disabled -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    whereabouts (user_id, node) {
        user_id -> Text,
        node -> Text,
    }
}

diesel::joinable!(call_events -> calls (call_id));
diesel::joinable!(conversations -> users (created_by));
diesel::joinable!(inbox -> events (event_id));
diesel::joinable!(last_seen -> users (user_id));
diesel::joinable!(leases -> otomo (otomo_id));
diesel::joinable!(live_participants -> calls (call_id));
diesel::joinable!(live_participants -> users (user_id));
diesel::joinable!(members -> conversations (conversation_id));
diesel::joinable!(members -> users (user_id));
diesel::joinable!(messages -> conversations (conversation_id));
diesel::joinable!(messages -> users (sender_id));
diesel::joinable!(otomo -> users (user_id));
diesel::joinable!(point_transactions -> point_accounts (user_id));
diesel::joinable!(whereabouts -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    audit,
    call_events,
    calls,
    conversations,
    events,
    friendships,
    inbox,
    inbox_heads,
    last_seen,
    leases,
    live_participants,
    members,
    messages,
    nodes,
    otomo,
    point_accounts,
    point_recoveries,
    point_transactions,
    publications,
    room_members,
    room_states,
    users,
    whereabouts,
);
