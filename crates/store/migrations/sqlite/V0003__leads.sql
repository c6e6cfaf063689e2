CREATE TABLE leads (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    lead_group_id BIGINT NOT NULL,
    lead_type_id BIGINT,
    site_id BIGINT,
    introducer_id BIGINT,
    partner_id BIGINT,
    user_id BIGINT,
    user_group_id BIGINT,
    status_id BIGINT NOT NULL,
    progress TEXT NOT NULL,
    reference TEXT,
    source TEXT,
    medium TEXT,
    term TEXT,
    cost BIGINT,
    value BIGINT,
    title TEXT,
    firstname TEXT,
    lastname TEXT,
    company TEXT,
    jobtitle TEXT,
    address TEXT,
    address2 TEXT,
    address3 TEXT,
    towncity TEXT,
    postcode TEXT,
    email TEXT,
    phone1 TEXT,
    phone2 TEXT,
    fax TEXT,
    dob TEXT,
    contact_phone TEXT NOT NULL,
    contact_sms TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    contact_mail TEXT NOT NULL,
    contact_fax TEXT NOT NULL,
    contact_time TEXT,
    ip_address TEXT,
    data TEXT NOT NULL,
    duplicate_of BIGINT,
    test BOOLEAN NOT NULL,
    received_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- When a field last changed that the supplier's, or the buyer's, key sees: what they do not see must not show by time.
    introducer_updated_at BIGINT NOT NULL,
    partner_updated_at BIGINT NOT NULL,
    -- The side's key deleted the lead: its reach has ended, though the ids stay for the account.
    introducer_ended_at BIGINT,
    partner_ended_at BIGINT,
    -- In the bin since.
    deleted_at BIGINT,
    email_twin TEXT,
    phone1_twin TEXT,
    phone2_twin TEXT,
    -- Whose key reaches the lead by which side. The database keeps them, so that no statement can forget a part of it.
    introducer_reach BIGINT GENERATED ALWAYS AS (
        CASE WHEN deleted_at IS NULL AND introducer_ended_at IS NULL THEN introducer_id END) STORED,
    partner_reach BIGINT GENERATED ALWAYS AS (
        CASE WHEN deleted_at IS NULL AND partner_ended_at IS NULL THEN partner_id END) STORED,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, lead_group_id) REFERENCES lead_groups (account_id, id),
    FOREIGN KEY (account_id, lead_type_id) REFERENCES lead_types (account_id, id),
    FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id),
    FOREIGN KEY (account_id, introducer_id) REFERENCES partner_records (account_id, id),
    FOREIGN KEY (account_id, partner_id) REFERENCES partner_records (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id),
    FOREIGN KEY (account_id, user_group_id) REFERENCES user_groups (account_id, id),
    FOREIGN KEY (account_id, status_id) REFERENCES statuses (account_id, id)
);

-- The account's own lists.
CREATE INDEX leads_by_received ON leads (account_id, test, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_by_updated ON leads (account_id, test, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_by_status ON leads (account_id, test, status_id, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_by_email ON leads (account_id, email_twin) WHERE email_twin IS NOT NULL;
CREATE INDEX leads_by_phone1 ON leads (account_id, phone1_twin) WHERE phone1_twin IS NOT NULL;
CREATE INDEX leads_by_phone2 ON leads (account_id, phone2_twin) WHERE phone2_twin IS NOT NULL;
CREATE INDEX leads_by_bin ON leads (account_id, deleted_at) WHERE deleted_at IS NOT NULL;

-- A supplier's lists: others' rows are never visited.
CREATE INDEX leads_of_introducer_by_received ON leads (account_id, introducer_reach, test, received_at, id)
    WHERE introducer_reach IS NOT NULL;
CREATE INDEX leads_of_introducer_by_updated ON leads (account_id, introducer_reach, test, introducer_updated_at, id)
    WHERE introducer_reach IS NOT NULL;
CREATE INDEX leads_of_introducer_by_status ON leads (account_id, introducer_reach, test, status_id, received_at, id)
    WHERE introducer_reach IS NOT NULL;
CREATE INDEX leads_of_introducer_by_email ON leads (account_id, introducer_reach, email_twin)
    WHERE introducer_reach IS NOT NULL AND email_twin IS NOT NULL;

-- A buyer's lists.
CREATE INDEX leads_of_partner_by_received ON leads (account_id, partner_reach, test, received_at, id)
    WHERE partner_reach IS NOT NULL;
CREATE INDEX leads_of_partner_by_updated ON leads (account_id, partner_reach, test, partner_updated_at, id)
    WHERE partner_reach IS NOT NULL;
CREATE INDEX leads_of_partner_by_status ON leads (account_id, partner_reach, test, status_id, received_at, id)
    WHERE partner_reach IS NOT NULL;
CREATE INDEX leads_of_partner_by_email ON leads (account_id, partner_reach, email_twin)
    WHERE partner_reach IS NOT NULL AND email_twin IS NOT NULL;
