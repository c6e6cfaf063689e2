-- When the details were written: after the account's days they go, and the entry stays. NULL is never.
ALTER TABLE audit_details ADD COLUMN written_at BIGINT;

-- Those that are there: the entry's bytes 18 to 25, a big-endian number.
UPDATE audit_details SET written_at = ('x' || encode(substring(e.entry FROM 18 FOR 8), 'hex'))::BIT(64)::BIGINT
FROM audit_entries e WHERE e.account_id = audit_details.account_id AND e.number = audit_details.number;

CREATE INDEX audit_details_by_age ON audit_details (account_id, written_at, number);
