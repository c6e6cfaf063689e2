-- What a restore must not bring back and whose own row is gone: each node copies it into its deletions file. Deleted keys
-- keep their row, and are here only when their account was erased with them; then under account 0, the server's own.
CREATE TABLE deletions (
    account_id BIGINT NOT NULL,
    gone_at BIGINT NOT NULL,
    -- key or lead
    kind TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    -- A key's digest.
    digest BYTEA,
    -- When the lead was made: with its id it is this lead and no other, also after ids were given anew.
    made_at BIGINT,
    PRIMARY KEY (account_id, gone_at, kind, id)
);

CREATE INDEX access_keys_by_deletion ON access_keys (account_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
