-- The whole licensing engine: more terms of policies, limits and counters of licenses, revived
-- machines, and signing keys that can be rotated. Expand step: columns have defaults under which
-- existing rows mean what they meant. The PostgreSQL file of the same number says the same.

ALTER TABLE policies ADD COLUMN expiry_basis TEXT NOT NULL DEFAULT 'FROM_CREATION'
    CONSTRAINT ck_policies_expiry_basis CHECK (expiry_basis IN ('FROM_CREATION', 'FROM_FIRST_VALIDATION', 'FROM_FIRST_ACTIVATION'));
ALTER TABLE policies ADD COLUMN renewal_basis TEXT NOT NULL DEFAULT 'FROM_EXPIRY'
    CONSTRAINT ck_policies_renewal_basis CHECK (renewal_basis IN ('FROM_EXPIRY', 'FROM_NOW', 'FROM_NOW_IF_EXPIRED'));
ALTER TABLE policies ADD COLUMN max_cores INTEGER
    CONSTRAINT ck_policies_max_cores CHECK (max_cores BETWEEN 1 AND 2147483647);
ALTER TABLE policies ADD COLUMN max_uses INTEGER
    CONSTRAINT ck_policies_max_uses CHECK (max_uses BETWEEN 0 AND 2147483647);
ALTER TABLE policies ADD COLUMN heartbeat_resurrection TEXT NOT NULL DEFAULT 'NO_REVIVE'
    CONSTRAINT ck_policies_resurrection CHECK (
        heartbeat_resurrection IN ('NO_REVIVE', '1_MINUTE_REVIVE', '2_MINUTE_REVIVE', '5_MINUTE_REVIVE', '10_MINUTE_REVIVE', '15_MINUTE_REVIVE')
        OR (heartbeat_resurrection = 'ALWAYS_REVIVE' AND heartbeat_cull = 'KEEP_DEAD')
    );
ALTER TABLE policies ADD COLUMN check_in_us INTEGER
    CONSTRAINT ck_policies_check_in CHECK (check_in_us >= 3600000000);
ALTER TABLE policies ADD COLUMN key_scheme TEXT NOT NULL DEFAULT 'RANDOM'
    CONSTRAINT ck_policies_key_scheme CHECK (key_scheme IN ('RANDOM', 'ED25519_SIGN'));
ALTER TABLE policies ADD COLUMN offline_file_us INTEGER NOT NULL DEFAULT 2592000000000
    CONSTRAINT ck_policies_offline_file CHECK (offline_file_us >= 3600000000);
ALTER TABLE policies ADD COLUMN swap_count INTEGER
    CONSTRAINT ck_policies_swap_count CHECK (swap_count BETWEEN 0 AND 2147483647);
ALTER TABLE policies ADD COLUMN swap_window_us INTEGER
    CONSTRAINT ck_policies_swaps CHECK ((swap_window_us IS NULL) = (swap_count IS NULL) AND (swap_window_us IS NULL OR swap_window_us > 0));
ALTER TABLE policies ADD COLUMN customer_rotates_key INTEGER NOT NULL DEFAULT 1;

-- Dead machines that keep their slots were brought back by any heartbeat.
UPDATE policies SET heartbeat_resurrection = 'ALWAYS_REVIVE' WHERE heartbeat_cull = 'KEEP_DEAD';

ALTER TABLE licenses ADD COLUMN max_cores INTEGER
    CONSTRAINT ck_licenses_max_cores CHECK (max_cores BETWEEN 1 AND 2147483647);
ALTER TABLE licenses ADD COLUMN max_uses INTEGER
    CONSTRAINT ck_licenses_max_uses CHECK (max_uses BETWEEN 0 AND 2147483647);
ALTER TABLE licenses ADD COLUMN uses INTEGER NOT NULL DEFAULT 0
    CONSTRAINT ck_licenses_uses CHECK (uses BETWEEN 0 AND 2147483647);
ALTER TABLE licenses ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE licenses ADD COLUMN last_check_in_at INTEGER;
ALTER TABLE licenses ADD COLUMN last_check_out_at INTEGER;
-- The license's time begins with its first use, which has not come yet.
ALTER TABLE licenses ADD COLUMN ends_after_first_use INTEGER NOT NULL DEFAULT 0
    CONSTRAINT ck_licenses_end CHECK (ends_after_first_use = 0 OR expires_at IS NULL);

ALTER TABLE machines ADD COLUMN is_resurrected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE machines ADD COLUMN last_check_out_at INTEGER;

-- Counting how often a customer freed machines, and finding those whose heartbeat stopped.
CREATE INDEX ix_machines_freed ON machines (license_id, deactivated_at) WHERE deactivated_by = 'customer';
CREATE INDEX ix_machines_heartbeat ON machines (last_heartbeat_at) WHERE deactivated_at IS NULL;

-- The keys that sign answers, files and license keys; the private part encrypted under the master
-- secret. One signs; those before it verify until they are retired; one may wait to be next.
CREATE TABLE signing_keys (
    id              BLOB    NOT NULL CONSTRAINT pk_signing_keys PRIMARY KEY,
    public_key      BLOB    NOT NULL,
    seed_ciphertext BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    activated_at    INTEGER,
    replaced_at     INTEGER,
    retired_at      INTEGER,
    files_until     INTEGER,
    CONSTRAINT ck_signing_keys_id CHECK (length(id) = 16),
    CONSTRAINT ck_signing_keys_public CHECK (length(public_key) = 32),
    CONSTRAINT ck_signing_keys_life CHECK (
        (replaced_at IS NULL OR activated_at IS NOT NULL) AND (retired_at IS NULL OR activated_at IS NULL OR replaced_at IS NOT NULL)
    ),
    CONSTRAINT uq_signing_keys_public UNIQUE (public_key)
) STRICT;

CREATE UNIQUE INDEX uq_signing_keys_active ON signing_keys ((1)) WHERE activated_at IS NOT NULL AND replaced_at IS NULL;
CREATE UNIQUE INDEX uq_signing_keys_next ON signing_keys ((1)) WHERE activated_at IS NULL AND retired_at IS NULL;

-- Which key signed a license's key, for signed keys.
ALTER TABLE licenses ADD COLUMN signed_by BLOB CONSTRAINT fk_licenses_signed_by REFERENCES signing_keys (id);
CREATE INDEX ix_licenses_signed_by ON licenses (signed_by) WHERE signed_by IS NOT NULL;
