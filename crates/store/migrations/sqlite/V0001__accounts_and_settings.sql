-- Times are microseconds since 1970, money is hundredths, JSON is text. Every table but `accounts` begins with its account.

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    host TEXT UNIQUE,
    suspended BOOLEAN NOT NULL DEFAULT FALSE,
    bin_days BIGINT NOT NULL DEFAULT 30,
    default_lead_group_id BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    -- An e-mail belongs to one account on a server.
    email_twin TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, id)
);

CREATE TABLE user_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_twin TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name_twin)
);

CREATE TABLE user_group_members (
    account_id BIGINT NOT NULL,
    user_group_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, user_group_id),
    FOREIGN KEY (account_id, user_group_id) REFERENCES user_groups (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE
);

CREATE TABLE lead_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_twin TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name_twin)
);

CREATE TABLE custom_fields (
    account_id BIGINT NOT NULL,
    lead_group_id BIGINT NOT NULL,
    -- 1 to 50: the field is data1 .. data50.
    number BIGINT NOT NULL,
    label TEXT NOT NULL,
    type TEXT NOT NULL,
    choices TEXT NOT NULL,
    required BOOLEAN NOT NULL,
    partner_right TEXT NOT NULL,
    PRIMARY KEY (account_id, lead_group_id, number),
    FOREIGN KEY (account_id, lead_group_id) REFERENCES lead_groups (account_id, id) ON DELETE CASCADE
);

CREATE TABLE lead_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    lead_group_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_twin TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, lead_group_id, name_twin),
    FOREIGN KEY (account_id, lead_group_id) REFERENCES lead_groups (account_id, id) ON DELETE CASCADE
);

CREATE TABLE statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_twin TEXT NOT NULL,
    position BIGINT NOT NULL,
    point TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name_twin)
);

CREATE TABLE sites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_twin TEXT NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, name_twin)
);

CREATE TABLE marketing_entries (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- source, medium or term
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (account_id, kind, name)
);

CREATE TABLE partner_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    company TEXT NOT NULL,
    contact_name TEXT,
    email TEXT,
    phone TEXT,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    -- A deleted record keeps its name on its leads.
    deleted_at BIGINT,
    UNIQUE (account_id, id)
);

CREATE TABLE partner_lead_groups (
    account_id BIGINT NOT NULL,
    partner_id BIGINT NOT NULL,
    lead_group_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, partner_id, lead_group_id),
    FOREIGN KEY (account_id, partner_id) REFERENCES partner_records (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, lead_group_id) REFERENCES lead_groups (account_id, id) ON DELETE CASCADE
);

CREATE TABLE partner_lead_types (
    account_id BIGINT NOT NULL,
    partner_id BIGINT NOT NULL,
    lead_type_id BIGINT NOT NULL,
    PRIMARY KEY (account_id, partner_id, lead_type_id),
    FOREIGN KEY (account_id, partner_id) REFERENCES partner_records (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, lead_type_id) REFERENCES lead_types (account_id, id) ON DELETE CASCADE
);
