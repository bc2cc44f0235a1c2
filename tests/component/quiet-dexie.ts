import Dexie from 'dexie';

// On localhost Dexie prints every error, also one that somebody takes care of: that a full or closed database is.
Dexie.debug = false;
