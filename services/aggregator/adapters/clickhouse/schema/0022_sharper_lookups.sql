-- Of a thousand pieces of a table an index that errs once in a hundred times lets ten pass in vain, each of which takes as
-- long to read as the one that is looked for. One that errs once in ten thousand times takes a byte more for each person or
-- session of a piece.
ALTER TABLE events ADD INDEX IF NOT EXISTS of_user_id user_id TYPE bloom_filter(0.0001) GRANULARITY 1;

ALTER TABLE events ADD INDEX IF NOT EXISTS of_session_id session_id TYPE bloom_filter(0.0001) GRANULARITY 1;

ALTER TABLE events MATERIALIZE INDEX of_user_id;

ALTER TABLE events MATERIALIZE INDEX of_session_id;

ALTER TABLE events DROP INDEX IF EXISTS of_user;

ALTER TABLE events DROP INDEX IF EXISTS of_session;
