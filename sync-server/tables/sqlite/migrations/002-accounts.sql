-- People, how they prove who they are, and what they were given to prove it with.

CREATE TABLE users (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	-- `<id>@flywheel.invalid` where the person gave none: that domain can never receive mail (RFC 2606).
	email TEXT NOT NULL UNIQUE,
	email_verified INTEGER NOT NULL,
	image TEXT,
	created_at TEXT NOT NULL,
	updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	id TEXT PRIMARY KEY,
	user TEXT NOT NULL,
	token TEXT NOT NULL UNIQUE,
	expires_at TEXT NOT NULL,
	ip_address TEXT,
	user_agent TEXT,
	created_at TEXT NOT NULL,
	updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user);

-- Ways to sign in; today only `credential`, a password.
CREATE TABLE credentials (
	id TEXT PRIMARY KEY,
	user TEXT NOT NULL,
	provider TEXT NOT NULL,
	account TEXT NOT NULL,
	password TEXT,
	created_at TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	UNIQUE (provider, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_of_user ON credentials (user);

-- Sign-in links that were not used yet; `identifier` holds the hash of the token.
CREATE TABLE verifications (
	id TEXT PRIMARY KEY,
	identifier TEXT NOT NULL UNIQUE,
	value TEXT NOT NULL,
	expires_at TEXT NOT NULL,
	created_at TEXT NOT NULL,
	updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- API tokens of people and of runners. The token itself is shown once and kept nowhere.
CREATE TABLE tokens (
	id TEXT PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE,
	user TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	created_at TEXT NOT NULL,
	-- A day, so that a busy script costs one write a day.
	last_used_on TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_user ON tokens (user);

CREATE TABLE invites (
	id TEXT PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE,
	project TEXT NOT NULL,
	role TEXT NOT NULL,
	has_code INTEGER NOT NULL,
	name TEXT,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL,
	expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_of_project ON invites (project);
