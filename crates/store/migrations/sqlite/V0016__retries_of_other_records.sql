-- What a key made under an Idempotency-Key by another route than that of leads. Erasing a lead does not concern it.
ALTER TABLE idempotency_keys ADD COLUMN record_id BIGINT;
