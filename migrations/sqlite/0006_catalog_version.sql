-- Counts the changes of the catalog, so that processes that keep it in memory can check whether their copy is current.
-- Triggers count, so that no change can be missed. Expand step. The PostgreSQL file with the same number does the same.

CREATE TABLE catalog_version (
    id      INTEGER NOT NULL CONSTRAINT pk_catalog_version PRIMARY KEY,
    version INTEGER NOT NULL,
    CONSTRAINT ck_catalog_version_id CHECK (id = 1)
) STRICT;

INSERT INTO catalog_version (id, version) VALUES (1, 1);

CREATE TRIGGER tr_products_insert_counts AFTER INSERT ON products
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_products_update_counts AFTER UPDATE ON products
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_products_delete_counts AFTER DELETE ON products
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_entitlements_insert_counts AFTER INSERT ON entitlements
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_entitlements_update_counts AFTER UPDATE ON entitlements
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_entitlements_delete_counts AFTER DELETE ON entitlements
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_policies_insert_counts AFTER INSERT ON policies
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_policies_update_counts AFTER UPDATE ON policies
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_policies_delete_counts AFTER DELETE ON policies
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_policy_entitlements_insert_counts AFTER INSERT ON policy_entitlements
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_policy_entitlements_update_counts AFTER UPDATE ON policy_entitlements
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;

CREATE TRIGGER tr_policy_entitlements_delete_counts AFTER DELETE ON policy_entitlements
BEGIN
    UPDATE catalog_version SET version = version + 1;
END;
