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
	-- flywheel.yml as it was read at the commit (RunSpec); the combination of a sweep stands in params.
	spec TEXT NOT NULL,
	params TEXT NOT NULL,
	-- Tags that a runner must have, and how long preparing and running may take, from the spec.
	tags TEXT NOT NULL,
	timeout_ms INTEGER NOT NULL,
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
	-- What the model commit keeps: [{path, sha256, sizeBytes}].
	artifacts TEXT NOT NULL DEFAULT '[]',
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
	-- How far it came (a state of the run), so that a lost attempt which comes back goes on from there.
	stage TEXT NOT NULL,
	claimed_at TEXT NOT NULL,
	heartbeat_at TEXT NOT NULL,
	started_at TEXT,
	ended_at TEXT,
	-- Null while it lives: then a state of the run, `lost` (no heartbeat) or `handed_back`.
	outcome TEXT,
	exit_code INTEGER,
	signal TEXT,
	failed_chunks INTEGER NOT NULL DEFAULT 0,
	-- The lowest step it reported: what earlier attempts reported from there on is not shown.
	first_step REAL,
	PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_alive ON attempts (heartbeat_at) WHERE outcome IS NULL;

CREATE TABLE runners (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	tags TEXT NOT NULL,
	run TEXT,
	last_seen_at TEXT NOT NULL,
	is_away INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Sequence 0 is the server's own line above a later attempt; the runner's begin at 1. `start` counts the runner's bytes.
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
CREATE INDEX predictions_by_confidence ON predictions (project, model, confidence, item);
