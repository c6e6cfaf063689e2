-- Who is told of what. A key's subscription reaches what the key reaches when it is told; the account's own reaches all.
CREATE TABLE hook_subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- The key that it is bound to; none for the account's own.
    key_id BIGINT,
    -- The record of a Partner key, by which an event finds whom it may concern.
    partner_id BIGINT,
    -- Where to. The query, in which receivers keep secrets, is sealed.
    target_url TEXT NOT NULL,
    target_query BLOB,
    events BIGINT NOT NULL,
    -- JSON: the parameters of a list of leads.
    filter TEXT NOT NULL,
    format TEXT NOT NULL,
    -- Both sealed. Until its end the former secret signs beside the present one.
    secret BLOB NOT NULL,
    former_secret BLOB,
    former_secret_until BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    -- How the receiver does: failures in a row, since when, and until when it is left in peace.
    failures BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT,
    rests_until BIGINT,
    -- Its last delivery: when, of which event, and what became of it.
    last_at BIGINT,
    last_event_id TEXT,
    last_state TEXT,
    -- It failed for days: nothing is queued for it until an admin enables it again.
    disabled_at BIGINT,
    -- It is over, and why.
    ended_at BIGINT,
    ended_because TEXT,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, key_id) REFERENCES access_keys (account_id, id) ON DELETE CASCADE
);

CREATE INDEX hook_subscriptions_of_key ON hook_subscriptions (account_id, key_id, id) WHERE ended_at IS NULL;

-- The outbox and what became of it: a row for each event and subscription, written in the transaction of the change.
CREATE TABLE hook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id BIGINT NOT NULL,
    subscription_id BIGINT NOT NULL,
    -- The same for every subscription, and in every attempt.
    event_id TEXT NOT NULL,
    event TEXT NOT NULL,
    -- No reference: that a lead is gone is told when it is gone.
    lead_id BIGINT NOT NULL,
    -- The sides by which the lead was in the record's reach: bit 0 supplied, bit 1 bought.
    sides BIGINT NOT NULL,
    -- JSON: names of fields, never values.
    changed TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    -- When it is tried next. Whoever tries it moves this to the time at which somebody else may.
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Those that do not count any more, since somebody had it sent again.
    attempts_forgiven BIGINT NOT NULL DEFAULT 0,
    first_attempt_at BIGINT,
    -- What was sent last; erased with the lead.
    body TEXT,
    finished_at BIGINT,
    -- delivered, failed or dropped, and why.
    outcome TEXT,
    reason TEXT,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, subscription_id) REFERENCES hook_subscriptions (account_id, id) ON DELETE CASCADE
);

-- What waits, by whom it waits for. Over the whole server: the worker serves every account.
CREATE INDEX hook_deliveries_waiting ON hook_deliveries (subscription_id, due_at, id) WHERE finished_at IS NULL;
-- Order is kept for each lead. Its condition says the same in other words, so that it never serves in place of the one above.
CREATE INDEX hook_deliveries_in_order ON hook_deliveries (account_id, lead_id, subscription_id, id)
    WHERE outcome IS NULL;
CREATE INDEX hook_deliveries_of_subscription ON hook_deliveries (account_id, subscription_id, id);
CREATE INDEX hook_deliveries_of_lead ON hook_deliveries (account_id, lead_id);
CREATE INDEX hook_deliveries_by_age ON hook_deliveries (account_id, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE hook_attempts (
    account_id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Microseconds, the receiver's status, and what went wrong; nothing while it runs, or when the server died in it.
    took BIGINT,
    status BIGINT,
    error TEXT,
    PRIMARY KEY (account_id, delivery_id, number),
    FOREIGN KEY (account_id, delivery_id) REFERENCES hook_deliveries (account_id, id) ON DELETE CASCADE
);
