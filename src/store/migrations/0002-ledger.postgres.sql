-- Rows that every request changes: room in their pages keeps the new versions beside the old, and the vacuum comes early.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  mode TEXT NOT NULL CHECK (mode IN ('prepaid', 'unmetered')),
  -- Materialised: always the sum of the account's postings, open holds included.
  balance BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);

CREATE TABLE hold (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount >= 0),
  lease_ms BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);

-- One row is one transaction; its postings are the view below.
CREATE TABLE journal (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('top-up', 'adjust', 'refund', 'settle', 'expire')),
  account TEXT NOT NULL,
  -- Change of the customer's balance.
  amount BIGINT NOT NULL,
  -- Charged beyond the hold, which the customer does not owe.
  shortfall BIGINT NOT NULL DEFAULT 0,
  -- Our own cost at the upstreams, all attempts together.
  upstream_cost BIGINT NOT NULL DEFAULT 0,
  created_ms BIGINT NOT NULL,
  detail TEXT NOT NULL,
  -- The upstream cost by channel or search backend, as a JSON object of nano-dollars.
  costs TEXT
);

CREATE VIEW posting (key, account, amount) AS
  SELECT key, account, amount FROM journal WHERE amount <> 0
  UNION ALL SELECT key, 'external', -amount FROM journal WHERE kind IN ('top-up', 'adjust') AND amount <> 0
  UNION ALL SELECT key, 'revenue', -amount + shortfall FROM journal WHERE kind IN ('settle', 'refund') AND -amount + shortfall <> 0
  UNION ALL SELECT key, 'shortfall', -shortfall FROM journal WHERE shortfall <> 0
  UNION ALL SELECT journal.key, 'upstream cost: ' || cost.key, cost.value::bigint FROM journal, json_each_text(journal.costs::json) AS cost
  UNION ALL SELECT key, CASE kind WHEN 'expire' THEN 'unknown upstream cost' ELSE 'upstream cost' END, upstream_cost
    FROM journal WHERE upstream_cost <> 0 AND costs IS NULL
  UNION ALL SELECT key, 'payable', -upstream_cost FROM journal WHERE upstream_cost <> 0
  UNION ALL SELECT id, account, -amount FROM hold
  UNION ALL SELECT id, 'holds', amount FROM hold;
