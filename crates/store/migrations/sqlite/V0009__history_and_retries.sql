-- What happened to a lead and who did it: written in the transaction of the change, erased with the lead.
CREATE TABLE lead_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    lead_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    -- By field its value before and after, as JSON; nothing for a lead that was made.
    changed TEXT NOT NULL,
    UNIQUE (account_id, lead_id, id),
    FOREIGN KEY (account_id, lead_id) REFERENCES leads (account_id, id) ON DELETE CASCADE
);

-- When, by whom and from where a contact preference was set to what it is.
CREATE TABLE lead_preferences (
    account_id BIGINT NOT NULL,
    lead_id BIGINT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    -- The caller's address, if it has one.
    address TEXT,
    PRIMARY KEY (account_id, lead_id, field),
    FOREIGN KEY (account_id, lead_id) REFERENCES leads (account_id, id) ON DELETE CASCADE
);

-- What a key made under an Idempotency-Key, for 24 hours. Ids and digests: never a body.
CREATE TABLE idempotency_keys (
    account_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    route TEXT NOT NULL,
    text_digest BLOB NOT NULL,
    -- Empty once the lead is erased: a digest of few values could be guessed.
    body_digest BLOB NOT NULL,
    -- What was answered and the lead that was made; both are there when the transaction that made it is.
    status BIGINT NOT NULL,
    lead_id BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key_id, route, text_digest),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (account_id, created_at);
CREATE INDEX idempotency_keys_by_lead ON idempotency_keys (account_id, lead_id);

-- An e-mail finds its leads in the order of their lists, so that a limit bounds what is visited.
DROP INDEX leads_by_email;
CREATE INDEX leads_by_email ON leads (account_id, email_twin, test, received_at, id)
    WHERE deleted_at IS NULL AND email_twin IS NOT NULL;
DROP INDEX leads_of_introducer_by_email;
CREATE INDEX leads_of_introducer_by_email ON leads (account_id, introducer_reach, email_twin, test, received_at, id)
    WHERE introducer_reach IS NOT NULL AND email_twin IS NOT NULL;
DROP INDEX leads_of_partner_by_email;
CREATE INDEX leads_of_partner_by_email ON leads (account_id, partner_reach, email_twin, test, received_at, id)
    WHERE partner_reach IS NOT NULL AND email_twin IS NOT NULL;

-- A side's own leads by id: an export walks them.
CREATE INDEX leads_of_introducer_by_id ON leads (account_id, introducer_reach, test, id)
    WHERE introducer_reach IS NOT NULL;
CREATE INDEX leads_of_partner_by_id ON leads (account_id, partner_reach, test, id)
    WHERE partner_reach IS NOT NULL;
