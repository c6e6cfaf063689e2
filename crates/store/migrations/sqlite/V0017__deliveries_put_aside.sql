-- Of a lead only the oldest delivery that is not done is tried. What waits behind another is put aside, so that it stands
-- in the way of no other lead.
ALTER TABLE hook_deliveries ADD COLUMN behind BOOLEAN NOT NULL DEFAULT FALSE;

-- The oldest of a lead is found by one look. The sum is in the statement too: no other index serves that.
DROP INDEX hook_deliveries_in_order;
CREATE INDEX hook_deliveries_in_order ON hook_deliveries (account_id, lead_id, (subscription_id + 0), id)
    WHERE outcome IS NULL;
