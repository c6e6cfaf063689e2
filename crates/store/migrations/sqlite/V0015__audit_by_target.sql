-- An entry's target stands at the same place of every entry's bytes: after the version, the account, the number, the time
-- and the actor. What happened to one record is found by it.
CREATE INDEX audit_entries_by_target ON audit_entries (account_id, substr(entry, 34, 8), number);
