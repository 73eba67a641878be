-- Fills a migrated, empty database with a history: see fill.rs. {..} are numbers that it puts in; times are milliseconds.
--
-- Everything follows from row numbers, so two databases of one size and one `now` are the same. Rows come in the order of
-- their keys, which is what makes ten million of them a matter of a minute.

PRAGMA foreign_keys = OFF;

-- People: user-0 .. and otomo-0 ..
INSERT INTO users (id, role, name, disabled, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {users})
SELECT 'user-' || i, 'user', 'User ' || i, FALSE, {begin}, {begin} FROM n;
INSERT INTO users (id, role, name, disabled, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {otomo})
SELECT 'otomo-' || i, 'otomo', 'Otomo ' || i, FALSE, {begin}, {begin} FROM n;
INSERT INTO last_seen (user_id, at) SELECT id, {now} FROM users ORDER BY id;
INSERT INTO point_accounts (user_id, balance, last_ordinal, updated_at)
SELECT id, 0, 0, {now} FROM users WHERE role = 'user' ORDER BY id;

-- Otomo who were online on this node when it stopped: each has a lease.
INSERT INTO otomo (user_id, status, version, changed_at, chosen, chosen_cause, missed, free_at)
SELECT id, 'online', 1, {now} - 60000 - rowid, 'online', 'login', 0, 0 FROM users WHERE role = 'otomo' ORDER BY id;
INSERT INTO leases (session, device, otomo_id, node, expires_at, leaving)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {otomo})
SELECT printf('00000000-0000-4000-8000-%012x', i), printf('00000000-0000-4000-8000-%012x', i), 'otomo-' || i, 'otomo-1',
    {now} + 15000, FALSE FROM n;

-- Friends: user-0 has {friends} of them, everybody else their neighbour.
INSERT INTO friendships (user_id, other_id, standing, since_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {friends})
SELECT 'user-0', 'user-' || i, 'friend', {begin} + i FROM n UNION ALL
SELECT 'user-' || i, 'user-0', 'friend', {begin} + i FROM n ORDER BY 1, 2;

-- Calls, all of them over; ids are random, as clients make them.
INSERT INTO calls (id, caller_id, otomo_id, caller_device, otomo_device, phase, version, spoken_version, requested_at,
    accepted_at, connected_at, ended_at, caller_reported, otomo_reported, method, outcome, reason, ended_by, charges)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {calls}),
c AS (SELECT i, {begin} + CAST(i * ({now} - 600000 - {begin}) / {calls} AS INTEGER) AS at FROM n)
SELECT printf('%08x-0000-4000-8000-%012x', (i * 2654435761) & 0xffffffff, i),
    'user-' || ((i * 31) % {users}), 'otomo-' || ((i * 17) % {otomo}), 'phone', 'desk', 'ended', 5, 5, at,
    at + 4000, at + 5000, at + 305000, TRUE, TRUE, 'peer_report', 'completed', 'user_end', 'caller', 0
FROM c ORDER BY 1;
INSERT INTO call_events (call_id, version, at, event, actor)
SELECT c.id, e.version, c.requested_at + e.version * 1000, e.event, e.actor
FROM (SELECT id, requested_at FROM calls ORDER BY id) AS c CROSS JOIN (
    SELECT 1 AS version, 'requested' AS event, 'caller' AS actor UNION ALL SELECT 2, 'ringing', 'system'
    UNION ALL SELECT 3, 'accepted', 'otomo' UNION ALL SELECT 4, 'connected', 'caller'
    UNION ALL SELECT 5, 'ended', 'caller') AS e;

-- Conversations between user i and user i + 1 + i / users. The first one is long: it has a tenth of all messages.
INSERT INTO conversations (id, kind, pair, created_by, created_at, last_seq, last_at, floor)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {conversations}),
c AS (SELECT i, 'user-' || (i % {users}) AS a, 'user-' || ((i + 1 + i / {users}) % {users}) AS b FROM n)
SELECT printf('%08x-0000-4000-8000-000000000000', i), 'direct', min(a, b) || char(10) || max(a, b), a, {begin},
    CASE i WHEN 0 THEN {long} ELSE {short} END, {now} - i, 0
FROM c;
-- And user-0 has {partners} of them, empty ones.
INSERT INTO conversations (id, kind, pair, created_by, created_at, last_seq, last_at, floor)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {partners})
SELECT printf('ffffffff-0000-4000-8000-%012x', i), 'direct', 'user-0' || char(10) || 'user-' || ({users} / 2 + i), 'user-0',
    {begin}, 0, {begin} + i, 0
FROM n;
INSERT INTO members (user_id, conversation_id, joined_at, read_seq, read_at)
SELECT * FROM (
    SELECT substr(pair, 1, instr(pair, char(10)) - 1), id, created_at, last_seq / 2, created_at FROM conversations
    UNION ALL SELECT substr(pair, instr(pair, char(10)) + 1), id, created_at, last_seq, created_at FROM conversations
) ORDER BY 1, 2;

INSERT INTO messages (conversation_id, seq, id, sender_id, client_message_id, body, created_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {long})
SELECT c.id, n.i, printf('%08x-0000-7000-8000-%012x', rowid, n.i), c.created_by,
    printf('%08x-0000-4000-9000-%012x', (rowid * 2654435761 + n.i * 40503) & 0xffffffff, rowid * 4096 + n.i),
    'おやすみなさい。また明日ね。 ' || n.i,
    {begin} + CAST(n.i * 1.0 * ({now} - {begin}) / c.last_seq AS INTEGER)
FROM conversations AS c CROSS JOIN n WHERE n.i <= c.last_seq AND c.rowid = 1;
INSERT INTO messages (conversation_id, seq, id, sender_id, client_message_id, body, created_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {short})
SELECT c.id, n.i, printf('%08x-0000-7000-8000-%012x', c.rowid, n.i), c.created_by,
    printf('%08x-0000-4000-9000-%012x', (c.rowid * 2654435761 + n.i * 40503) & 0xffffffff, c.rowid * 4096 + n.i),
    'おやすみなさい。また明日ね。 ' || n.i,
    {begin} + CAST(n.i * 1.0 * ({now} - {begin}) / {short} AS INTEGER)
FROM conversations AS c CROSS JOIN n WHERE c.last_seq > 0 AND c.rowid > 1 ORDER BY c.rowid, n.i;

-- The inbox: the messages of the retention's time, in the streams of both members. Not those of the long conversation, whose
-- two people would have more of them than the inbox keeps.
INSERT INTO events (id, topic, type, body, created_at)
SELECT m.id, 'chat', 'new-message', json_object('type', 'new-message', 'messageId', m.id, 'conversationId', m.conversation_id,
    'messageSeq', m.seq, 'senderId', m.sender_id, 'body', m.body, 'clientMessageId', m.client_message_id,
    'createdAt', m.created_at / 1000), m.created_at
FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
WHERE m.created_at >= {kept} AND c.rowid > 1;
INSERT INTO inbox (user_id, seq, event_id)
WITH stored AS (
    SELECT e.id, e.created_at, c.pair, instr(c.pair, char(10)) AS cut
    FROM events AS e JOIN conversations AS c ON c.id = json_extract(e.body, '$.conversationId')
), told AS (
    SELECT substr(pair, 1, cut - 1) AS user_id, id, created_at FROM stored
    UNION ALL SELECT substr(pair, cut + 1), id, created_at FROM stored
)
SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY created_at, id), id FROM told;
INSERT INTO inbox_heads (user_id, head, floor) SELECT user_id, max(seq), 0 FROM inbox GROUP BY user_id ORDER BY user_id;
