-- The one row that every request reads. What its account and its partner record allow stands in it too, and is written
-- in the transaction that changes them, so that one look-up by digest answers for all three.
CREATE TABLE access_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    partner_id BIGINT,
    -- The sides that the record had when the key was made, and those that it has now.
    sides BIGINT NOT NULL,
    partner_sides BIGINT NOT NULL,
    partner_active BOOLEAN NOT NULL,
    account_suspended BOOLEAN NOT NULL,
    scopes BIGINT NOT NULL,
    access_version BIGINT NOT NULL DEFAULT 1,
    expires_at BIGINT,
    deleted_at BIGINT,
    deleted_by TEXT,
    delete_reason TEXT,
    name TEXT NOT NULL,
    note TEXT,
    fingerprint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, partner_id) REFERENCES partner_records (account_id, id)
);

CREATE INDEX access_keys_by_partner ON access_keys (account_id, partner_id);

CREATE TABLE access_key_last_used (
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (account_id, key_id),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);

CREATE TABLE access_key_usage (
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    -- Days since 1970, UTC.
    day BIGINT NOT NULL,
    -- The HTTP status that was answered.
    outcome BIGINT NOT NULL,
    -- The scope used; empty where the route needs none.
    scope TEXT NOT NULL,
    requests BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id, day, outcome, scope),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);
