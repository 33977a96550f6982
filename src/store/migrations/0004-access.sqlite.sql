-- Who may use the gateway and what an operator edits. JSON stands in text columns; NULL means "not set" everywhere.
-- `version` counts a row's edits: every update names the version it was decided on.

CREATE TABLE organisation (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  billing TEXT NOT NULL CHECK (billing IN ('prepaid', 'unmetered')),
  group_id TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  disabled_ms INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE project (
  id TEXT PRIMARY KEY,
  organisation_id TEXT NOT NULL REFERENCES organisation (id),
  name TEXT NOT NULL,
  group_id TEXT,
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  concurrency INTEGER,
  metadata TEXT NOT NULL DEFAULT '{}',
  disabled_ms INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX project_by_organisation ON project (organisation_id);

-- Callers that share permissions and prices.
CREATE TABLE "group" (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- Exact decimal: 1.75 means that everything costs 1.75 times its price.
  multiplier TEXT NOT NULL DEFAULT '1',
  models TEXT,
  channels TEXT,
  -- What a stream costs that its client left: what was produced, nothing, or all of it, which is then finished and kept.
  cut_streams TEXT NOT NULL DEFAULT 'produced' CHECK (cut_streams IN ('produced', 'nothing', 'finish')),
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  concurrency INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE "user" (
  id TEXT PRIMARY KEY,
  -- In lower case.
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT,
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  concurrency INTEGER,
  disabled_ms INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE member (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES "user" (id),
  organisation_id TEXT NOT NULL REFERENCES organisation (id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE UNIQUE INDEX member_once ON member (user_id, organisation_id);
CREATE INDEX member_by_organisation ON member (organisation_id);

ALTER TABLE key ADD COLUMN project_id TEXT NOT NULL DEFAULT 'prj_default';
ALTER TABLE key ADD COLUMN user_id TEXT;
ALTER TABLE key ADD COLUMN group_id TEXT;
-- What the key may do under /admin; NULL: nothing.
ALTER TABLE key ADD COLUMN role TEXT CHECK (role IN ('owner', 'admin', 'developer', 'viewer'));
ALTER TABLE key ADD COLUMN mode TEXT NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test'));
-- The key whose test-mode twin this is.
ALTER TABLE key ADD COLUMN twin_of TEXT;
ALTER TABLE key ADD COLUMN models TEXT;
ALTER TABLE key ADD COLUMN channels TEXT;
ALTER TABLE key ADD COLUMN addresses TEXT;
ALTER TABLE key ADD COLUMN requests_per_minute INTEGER;
ALTER TABLE key ADD COLUMN tokens_per_minute INTEGER;
ALTER TABLE key ADD COLUMN concurrency INTEGER;
ALTER TABLE key ADD COLUMN tags TEXT NOT NULL DEFAULT '{}';
ALTER TABLE key ADD COLUMN expires_ms INTEGER;
-- A rotated key's former hash, valid until the overlap ends.
ALTER TABLE key ADD COLUMN previous_hash TEXT;
ALTER TABLE key ADD COLUMN previous_until_ms INTEGER;
ALTER TABLE key ADD COLUMN updated_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE key ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE UNIQUE INDEX key_by_previous_hash ON key (previous_hash);
CREATE INDEX key_by_project ON key (project_id);
CREATE INDEX key_by_user ON key (user_id);

-- Whatever key there was until now had full access.
UPDATE key SET role = 'owner', updated_ms = created_ms;

INSERT INTO organisation (id, name, billing, created_ms, updated_ms) VALUES ('org_default', 'Default', 'unmetered', 0, 0);
INSERT INTO project (id, organisation_id, name, created_ms, updated_ms) VALUES ('prj_default', 'org_default', 'Default', 0, 0);
INSERT INTO account (id, mode) VALUES ('org_default', 'unmetered'), ('org_default:test', 'unmetered') ON CONFLICT (id) DO NOTHING;

CREATE TABLE budget (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('organisation', 'project', 'user', 'key', 'customer')),
  -- For `customer`: the project whose end customers are meant.
  scope_id TEXT NOT NULL,
  -- For `customer`: the one meant, or empty for each of them on its own.
  customer TEXT NOT NULL DEFAULT '',
  period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
  -- Nano-dollars for one period, by UTC.
  amount INTEGER NOT NULL CHECK (amount >= 0),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE UNIQUE INDEX budget_once ON budget (scope, scope_id, customer, period);

CREATE TABLE session (
  -- SHA-256 of the cookie's value.
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  address TEXT,
  agent TEXT,
  created_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_user ON session (user_id);

-- Failed sign-ins by hashed e-mail address, whether anybody has it or not.
CREATE TABLE sign_in (
  subject TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  failed_ms INTEGER NOT NULL,
  locked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Single values: the set-up token's hash, the revision of what is published.
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revision (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO revision (name, value) VALUES ('snapshot', 1);

CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  -- Whose affair it is; NULL: the whole installation's.
  organisation_id TEXT,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  address TEXT,
  request_id TEXT NOT NULL,
  -- Changed members only, secrets left out.
  before TEXT,
  after TEXT
) STRICT;

CREATE INDEX audit_by_resource ON audit (resource_id);
CREATE INDEX audit_by_organisation ON audit (organisation_id);

CREATE TABLE channel (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  provider TEXT NOT NULL,
  base_url TEXT,
  -- Sealed with a master key.
  credential TEXT,
  credential_hint TEXT,
  models TEXT,
  priority INTEGER NOT NULL DEFAULT 0,
  -- Exact decimal.
  weight TEXT NOT NULL DEFAULT '1',
  formats TEXT,
  web_search TEXT,
  settings TEXT NOT NULL DEFAULT '{}',
  headers TEXT NOT NULL DEFAULT '{}',
  enabled INTEGER NOT NULL DEFAULT 1,
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  concurrency INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE model_alias (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL UNIQUE,
  -- The name it stands for.
  target TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE model_limit (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL UNIQUE,
  requests_per_minute INTEGER,
  tokens_per_minute INTEGER,
  concurrency INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- What an operator charges for a model in place of the catalogue's price.
CREATE TABLE price_override (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  -- An entry of `prices` as the file has it, in dollars.
  entry TEXT NOT NULL,
  note TEXT,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX price_override_by_model ON price_override (model);

CREATE TABLE search_backend (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  backend TEXT NOT NULL,
  base_url TEXT,
  credential TEXT,
  credential_hint TEXT,
  settings TEXT NOT NULL DEFAULT '{}',
  timeout_ms INTEGER,
  price_per_search INTEGER,
  priority INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE redeem_code (
  id TEXT PRIMARY KEY,
  -- SHA-256 of the code.
  hash TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  note TEXT,
  expires_ms INTEGER,
  redeemed_ms INTEGER,
  redeemed_by TEXT,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- What was used and what it came to, by hour and by day: whoever asks for sums never reads the log.
CREATE TABLE usage_rollup (
  unit TEXT NOT NULL CHECK (unit IN ('hour', 'day')),
  start_ms INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  organisation_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('live', 'test')),
  -- The client's own user, as the request named it; empty when it named none.
  customer TEXT NOT NULL,
  model TEXT NOT NULL,
  -- The one that answered; empty when none did.
  channel TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  web_searches INTEGER NOT NULL,
  -- Nano-dollars: what the customer paid, and what it cost us.
  charge INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  PRIMARY KEY (unit, start_ms, key_id, customer, model, channel)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_by_key ON usage_rollup (key_id, unit, start_ms);
CREATE INDEX usage_by_organisation ON usage_rollup (organisation_id, unit, start_ms);

-- What an operator did to balances; what requests did is in the roll-up.
CREATE INDEX journal_by_account ON journal (account, created_ms) WHERE kind IN ('top-up', 'adjust', 'refund');
