-- Members of staff who see the portal as a customer does, and until when. It ends with the session.
CREATE TABLE portal_views (
    session_id BLOB    NOT NULL CONSTRAINT pk_portal_views PRIMARY KEY
                       CONSTRAINT fk_portal_views_session REFERENCES sessions (id) ON DELETE CASCADE,
    account_id BLOB    NOT NULL CONSTRAINT fk_portal_views_account REFERENCES accounts (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_portal_views_account ON portal_views (account_id);
