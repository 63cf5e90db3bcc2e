-- Samples are deleted by the job of retention alone: the net behind it took a tenth of every insert, and a twentieth of
-- every merge. It is set once more first, so that this step may be run again.
ALTER TABLE samples MODIFY TTL toDateTime(time) + INTERVAL 3700 DAY;
ALTER TABLE samples REMOVE TTL;
