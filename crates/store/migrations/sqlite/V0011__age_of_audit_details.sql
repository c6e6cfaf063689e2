-- When the details were written: after the account's days they go, and the entry stays. NULL is never.
ALTER TABLE audit_details ADD COLUMN written_at BIGINT;

-- Those that are there: the entry's bytes 18 to 25, a big-endian number.
UPDATE audit_details SET written_at = (
    WITH RECURSIVE digits (place, read) AS (
        SELECT 0, 0
        UNION ALL
        SELECT place + 1, read * 16 + instr('0123456789ABCDEF', substr(hex(substr(e.entry, 18, 8)), place + 1, 1)) - 1
        FROM digits WHERE place < 16)
    SELECT read FROM digits WHERE place = 16)
FROM audit_entries e WHERE e.account_id = audit_details.account_id AND e.number = audit_details.number;

CREATE INDEX audit_details_by_age ON audit_details (account_id, written_at, number);
