-- The field's existing integrations: the numbers that their clients hold, forms on web pages, and keys sent in clear.

ALTER TABLE lead_groups ADD COLUMN wire_number BIGINT;
ALTER TABLE sites ADD COLUMN wire_number BIGINT;
ALTER TABLE partner_records ADD COLUMN wire_number BIGINT;

-- A number is one record's of its kind in an account; most records have none.
CREATE UNIQUE INDEX lead_groups_by_wire_number ON lead_groups (account_id, wire_number);
CREATE UNIQUE INDEX sites_by_wire_number ON sites (account_id, wire_number);
CREATE UNIQUE INDEX partner_records_by_wire_number ON partner_records (account_id, wire_number);

-- A lead group that forms on web pages may post to, once it is switched on. The lists are JSON.
CREATE TABLE web_forms (
    account_id BIGINT NOT NULL,
    lead_group_id BIGINT NOT NULL,
    is_on BOOLEAN NOT NULL,
    origins TEXT COLLATE "C" NOT NULL,
    redirect_hosts TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, lead_group_id),
    FOREIGN KEY (account_id, lead_group_id) REFERENCES lead_groups (account_id, id) ON DELETE CASCADE
);

-- The introducers that its posts may name.
CREATE TABLE web_form_introducers (
    account_id BIGINT NOT NULL,
    lead_group_id BIGINT NOT NULL,
    partner_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, lead_group_id, partner_id),
    FOREIGN KEY (account_id, lead_group_id) REFERENCES web_forms (account_id, lead_group_id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, partner_id) REFERENCES partner_records (account_id, id) ON DELETE CASCADE
);

-- Whether existing integrations may come over plain http, and when a key first did.
ALTER TABLE accounts ADD COLUMN plain_http BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE access_keys ADD COLUMN sent_in_clear_at BIGINT;
