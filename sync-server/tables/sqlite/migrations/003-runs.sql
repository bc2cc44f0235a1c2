CREATE TABLE runs (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	project TEXT NOT NULL,
	name TEXT NOT NULL,
	state TEXT NOT NULL,
	cause TEXT,
	code_commit TEXT NOT NULL,
	code_message TEXT NOT NULL,
	data_name TEXT NOT NULL,
	data_commit TEXT NOT NULL,
	spec TEXT NOT NULL,
	params TEXT NOT NULL,
	-- Number of the newest attempt, 0 before the first.
	attempt INTEGER NOT NULL DEFAULT 0,
	lost INTEGER NOT NULL DEFAULT 0,
	retries_left INTEGER NOT NULL DEFAULT 0,
	cancel_wanted INTEGER NOT NULL DEFAULT 0,
	runner TEXT,
	by TEXT NOT NULL,
	created_at TEXT NOT NULL,
	started_at TEXT,
	ended_at TEXT,
	last TEXT NOT NULL DEFAULT '{}',
	quality TEXT,
	model_branch TEXT,
	model_commit TEXT,
	predictions INTEGER NOT NULL DEFAULT 0,
	-- What made it: `<ref> <commit>` of a push, or the run it retries. One push makes one run, however often it is seen.
	origin TEXT NOT NULL,
	UNIQUE (project, origin)
) STRICT;
CREATE INDEX runs_of_project ON runs (project, id);
CREATE INDEX runs_by_state ON runs (state, id);

CREATE TABLE attempts (
	run INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	token_hash TEXT NOT NULL UNIQUE,
	runner TEXT NOT NULL,
	claimed_at TEXT NOT NULL,
	heartbeat_at TEXT NOT NULL,
	started_at TEXT,
	ended_at TEXT,
	outcome TEXT,
	exit_code INTEGER,
	signal TEXT,
	PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE runners (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	tags TEXT NOT NULL,
	run TEXT,
	last_seen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log_chunks (
	run INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	start INTEGER NOT NULL,
	size INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (run, attempt, sequence)
) STRICT, WITHOUT ROWID;

-- How many bytes of each metrics file are in metric_chunks.
CREATE TABLE metric_files (
	run INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	file TEXT NOT NULL,
	bytes INTEGER NOT NULL,
	-- The unfinished last line, kept for the next chunk.
	tail BLOB NOT NULL,
	PRIMARY KEY (run, attempt, file)
) STRICT, WITHOUT ROWID;

-- Points of one key in order of arrival: two little-endian float64 arrays of equal length.
CREATE TABLE metric_chunks (
	run INTEGER NOT NULL,
	key TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	chunk INTEGER NOT NULL,
	steps BLOB NOT NULL,
	vals BLOB NOT NULL,
	PRIMARY KEY (run, key, attempt, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions (
	project TEXT NOT NULL,
	model TEXT NOT NULL,
	item TEXT NOT NULL,
	answer TEXT NOT NULL,
	confidence REAL NOT NULL,
	scores TEXT,
	PRIMARY KEY (project, model, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX predictions_by_confidence ON predictions (project, model, confidence);
