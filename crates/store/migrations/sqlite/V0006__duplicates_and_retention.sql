-- Finding duplicates: off (0), all leads (-1) or those of the last n days; on which fields (bits: 1 name, 2 company,
-- 4 phone, 8 email, 16 address); and what becomes of a match. A lead group has a rule of its own, or three times NULL.
ALTER TABLE accounts ADD COLUMN duplicate_within BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN duplicate_fields BIGINT NOT NULL DEFAULT 12;
ALTER TABLE accounts ADD COLUMN duplicate_outcome TEXT NOT NULL DEFAULT 'link';

ALTER TABLE lead_groups ADD COLUMN duplicate_within BIGINT;
ALTER TABLE lead_groups ADD COLUMN duplicate_fields BIGINT;
ALTER TABLE lead_groups ADD COLUMN duplicate_outcome TEXT;

-- How many days things are kept; NULL is for ever.
ALTER TABLE accounts ADD COLUMN request_log_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE accounts ADD COLUMN audit_details_days BIGINT NOT NULL DEFAULT 730;
ALTER TABLE lead_groups ADD COLUMN retention_days BIGINT;
ALTER TABLE statuses ADD COLUMN retention_days BIGINT;
