-- An account is erased block by block. From its first block on it is not whole any more and does not go on.
ALTER TABLE accounts ADD COLUMN erasing BOOLEAN NOT NULL DEFAULT FALSE;
