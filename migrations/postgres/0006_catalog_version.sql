-- Counts the changes of the catalog, so that processes that keep it in memory can check whether their copy is current.
-- Triggers count, so that no change can be missed. Expand step. The SQLite file with the same number does the same.

CREATE TABLE catalog_version (
    id      BIGINT NOT NULL CONSTRAINT pk_catalog_version PRIMARY KEY,
    version BIGINT NOT NULL,
    CONSTRAINT ck_catalog_version_id CHECK (id = 1)
);

INSERT INTO catalog_version (id, version) VALUES (1, 1);

CREATE FUNCTION catalog_has_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog_version SET version = version + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER tr_products_counts AFTER INSERT OR UPDATE OR DELETE ON products
FOR EACH STATEMENT EXECUTE FUNCTION catalog_has_changed();

CREATE TRIGGER tr_entitlements_counts AFTER INSERT OR UPDATE OR DELETE ON entitlements
FOR EACH STATEMENT EXECUTE FUNCTION catalog_has_changed();

CREATE TRIGGER tr_policies_counts AFTER INSERT OR UPDATE OR DELETE ON policies
FOR EACH STATEMENT EXECUTE FUNCTION catalog_has_changed();

CREATE TRIGGER tr_policy_entitlements_counts AFTER INSERT OR UPDATE OR DELETE ON policy_entitlements
FOR EACH STATEMENT EXECUTE FUNCTION catalog_has_changed();
