-- What customers may do themselves in the portal, by policy. Expand step: the defaults are what every customer could do before.
-- The PostgreSQL file with the same number does the same.

ALTER TABLE policies ADD COLUMN customer_frees_machines INTEGER NOT NULL DEFAULT 1;
ALTER TABLE policies ADD COLUMN customer_renames_machines INTEGER NOT NULL DEFAULT 1;
ALTER TABLE policies ADD COLUMN customer_downloads_files INTEGER NOT NULL DEFAULT 1;
ALTER TABLE policies ADD COLUMN customer_sees_history INTEGER NOT NULL DEFAULT 1;
