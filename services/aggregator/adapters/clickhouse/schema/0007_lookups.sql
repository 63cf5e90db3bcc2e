-- What finds a few rows among many: words of log lines, lines of a trace, events of a person or session. New parts have
-- these indexes, those that stood before get them when they are merged; answers are the same with and without.
ALTER TABLE logs ADD INDEX IF NOT EXISTS of_words lower(message) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1;

ALTER TABLE logs ADD INDEX IF NOT EXISTS of_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE events ADD INDEX IF NOT EXISTS of_user user_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE events ADD INDEX IF NOT EXISTS of_session session_id TYPE bloom_filter(0.01) GRANULARITY 1;
