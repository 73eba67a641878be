DROP TABLE call_events;
DROP TABLE live_participants;
DROP TABLE calls;
