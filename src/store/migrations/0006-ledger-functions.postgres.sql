-- The ledger's operations on many rows in one round trip. Each locks the accounts first and in order, so that batches of
-- several nodes wait for each other and never in a circle; what follows reads the state behind those locks.

-- Debits what the balance covers, between `floors` and `wanted`. Returns what is held, this time or before.
CREATE FUNCTION ledger_hold(ids TEXT[], accounts TEXT[], floors BIGINT[], wanted BIGINT[], leases BIGINT[])
RETURNS TABLE (held_id TEXT, held_amount BIGINT) LANGUAGE plpgsql AS $$
DECLARE
  asked RECORD;
  owner TEXT;
  owner_mode TEXT;
  owner_balance BIGINT;
  debited BIGINT := 0;
  taken BIGINT;
BEGIN
  FOR asked IN
    SELECT * FROM unnest(ids, accounts, floors, wanted, leases) WITH ORDINALITY AS a (id, account, floor, wanted, lease, place)
    ORDER BY a.account, a.place
  LOOP
    IF owner IS DISTINCT FROM asked.account THEN
      IF debited <> 0 THEN UPDATE account SET balance = balance - debited WHERE id = owner; END IF;
      debited := 0;
      owner := asked.account;
      SELECT mode, balance INTO owner_mode, owner_balance FROM account WHERE id = owner FOR UPDATE;
    END IF;
    SELECT amount INTO taken FROM hold WHERE id = asked.id;
    IF NOT FOUND AND EXISTS (SELECT 1 FROM journal WHERE key = asked.id) THEN
      taken := asked.wanted;
    ELSIF taken IS NULL THEN
      CONTINUE WHEN owner_mode IS NULL;
      taken := CASE WHEN owner_mode = 'unmetered' THEN asked.wanted ELSE least(asked.wanted, owner_balance) END;
      CONTINUE WHEN taken < asked.floor;
      INSERT INTO hold (id, account, amount, lease_ms) VALUES (asked.id, owner, taken, asked.lease) ON CONFLICT (id) DO NOTHING;
      -- Not inserted: another node was given the same id for another account at this moment.
      IF FOUND THEN
        debited := debited + taken;
        owner_balance := owner_balance - taken;
      END IF;
    END IF;
    held_id := asked.id;
    held_amount := taken;
    RETURN NEXT;
  END LOOP;
  IF debited <> 0 THEN UPDATE account SET balance = balance - debited WHERE id = owner; END IF;
END $$;

CREATE FUNCTION ledger_lock_owners(ids TEXT[]) RETURNS void LANGUAGE sql AS $$
  SELECT 1 FROM account WHERE id IN (SELECT account FROM hold WHERE hold.id = ANY (ids)) ORDER BY id FOR UPDATE
$$;

-- Turns holds into charges. Returns those it found.
CREATE FUNCTION ledger_settle(ids TEXT[], charges BIGINT[], upstream_costs BIGINT[], costs TEXT[], times BIGINT[], details TEXT[])
RETURNS SETOF TEXT LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_lock_owners(ids);
  RETURN QUERY
    WITH asked AS (
      SELECT * FROM unnest(ids, charges, upstream_costs, costs, times, details) AS a (id, charge, upstream_cost, costs, at_ms, detail)
    ), taken AS (
      DELETE FROM hold USING asked WHERE hold.id = asked.id RETURNING hold.id, hold.account, hold.amount
    ), priced AS (
      SELECT asked.*, taken.account, taken.amount,
        CASE WHEN account.mode = 'unmetered' THEN asked.charge ELSE least(asked.charge, taken.amount) END AS charged
      FROM taken JOIN asked ON asked.id = taken.id JOIN account ON account.id = taken.account
    ), credited AS (
      UPDATE account SET balance = account.balance + back.amount
      FROM (SELECT priced.account, sum(priced.amount - charged) AS amount FROM priced GROUP BY priced.account) AS back
      WHERE account.id = back.account
    ), written AS (
      INSERT INTO journal (key, kind, account, amount, shortfall, upstream_cost, costs, created_ms, detail)
      SELECT priced.id, 'settle', priced.account, -charged, charge - charged, upstream_cost, nullif(priced.costs, ''), at_ms, priced.detail
      FROM priced
    )
    SELECT priced.id FROM priced;
END $$;

CREATE FUNCTION ledger_release(ids TEXT[]) RETURNS SETOF TEXT LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_lock_owners(ids);
  RETURN QUERY
    WITH taken AS (
      DELETE FROM hold WHERE hold.id = ANY (ids) RETURNING hold.id, hold.account, hold.amount
    ), credited AS (
      UPDATE account SET balance = account.balance + back.amount
      FROM (SELECT taken.account, sum(taken.amount) AS amount FROM taken GROUP BY taken.account) AS back
      WHERE account.id = back.account
    )
    SELECT taken.id FROM taken;
END $$;

-- Gives back holds whose lease is over, some at a time. Their amounts may have been spent at an upstream.
CREATE FUNCTION ledger_expire(now_ms BIGINT, at_most INTEGER) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
  ids TEXT[];
  expired BIGINT;
BEGIN
  SELECT array_agg(due.id) INTO ids FROM (SELECT id FROM hold WHERE lease_ms <= now_ms LIMIT at_most) AS due;
  PERFORM ledger_lock_owners(ids);
  WITH taken AS (
    DELETE FROM hold WHERE hold.id = ANY (ids) AND lease_ms <= now_ms RETURNING hold.id, hold.account, hold.amount
  ), credited AS (
    UPDATE account SET balance = account.balance + back.amount
    FROM (SELECT taken.account, sum(taken.amount) AS amount FROM taken GROUP BY taken.account) AS back
    WHERE account.id = back.account
  ), written AS (
    INSERT INTO journal (key, kind, account, amount, upstream_cost, created_ms, detail)
    SELECT taken.id, 'expire', taken.account, 0, taken.amount, now_ms, '{}' FROM taken
  )
  SELECT count(*) INTO expired FROM taken;
  RETURN expired;
END $$;

-- Transactions without a hold before them. An account that is not there is opened. Returns the keys that were new.
CREATE FUNCTION ledger_post(
  keys TEXT[], kinds TEXT[], accounts TEXT[], amounts BIGINT[], upstream_costs BIGINT[], costs TEXT[], times BIGINT[], details TEXT[]
) RETURNS SETOF TEXT LANGUAGE sql AS $$
  WITH asked AS (
    SELECT * FROM unnest(keys, kinds, accounts, amounts, upstream_costs, costs, times, details)
      AS a (key, kind, account, amount, upstream_cost, costs, at_ms, detail)
    ORDER BY a.account, a.key
  ), written AS (
    INSERT INTO journal (key, kind, account, amount, upstream_cost, costs, created_ms, detail)
    SELECT key, kind, account, amount, upstream_cost, nullif(costs, ''), at_ms, detail FROM asked
    ON CONFLICT (key) DO NOTHING RETURNING key, account, amount
  ), credited AS (
    INSERT INTO account (id, mode, balance)
    SELECT account, 'unmetered', sum(amount) FROM written GROUP BY account ORDER BY account
    ON CONFLICT (id) DO UPDATE SET balance = account.balance + excluded.balance
  )
  SELECT key FROM written
$$;
