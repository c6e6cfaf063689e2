-- Account 0 is the server's own chain, which outlives every account.
CREATE TABLE audit_heads (
    account_id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE audit_entries (
    account_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    -- The exact bytes that were hashed: verifying never rebuilds them from columns.
    entry BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (account_id, number)
);

-- Apart from the chain, so that a person can be erased without breaking it.
CREATE TABLE audit_details (
    account_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    details TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, number)
);

INSERT INTO audit_heads (account_id, number, hash)
VALUES (0, 0, '\x0000000000000000000000000000000000000000000000000000000000000000');
