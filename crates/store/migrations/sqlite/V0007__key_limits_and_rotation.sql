-- Limits of a key, none by default: ranges of addresses (parted by blanks), requests per minute, days without use.
ALTER TABLE access_keys ADD COLUMN address_ranges TEXT;
ALTER TABLE access_keys ADD COLUMN requests_per_minute BIGINT;
ALTER TABLE access_keys ADD COLUMN idle_days BIGINT;
-- When a key that had been idle was enabled again.
ALTER TABLE access_keys ADD COLUMN enabled_at BIGINT;

-- Rotation. Keys are removed with their account alone, all of them in one statement: these name keys of the same account.
ALTER TABLE access_keys ADD COLUMN rotated_from BIGINT;
ALTER TABLE access_keys ADD COLUMN successor_id BIGINT;
-- The first key of the chain of rotations; NULL in that key itself.
ALTER TABLE access_keys ADD COLUMN root_id BIGINT;
-- Of a key that was rotated: when it ends, and whether it has ended for good, whatever the clock says.
ALTER TABLE access_keys ADD COLUMN ends_at BIGINT;
ALTER TABLE access_keys ADD COLUMN ended BOOLEAN NOT NULL DEFAULT FALSE;
-- Of a successor: its first use ends the key that it follows.
ALTER TABLE access_keys ADD COLUMN ends_predecessor BOOLEAN NOT NULL DEFAULT FALSE;

-- When the key first stood in a URL, and from where that came.
ALTER TABLE access_keys ADD COLUMN exposed_at BIGINT;
ALTER TABLE access_keys ADD COLUMN exposed_from TEXT;

-- The last request of a key that was not refused: what its idle days count from.
ALTER TABLE access_key_last_used ADD COLUMN let_in_at BIGINT;
UPDATE access_key_last_used SET let_in_at = used_at;

CREATE INDEX access_keys_by_end ON access_keys (account_id, ends_at, id) WHERE ends_at IS NOT NULL;
