-- What the server alone decides. Times are ISO 8601 texts in UTC; JSON is text; booleans are 0 and 1.

CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Commit order of everything the replicas hold. `audience` narrows a change to one person: their rights changed.
CREATE TABLE changes (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	project TEXT NOT NULL,
	tbl TEXT NOT NULL,
	row TEXT NOT NULL,
	audience TEXT
) STRICT;
CREATE INDEX changes_of_project ON changes (project, seq);

CREATE TABLE projects (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	schema_version INTEGER NOT NULL,
	reviews INTEGER NOT NULL,
	is_sample INTEGER NOT NULL,
	-- Key of the HMAC that names items without an id.
	item_key TEXT NOT NULL,
	-- Counts every change of an item's current answer, withdrawal or data: items.revision comes from here.
	revision INTEGER NOT NULL DEFAULT 0,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schemas (
	project TEXT NOT NULL,
	version INTEGER NOT NULL,
	schema TEXT NOT NULL,
	at TEXT NOT NULL,
	by TEXT NOT NULL,
	PRIMARY KEY (project, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
	project TEXT NOT NULL,
	user TEXT NOT NULL,
	role TEXT NOT NULL,
	has_code INTEGER NOT NULL DEFAULT 0,
	joined_at TEXT NOT NULL,
	PRIMARY KEY (project, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

CREATE TABLE items (
	project TEXT NOT NULL,
	id TEXT NOT NULL,
	-- Order of arrival within the project, from 1.
	seq INTEGER NOT NULL,
	-- The strings of data, in lower case, one a line: what a search looks through.
	words TEXT NOT NULL,
	-- Canonical JSON (RFC 8785): the same data is the same text.
	data TEXT NOT NULL,
	meta TEXT,
	grp TEXT,
	split TEXT NOT NULL,
	import TEXT,
	is_withdrawn INTEGER NOT NULL DEFAULT 0,
	-- First 6 base-4 digits of sha256("shard:" + id), as a number below 4096.
	shard INTEGER NOT NULL,
	-- The corpus, computed by shared/corpus: ItemState without 'open', and the current answer.
	standing TEXT NOT NULL DEFAULT 'pool',
	answer TEXT,
	answer_by TEXT,
	answer_source TEXT,
	answer_at TEXT,
	-- How many open batches hold it.
	open_batches INTEGER NOT NULL DEFAULT 0,
	-- projects.revision when the item, or its answer, last changed.
	revision INTEGER NOT NULL,
	PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX items_in_order ON items (project, seq);
CREATE INDEX items_by_standing ON items (project, standing, open_batches, seq);
CREATE INDEX items_by_shard ON items (project, shard, id);
CREATE INDEX items_by_revision ON items (project, revision);
CREATE INDEX items_by_import ON items (import) WHERE import IS NOT NULL;

-- Which items show which media: opens a blob to the members of their batches.
CREATE TABLE item_media (
	project TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	item TEXT NOT NULL,
	PRIMARY KEY (project, sha256, item)
) STRICT, WITHOUT ROWID;

-- How many items have an option in their current answer, kept with every change of an answer.
CREATE TABLE class_counts (
	project TEXT NOT NULL,
	tool TEXT NOT NULL,
	option TEXT NOT NULL,
	items INTEGER NOT NULL,
	PRIMARY KEY (project, tool, option)
) STRICT, WITHOUT ROWID;

CREATE TABLE imports (
	id TEXT PRIMARY KEY,
	project TEXT NOT NULL,
	at TEXT NOT NULL,
	by TEXT NOT NULL,
	format TEXT NOT NULL,
	state TEXT NOT NULL,
	lines INTEGER NOT NULL DEFAULT 0,
	items INTEGER NOT NULL DEFAULT 0,
	answers INTEGER NOT NULL DEFAULT 0,
	known INTEGER NOT NULL DEFAULT 0,
	refused INTEGER NOT NULL DEFAULT 0,
	refusals TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;
CREATE INDEX imports_of_project ON imports (project, at);

CREATE TABLE batches (
	id TEXT PRIMARY KEY,
	project TEXT NOT NULL,
	name TEXT NOT NULL,
	purpose TEXT NOT NULL,
	state TEXT NOT NULL,
	schema_version INTEGER NOT NULL,
	size INTEGER NOT NULL,
	is_blind INTEGER NOT NULL,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL,
	closed_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_of_project ON batches (project, created_at);

CREATE TABLE batch_members (
	batch TEXT NOT NULL,
	user TEXT NOT NULL,
	PRIMARY KEY (batch, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_members_by_user ON batch_members (user);

CREATE TABLE batch_items (
	batch TEXT NOT NULL,
	position INTEGER NOT NULL,
	project TEXT NOT NULL,
	item TEXT NOT NULL,
	-- Submissions that were the item's heads when it was put into the batch, and the answer that came along.
	heads TEXT NOT NULL DEFAULT '[]',
	current TEXT,
	PRIMARY KEY (batch, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX batch_items_by_item ON batch_items (project, item, batch);

-- What was said, projected from the documents. The first submission under an id is the submission.
CREATE TABLE submissions (
	project TEXT NOT NULL,
	id TEXT NOT NULL,
	item TEXT NOT NULL,
	batch TEXT,
	import TEXT,
	by TEXT NOT NULL,
	at TEXT NOT NULL,
	spent_ms INTEGER NOT NULL,
	schema_version INTEGER NOT NULL,
	answer TEXT,
	guess TEXT NOT NULL,
	after TEXT NOT NULL,
	source TEXT NOT NULL,
	is_late INTEGER NOT NULL DEFAULT 0,
	is_withdrawn INTEGER NOT NULL DEFAULT 0,
	-- An import that was told to replace what people answered.
	replaces INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX submissions_by_item ON submissions (project, item);
CREATE INDEX submissions_by_batch ON submissions (batch, item) WHERE batch IS NOT NULL;
CREATE INDEX submissions_by_import ON submissions (import) WHERE import IS NOT NULL;
CREATE INDEX submissions_by_person ON submissions (project, by);

CREATE TABLE verdicts (
	project TEXT NOT NULL,
	submission TEXT NOT NULL,
	user TEXT NOT NULL,
	item TEXT NOT NULL,
	batch TEXT NOT NULL,
	kind TEXT NOT NULL,
	at TEXT NOT NULL,
	note TEXT,
	PRIMARY KEY (project, submission, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdicts_by_item ON verdicts (project, item);

-- How far each document's update log has been projected into the tables above.
CREATE TABLE watermarks (document TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
	project TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	size INTEGER NOT NULL,
	type TEXT NOT NULL,
	at TEXT NOT NULL,
	PRIMARY KEY (project, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
	id TEXT PRIMARY KEY,
	project TEXT NOT NULL,
	name TEXT NOT NULL,
	number INTEGER NOT NULL,
	tag TEXT NOT NULL,
	message TEXT NOT NULL,
	at TEXT NOT NULL,
	by TEXT NOT NULL,
	-- projects.revision that it froze.
	revision INTEGER NOT NULL,
	counts TEXT NOT NULL,
	classes TEXT NOT NULL,
	changed TEXT NOT NULL,
	UNIQUE (project, name, number)
) STRICT, WITHOUT ROWID;
