-- Members of staff who see the portal as a customer does, and until when. It ends with the session.
CREATE TABLE portal_views (
    session_id UUID   NOT NULL CONSTRAINT pk_portal_views PRIMARY KEY
                      CONSTRAINT fk_portal_views_session REFERENCES sessions (id) ON DELETE CASCADE,
    account_id UUID   NOT NULL CONSTRAINT fk_portal_views_account REFERENCES accounts (id),
    expires_at BIGINT NOT NULL
);

CREATE INDEX ix_portal_views_account ON portal_views (account_id);
