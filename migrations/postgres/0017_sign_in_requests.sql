-- Customers replace a key, as the pages say.
ALTER TABLE policies RENAME COLUMN customer_rotates_key TO customer_replaces_key;

-- People sign in with a link: there is no login.
ALTER TABLE login_requests RENAME TO sign_in_requests;
ALTER TABLE sign_in_requests RENAME CONSTRAINT pk_login_requests TO pk_sign_in_requests;
ALTER TABLE sign_in_requests RENAME CONSTRAINT fk_login_requests_account TO fk_sign_in_requests_account;
ALTER TABLE sign_in_requests RENAME CONSTRAINT ck_login_requests_kind TO ck_sign_in_requests_kind;
ALTER TABLE sign_in_requests RENAME CONSTRAINT ck_login_requests_hashes TO ck_sign_in_requests_hashes;
ALTER TABLE sign_in_requests RENAME CONSTRAINT ck_login_requests_tries TO ck_sign_in_requests_tries;
ALTER TABLE sign_in_requests RENAME CONSTRAINT ck_login_requests_used TO ck_sign_in_requests_used;
ALTER TABLE sign_in_requests RENAME CONSTRAINT uq_login_requests_token TO uq_sign_in_requests_token;
ALTER TABLE sign_in_requests RENAME CONSTRAINT uq_login_requests_browser TO uq_sign_in_requests_browser;
ALTER INDEX ix_login_requests_email RENAME TO ix_sign_in_requests_email;
ALTER INDEX ix_login_requests_expires RENAME TO ix_sign_in_requests_expires;
