-- SQLite needs triggers against INSERT OR REPLACE. PostgreSQL does not: ON CONFLICT DO UPDATE is an update, which is refused.
SELECT 1;
