/** Inodes that must stay free on a filesystem of live: without one PostgreSQL cannot make a file, which in pg_wal is a PANIC. */
export const freeInodesFloor = 1_000;

/** WAL that a copy keeps in its own pg_wal besides the staged files: PostgreSQL's default of max_wal_size, which it runs with. */
export const replayedWalBytesMax = 1024 ** 3;
