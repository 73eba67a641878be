DROP TABLE publications;
DROP TABLE room_states;
DROP TABLE room_members;
