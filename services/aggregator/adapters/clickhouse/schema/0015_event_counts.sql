-- Each part of events carries along how many it holds of each type and service: what is counted whole is not read whole.
ALTER TABLE events ADD PROJECTION IF NOT EXISTS by_type (
    SELECT tenant, type, service, count() GROUP BY tenant, type, service
);

ALTER TABLE events MATERIALIZE PROJECTION by_type;
