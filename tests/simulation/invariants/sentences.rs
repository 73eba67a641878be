//! What must hold of what is stored, as sentences of the rules: each with a query for what breaks it.

/// A sentence, and a query for the names of what breaks it.
pub type Sentence = (&'static str, &'static str);

/// What holds at every moment, and may hold again at the next. That a call which is over has an outcome and a time, and no other
/// has, the database itself sees to.
pub const ALWAYS: [Sentence; 5] = [
    (
        "who is in a live call, and nobody else, is reserved for it",
        "SELECT user_id AS name FROM (
             SELECT caller_id AS user_id, id AS call_id FROM calls WHERE phase <> 'ended'
             UNION ALL SELECT otomo_id, id FROM calls WHERE phase <> 'ended'
         ) AS live WHERE NOT EXISTS (
             SELECT 1 FROM live_participants p WHERE p.user_id = live.user_id AND p.call_id = live.call_id)
         UNION ALL SELECT user_id FROM live_participants p WHERE NOT EXISTS (
             SELECT 1 FROM calls c WHERE c.id = p.call_id AND c.phase <> 'ended' AND p.user_id IN (c.caller_id, c.otomo_id))",
    ),
    (
        "an otomo is busy if and only if a call of theirs is connecting or connected",
        "SELECT user_id AS name FROM otomo o WHERE (status = 'busy') <> EXISTS (
             SELECT 1 FROM calls c WHERE o.user_id IN (c.caller_id, c.otomo_id) AND c.phase IN ('connecting', 'connected'))",
    ),
    (
        "a message is in the inbox of every member, once, with the transaction that stored it",
        "SELECT m.id AS name FROM messages m
         JOIN members b ON b.conversation_id = m.conversation_id
         LEFT JOIN (
             SELECT i.user_id, json_extract(e.body, '$.messageId') AS message_id FROM inbox i
             JOIN events e ON e.id = i.event_id WHERE e.type = 'new-message'
         ) AS t ON t.user_id = b.user_id AND t.message_id = m.id
         GROUP BY m.id, b.user_id HAVING count(t.message_id) <> 1",
    ),
    (
        "whatever was read is told to every member, once",
        "SELECT b.user_id || ' reads ' || b.conversation_id AS name FROM members b
         LEFT JOIN (
             SELECT m.sender_id AS user_id, m.conversation_id, max(m.seq) AS own FROM messages m GROUP BY 1, 2
         ) AS sent ON sent.user_id = b.user_id AND sent.conversation_id = b.conversation_id
         LEFT JOIN (
             SELECT json_extract(e.body, '$.userId') AS user_id, json_extract(e.body, '$.conversationId') AS conversation_id,
                 max(json_extract(e.body, '$.messageSeq')) AS seen, count(*) AS told, count(DISTINCT e.id) AS reads
             FROM events e JOIN inbox i ON i.event_id = e.id WHERE e.type = 'message-read' GROUP BY 1, 2
         ) AS heard ON heard.user_id = b.user_id AND heard.conversation_id = b.conversation_id
         WHERE max(coalesce(sent.own, 0), coalesce(heard.seen, 0)) <> b.read_seq
             OR coalesce(heard.told, 0) <> 2 * coalesce(heard.reads, 0)",
    ),
    (
        "seq is gap-free for every user",
        "SELECT h.user_id AS name FROM inbox_heads h LEFT JOIN inbox i ON i.user_id = h.user_id
         GROUP BY h.user_id, h.head, h.floor
         HAVING count(i.seq) <> h.head - h.floor OR min(i.seq) <> h.floor + 1 OR max(i.seq) <> h.head",
    ),
];

