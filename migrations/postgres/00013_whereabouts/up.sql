-- On which nodes somebody is right now. One who leaves a node may still be on another.
CREATE TABLE whereabouts (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    node TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, node)
);
CREATE INDEX whereabouts_node ON whereabouts (node);
INSERT INTO whereabouts (user_id, node) SELECT user_id, node FROM last_seen WHERE node IS NOT NULL;
ALTER TABLE last_seen DROP COLUMN node;
