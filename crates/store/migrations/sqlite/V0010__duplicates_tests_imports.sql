-- What new leads are compared by, beside the twins of e-mail and telephone.
ALTER TABLE leads ADD COLUMN name_twin TEXT;
ALTER TABLE leads ADD COLUMN company_twin TEXT;
ALTER TABLE leads ADD COLUMN address_twin TEXT;
-- The key that made the lead; without one it was made at the command line. No reference: SQLite adds none to a table.
ALTER TABLE leads ADD COLUMN created_by_key_id BIGINT;
-- The import that made the lead, and its record in the file.
ALTER TABLE leads ADD COLUMN import_id BIGINT;
ALTER TABLE leads ADD COLUMN import_record BIGINT;

-- Nothing twice, even if all else failed.
CREATE UNIQUE INDEX leads_by_import ON leads (account_id, import_id, import_record) WHERE import_id IS NOT NULL;

-- A key's test leads: counted by day, compared among themselves, erased after a week.
CREATE INDEX leads_test_of_key ON leads (account_id, created_by_key_id, created_at) WHERE test;
CREATE INDEX leads_test_by_age ON leads (account_id, created_at) WHERE test;

-- Duplicates in the account.
CREATE INDEX leads_same_name ON leads (account_id, name_twin, received_at, id)
    WHERE name_twin IS NOT NULL AND deleted_at IS NULL AND NOT test;
CREATE INDEX leads_same_company ON leads (account_id, company_twin, received_at, id)
    WHERE company_twin IS NOT NULL AND deleted_at IS NULL AND NOT test;
CREATE INDEX leads_same_address ON leads (account_id, address_twin, received_at, id)
    WHERE address_twin IS NOT NULL AND deleted_at IS NULL AND NOT test;

-- Duplicates among a supplier's own leads: others' rows are never visited.
CREATE INDEX leads_of_introducer_same_name ON leads (account_id, introducer_reach, name_twin, received_at, id)
    WHERE introducer_reach IS NOT NULL AND name_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_introducer_same_company ON leads (account_id, introducer_reach, company_twin, received_at, id)
    WHERE introducer_reach IS NOT NULL AND company_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_introducer_same_address ON leads (account_id, introducer_reach, address_twin, received_at, id)
    WHERE introducer_reach IS NOT NULL AND address_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_introducer_same_phone1 ON leads (account_id, introducer_reach, phone1_twin, received_at, id)
    WHERE introducer_reach IS NOT NULL AND phone1_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_introducer_same_phone2 ON leads (account_id, introducer_reach, phone2_twin, received_at, id)
    WHERE introducer_reach IS NOT NULL AND phone2_twin IS NOT NULL AND NOT test;

-- Duplicates among a buyer's own leads: others' rows are never visited.
CREATE INDEX leads_of_partner_same_name ON leads (account_id, partner_reach, name_twin, received_at, id)
    WHERE partner_reach IS NOT NULL AND name_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_partner_same_company ON leads (account_id, partner_reach, company_twin, received_at, id)
    WHERE partner_reach IS NOT NULL AND company_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_partner_same_address ON leads (account_id, partner_reach, address_twin, received_at, id)
    WHERE partner_reach IS NOT NULL AND address_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_partner_same_phone1 ON leads (account_id, partner_reach, phone1_twin, received_at, id)
    WHERE partner_reach IS NOT NULL AND phone1_twin IS NOT NULL AND NOT test;
CREATE INDEX leads_of_partner_same_phone2 ON leads (account_id, partner_reach, phone2_twin, received_at, id)
    WHERE partner_reach IS NOT NULL AND phone2_twin IS NOT NULL AND NOT test;

-- An import of a file, as far as it came: written in the transaction of each block, so that a crash loses and doubles
-- nothing.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    lead_group_id BIGINT NOT NULL,
    -- SHA-256 of the file's bytes, and of what its columns are taken for.
    file_digest BLOB NOT NULL,
    mapping_digest BLOB NOT NULL,
    file_name TEXT NOT NULL,
    -- 1, and one more each time that the same file is imported again on purpose.
    run BIGINT NOT NULL,
    -- Records read so far: imported, refused and blank ones.
    records BIGINT NOT NULL DEFAULT 0,
    imported BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    linked BIGINT NOT NULL DEFAULT 0,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (account_id, id),
    UNIQUE (account_id, file_digest, run),
    FOREIGN KEY (account_id, lead_group_id) REFERENCES lead_groups (account_id, id) ON DELETE CASCADE
);

-- Why a record was refused: names of fields and reasons, never a value. The values stand in the file.
CREATE TABLE import_refusals (
    account_id BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    record BIGINT NOT NULL,
    -- JSON: fields with the code and the reason.
    faults TEXT NOT NULL,
    PRIMARY KEY (account_id, import_id, record),
    FOREIGN KEY (account_id, import_id) REFERENCES imports (account_id, id) ON DELETE CASCADE
);