/// What holds at every moment too, and never again once it does not: each is looked at in its turn.
pub const FOR_GOOD: [Sentence; 9] = [
    (
        "messageSeq is gap-free in every conversation",
        "SELECT c.id AS name FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
         GROUP BY c.id, c.last_seq, c.floor
         HAVING count(m.seq) <> c.last_seq - c.floor OR min(m.seq) <> c.floor + 1 OR max(m.seq) <> c.last_seq",
    ),
    (
        "a missed call, and nothing else, leaves a call_missed for its otomo, once",
        "SELECT c.id AS name FROM calls c LEFT JOIN (
             SELECT i.user_id, json_extract(e.body, '$.callId') AS call_id FROM inbox i
             JOIN events e ON e.id = i.event_id WHERE e.type = 'call_missed'
         ) AS t ON t.call_id = c.id AND t.user_id = c.otomo_id
         GROUP BY c.id, c.outcome HAVING count(t.call_id) <> (coalesce(c.outcome, '') = 'missed')",
    ),
    (
        "a balance is the sum of its transactions, and never negative",
        "SELECT a.user_id AS name FROM point_accounts a LEFT JOIN point_transactions t ON t.user_id = a.user_id
         GROUP BY a.user_id, a.balance HAVING coalesce(sum(t.amount), 0) <> a.balance OR a.balance < 0",
    ),
    (
        "each charge of a call is in the ledger once",
        "SELECT c.id AS name FROM calls c
         LEFT JOIN point_transactions t ON t.user_id = c.caller_id AND t.key LIKE 'call:' || c.id || ':%'
         GROUP BY c.id, c.charges HAVING count(t.key) <> c.charges",
    ),
    (
        "each charge of a call takes its price",
        "SELECT c.id AS name FROM calls c
         JOIN point_transactions t ON t.user_id = c.caller_id AND t.key LIKE 'call:' || c.id || ':%'
         WHERE -t.amount IS NOT c.price",
    ),
    (
        "a durable event is in nobody's inbox whom it does not concern",
        "SELECT i.user_id || ' has ' || e.type || ' ' || e.id AS name FROM inbox i JOIN events e ON e.id = i.event_id
         WHERE NOT CASE
             WHEN e.type IN ('new-message', 'message-read') THEN EXISTS (
                 SELECT 1 FROM members b WHERE b.user_id = i.user_id AND b.conversation_id = json_extract(e.body, '$.conversationId'))
             WHEN e.type = 'call_missed' THEN EXISTS (
                 SELECT 1 FROM calls c WHERE c.id = json_extract(e.body, '$.callId') AND c.otomo_id = i.user_id)
             WHEN e.type = 'sp_update' THEN EXISTS (
                 SELECT 1 FROM point_transactions t WHERE t.user_id = i.user_id
                 AND t.balance_after = json_extract(e.body, '$.balance_after') AND t.amount = json_extract(e.body, '$.amount_changed'))
             ELSE e.type IN ('sp_insufficient', 'room_event') END",
    ),
    (
        "each change of points is told to whose they are, once",
        "SELECT a.user_id AS name FROM point_accounts a WHERE a.last_ordinal <> (
             SELECT count(*) FROM inbox i JOIN events e ON e.id = i.event_id WHERE i.user_id = a.user_id AND e.type = 'sp_update')",
    ),
    (
        "two who request each other at once are in the call of the first, whose otomo has accepted it by that",
        "SELECT later.id AS name FROM calls later WHERE later.joined_call_id IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM calls one WHERE one.id = later.joined_call_id AND one.caller_id = later.otomo_id
             AND one.otomo_id = later.caller_id AND one.accepted_at = later.ended_at AND one.otomo_device = later.caller_device)",
    ),
    (
        "two people have one conversation",
        "SELECT one.user_id || ' and ' || other.user_id AS name FROM members one
         JOIN members other ON other.conversation_id = one.conversation_id AND other.user_id > one.user_id
         GROUP BY one.user_id, other.user_id HAVING count(*) > 1",
    ),
];

/// What holds once everything is over.
pub const SETTLED: [Sentence; 5] = [
    (
        "every call has an end",
        "SELECT id AS name FROM calls WHERE phase <> 'ended'",
    ),
    (
        "what is stored of a call is said",
        "SELECT id AS name FROM calls WHERE spoken_version < version",
    ),
    (
        "an otomo is offline if and only if they are not connected",
        "SELECT user_id AS name FROM otomo o
         WHERE (status = 'offline') = EXISTS (SELECT 1 FROM leases l WHERE l.otomo_id = o.user_id)",
    ),
    (
        "a status is the one that was chosen, where nothing else decides",
        "SELECT user_id AS name FROM otomo WHERE status IN ('online', 'break') AND status <> chosen",
    ),
    (
        "only live nodes have leases of connections",
        "SELECT session AS name FROM leases l WHERE NOT EXISTS (
             SELECT 1 FROM nodes n WHERE n.name = l.node AND n.lease_until IS NOT NULL)",
    ),
];
