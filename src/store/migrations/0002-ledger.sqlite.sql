CREATE TABLE account (
  id TEXT PRIMARY KEY,
  mode TEXT NOT NULL CHECK (mode IN ('prepaid', 'unmetered')),
  -- Materialised: always the sum of the account's postings, open holds included.
  balance INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  lease_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row is one transaction; its postings are the view below.
CREATE TABLE journal (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('top-up', 'adjust', 'refund', 'settle', 'expire')),
  account TEXT NOT NULL REFERENCES account (id),
  -- Change of the customer's balance.
  amount INTEGER NOT NULL,
  -- Charged beyond the hold, which the customer does not owe.
  shortfall INTEGER NOT NULL DEFAULT 0,
  -- Our own cost at the upstreams, all attempts together.
  upstream_cost INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW posting (key, account, amount) AS
  SELECT key, account, amount FROM journal WHERE amount <> 0
  UNION ALL SELECT key, 'external', -amount FROM journal WHERE kind IN ('top-up', 'adjust') AND amount <> 0
  UNION ALL SELECT key, 'revenue', -amount + shortfall FROM journal WHERE kind IN ('settle', 'refund') AND -amount + shortfall <> 0
  UNION ALL SELECT key, 'shortfall', -shortfall FROM journal WHERE shortfall <> 0
  UNION ALL SELECT key, CASE kind WHEN 'expire' THEN 'unknown upstream cost' ELSE 'upstream cost' END, upstream_cost FROM journal WHERE upstream_cost <> 0
  UNION ALL SELECT key, 'payable', -upstream_cost FROM journal WHERE upstream_cost <> 0
  UNION ALL SELECT id, account, -amount FROM hold
  UNION ALL SELECT id, 'holds', amount FROM hold;
