-- Counts of each project, kept by triggers in the transaction of the change itself: always exact, and read
-- in constant time however many items there are.

CREATE TABLE item_counts (
	project TEXT PRIMARY KEY,
	items INTEGER NOT NULL DEFAULT 0,
	pool INTEGER NOT NULL DEFAULT 0,
	in_batches INTEGER NOT NULL DEFAULT 0,
	waiting INTEGER NOT NULL DEFAULT 0,
	returned INTEGER NOT NULL DEFAULT 0,
	to_settle INTEGER NOT NULL DEFAULT 0,
	corpus INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TRIGGER item_counts_begin AFTER INSERT ON projects BEGIN
	INSERT OR IGNORE INTO item_counts (project) VALUES (NEW.id);
END;
CREATE TRIGGER item_counts_end AFTER DELETE ON projects BEGIN
	DELETE FROM item_counts WHERE project = OLD.id;
END;

CREATE TRIGGER item_counts_insert AFTER INSERT ON items WHEN NEW.is_withdrawn = 0 BEGIN
	UPDATE item_counts SET
		items = items + 1,
		pool = pool + (NEW.standing = 'pool' AND NEW.open_batches = 0),
		in_batches = in_batches + (NEW.open_batches > 0),
		waiting = waiting + (NEW.standing = 'waiting'),
		returned = returned + (NEW.standing = 'returned'),
		to_settle = to_settle + (NEW.standing = 'settle'),
		corpus = corpus + (NEW.answer IS NOT NULL)
	WHERE project = NEW.project;
END;

CREATE TRIGGER item_counts_delete AFTER DELETE ON items WHEN OLD.is_withdrawn = 0 BEGIN
	UPDATE item_counts SET
		items = items - 1,
		pool = pool - (OLD.standing = 'pool' AND OLD.open_batches = 0),
		in_batches = in_batches - (OLD.open_batches > 0),
		waiting = waiting - (OLD.standing = 'waiting'),
		returned = returned - (OLD.standing = 'returned'),
		to_settle = to_settle - (OLD.standing = 'settle'),
		corpus = corpus - (OLD.answer IS NOT NULL)
	WHERE project = OLD.project;
END;

CREATE TRIGGER item_counts_update AFTER UPDATE OF standing, answer, open_batches, is_withdrawn ON items
WHEN OLD.standing IS NOT NEW.standing OR OLD.open_batches IS NOT NEW.open_batches
	OR OLD.is_withdrawn IS NOT NEW.is_withdrawn OR (OLD.answer IS NULL) <> (NEW.answer IS NULL)
BEGIN
	UPDATE item_counts SET
		items = items + OLD.is_withdrawn - NEW.is_withdrawn,
		pool = pool + (NEW.is_withdrawn = 0 AND NEW.standing = 'pool' AND NEW.open_batches = 0)
			- (OLD.is_withdrawn = 0 AND OLD.standing = 'pool' AND OLD.open_batches = 0),
		in_batches = in_batches + (NEW.is_withdrawn = 0 AND NEW.open_batches > 0)
			- (OLD.is_withdrawn = 0 AND OLD.open_batches > 0),
		waiting = waiting + (NEW.is_withdrawn = 0 AND NEW.standing = 'waiting')
			- (OLD.is_withdrawn = 0 AND OLD.standing = 'waiting'),
		returned = returned + (NEW.is_withdrawn = 0 AND NEW.standing = 'returned')
			- (OLD.is_withdrawn = 0 AND OLD.standing = 'returned'),
		to_settle = to_settle + (NEW.is_withdrawn = 0 AND NEW.standing = 'settle')
			- (OLD.is_withdrawn = 0 AND OLD.standing = 'settle'),
		corpus = corpus + (NEW.is_withdrawn = 0 AND NEW.answer IS NOT NULL)
			- (OLD.is_withdrawn = 0 AND OLD.answer IS NOT NULL)
	WHERE project = NEW.project;
END;

-- What changed since a snapshot, and what one person submitted, each counted within one index.
CREATE INDEX items_answered ON items (project, revision, answer_source, is_withdrawn)
	WHERE answer_source IS NOT NULL;
CREATE INDEX submissions_of_people ON submissions (project, by, source, at, spent_ms);
CREATE INDEX submissions_skipped ON submissions (project, by, source) WHERE answer IS NULL;

-- Being put into a batch or taken out concerns the person: the change is addressed to them.
CREATE TRIGGER batch_members_in AFTER INSERT ON batch_members BEGIN
	INSERT INTO changes (project, tbl, row, audience)
		SELECT project, 'batches', NEW.batch, NEW.user FROM batches WHERE id = NEW.batch;
END;
CREATE TRIGGER batch_members_out AFTER DELETE ON batch_members BEGIN
	INSERT INTO changes (project, tbl, row, audience)
		SELECT project, 'batches', OLD.batch, OLD.user FROM batches WHERE id = OLD.batch;
END;
