-- What customers may do themselves in the portal, by policy. Expand step: the defaults are what every customer could do before.
-- The SQLite file with the same number does the same.

ALTER TABLE policies ADD COLUMN customer_frees_machines BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE policies ADD COLUMN customer_renames_machines BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE policies ADD COLUMN customer_downloads_files BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE policies ADD COLUMN customer_sees_history BOOLEAN NOT NULL DEFAULT TRUE;
