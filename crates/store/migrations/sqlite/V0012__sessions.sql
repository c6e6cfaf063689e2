-- What a person's sign-in goes by. The account's suspension stands in each row that opens it, as it does in keys.
ALTER TABLE users ADD COLUMN account_suspended BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET account_suspended = (SELECT a.suspended FROM accounts a WHERE a.id = users.account_id);
-- When the password was last set; none before this was kept.
ALTER TABLE users ADD COLUMN password_set_at BIGINT;
-- The authenticator app's seed, sealed with a key that is not in the database, and the last step whose code was taken:
-- each counts once.
ALTER TABLE users ADD COLUMN authenticator BLOB;
ALTER TABLE users ADD COLUMN authenticator_step BIGINT NOT NULL DEFAULT 0;

-- Codes for whoever lost the app, as digests; one that was used is gone.
CREATE TABLE recovery_codes (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (account_id, user_id, digest),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

-- Who is signed in. A session that ended is gone.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    -- SHA-256 of what the cookie holds: found by it over the whole server.
    digest BLOB NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- When the password was last given in it.
    confirmed_at BIGINT NOT NULL,
    -- The password was right and the code of the authenticator app is waited for: it opens nothing.
    waits_for_code BOOLEAN NOT NULL,
    address TEXT,
    agent TEXT,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

CREATE INDEX sessions_of_user ON sessions (account_id, user_id, id);

-- Links that open one thing once; one that was used is gone. A first admin's has no account before there is one.
CREATE TABLE links (
    -- SHA-256 of what the link holds: found by it over the whole server.
    digest BLOB PRIMARY KEY,
    account_id BIGINT,
    user_id BIGINT,
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

CREATE INDEX links_of_user ON links (account_id, user_id);

-- Sign-ins that failed, by address and hour: each pair is one audit entry. Account 0 is the server's, for an e-mail that
-- nobody has.
CREATE TABLE failed_sign_ins (
    account_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    hour BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    PRIMARY KEY (account_id, address, hour)
);

-- Forms that made something, by the token that each carries once: sent again, they say what they made.
CREATE TABLE used_forms (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    token BLOB NOT NULL,
    made_id BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, token),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);
