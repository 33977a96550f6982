-- What each channel and search backend took for an exchange, as a JSON object of nano-dollars by account; their sum is
-- `upstream_cost`. Absent on rows that have no upstream, and on those of before.
ALTER TABLE journal ADD COLUMN costs TEXT;

DROP VIEW posting;
CREATE VIEW posting (key, account, amount) AS
  SELECT key, account, amount FROM journal WHERE amount <> 0
  UNION ALL SELECT key, 'external', -amount FROM journal WHERE kind IN ('top-up', 'adjust') AND amount <> 0
  UNION ALL SELECT key, 'revenue', -amount + shortfall FROM journal WHERE kind IN ('settle', 'refund') AND -amount + shortfall <> 0
  UNION ALL SELECT key, 'shortfall', -shortfall FROM journal WHERE shortfall <> 0
  UNION ALL SELECT journal.key, 'upstream cost: ' || cost.key, cost.value FROM journal, json_each(journal.costs) AS cost
  UNION ALL SELECT key, CASE kind WHEN 'expire' THEN 'unknown upstream cost' ELSE 'upstream cost' END, upstream_cost
    FROM journal WHERE upstream_cost <> 0 AND costs IS NULL
  UNION ALL SELECT key, 'payable', -upstream_cost FROM journal WHERE upstream_cost <> 0
  UNION ALL SELECT id, account, -amount FROM hold
  UNION ALL SELECT id, 'holds', amount FROM hold;
