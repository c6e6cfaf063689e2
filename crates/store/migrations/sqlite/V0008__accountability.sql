-- What a key last did, and which scopes its requests have ever needed (bits, as in access_keys).
ALTER TABLE access_key_last_used ADD COLUMN accepted_at BIGINT;
ALTER TABLE access_key_last_used ADD COLUMN accepted_method TEXT;
ALTER TABLE access_key_last_used ADD COLUMN accepted_route TEXT;
ALTER TABLE access_key_last_used ADD COLUMN accepted_status BIGINT;
ALTER TABLE access_key_last_used ADD COLUMN refused_at BIGINT;
ALTER TABLE access_key_last_used ADD COLUMN refused_method TEXT;
ALTER TABLE access_key_last_used ADD COLUMN refused_route TEXT;
ALTER TABLE access_key_last_used ADD COLUMN refused_status BIGINT;
ALTER TABLE access_key_last_used ADD COLUMN scopes_used BIGINT NOT NULL DEFAULT 0;

UPDATE access_key_last_used SET scopes_used = COALESCE((
    SELECT SUM(DISTINCT CASE u.scope
        WHEN 'create_leads' THEN 1 WHEN 'read_leads' THEN 2 WHEN 'update_delete_leads' THEN 4
        WHEN 'manage_activities' THEN 8 WHEN 'voice' THEN 16 WHEN 'appointments' THEN 32
        WHEN 'journeys' THEN 64 WHEN 'manage_partners' THEN 128 ELSE 0 END)
    FROM access_key_usage u
    WHERE u.account_id = access_key_last_used.account_id AND u.key_id = access_key_last_used.key_id), 0);

-- From where a key came and by which programs: the 200 last used of each.
CREATE TABLE access_key_addresses (
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    first_used_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id, address),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);

CREATE TABLE access_key_agents (
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    first_used_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id, user_agent),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);

-- A line a request of a key that was let in: the route's template, never the path, the query or the body.
CREATE TABLE request_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status BIGINT NOT NULL,
    -- Empty where the route needs none.
    scope TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    -- Microseconds.
    duration BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);

-- Both lists go back in time from the newest, and what is too old is found by the second. Nothing refers to an entry.
CREATE INDEX request_log_by_key ON request_log (account_id, key_id, at, id);
CREATE INDEX request_log_by_time ON request_log (account_id, at, id);

-- Entries that the log had no room for.
CREATE TABLE request_log_drops (
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    -- Days since 1970, UTC.
    day BIGINT NOT NULL,
    dropped BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id, day),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);
