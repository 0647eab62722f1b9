#pragma once

/// view.db: what people and programs ask about, built from committed events. docs/formats/view.md.
namespace reeve::shell {

inline constexpr std::int64_t kViewVersion = 4;

inline constexpr const char* kViewOpen =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "PRAGMA cache_size=-32768;"
    "PRAGMA wal_autocheckpoint=4096;";

// A row per range, never per task. Inserted once: states follow from which rows are there.
inline constexpr const char* kViewSchema = R"sql(
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parties(id INTEGER PRIMARY KEY, role INTEGER, name TEXT) STRICT;
CREATE TABLE IF NOT EXISTS agents(id INTEGER PRIMARY KEY, owner INTEGER, role INTEGER, name TEXT,
  settled INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS jobs(id INTEGER PRIMARY KEY, requester INTEGER, name TEXT, state INTEGER, final INTEGER,
  reason TEXT, priority INTEGER, tasks INTEGER, settled INTEGER, failed INTEGER, submitted_ns INTEGER,
  ended_ns INTEGER, spent INTEGER, verify_mode INTEGER, quorum INTEGER, waits_on BLOB, counts BLOB) STRICT;
CREATE INDEX IF NOT EXISTS jobs_of ON jobs(requester);
CREATE TABLE IF NOT EXISTS steps(job INTEGER, step INTEGER, spec BLOB, price INTEGER,
  PRIMARY KEY(job, step)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results(seq INTEGER PRIMARY KEY, job INTEGER, step INTEGER, first INTEGER, count INTEGER,
  attempt INTEGER, agent INTEGER, owner INTEGER, replica INTEGER, started_ns INTEGER, at_ns INTEGER,
  sizes BLOB, payload BLOB, roots BLOB) STRICT;
CREATE INDEX IF NOT EXISTS results_at ON results(job, step, first);
CREATE TABLE IF NOT EXISTS settled(job INTEGER, step INTEGER, first INTEGER, slot INTEGER, attempt INTEGER,
  count INTEGER, agent INTEGER, owner INTEGER, price INTEGER, fee INTEGER, at_ns INTEGER,
  recalled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(job, step, first, slot, attempt)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stored(job INTEGER, step INTEGER, task INTEGER, attempt INTEGER, root BLOB, blob BLOB,
  size INTEGER, at_ns INTEGER, PRIMARY KEY(job, step, task)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stored_as ON stored(blob);
CREATE TABLE IF NOT EXISTS failures(seq INTEGER PRIMARY KEY, job INTEGER, step INTEGER, first INTEGER,
  count INTEGER, attempt INTEGER, agent INTEGER, owner INTEGER, reason INTEGER, message TEXT, at_ns INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS failures_at ON failures(job, step, first);
CREATE TABLE IF NOT EXISTS failed(seq INTEGER PRIMARY KEY, job INTEGER, step INTEGER, first INTEGER, count INTEGER,
  why TEXT) STRICT;
CREATE INDEX IF NOT EXISTS failed_at ON failed(job, step, first);
CREATE TABLE IF NOT EXISTS verdicts(id INTEGER PRIMARY KEY, job INTEGER, step INTEGER, task INTEGER,
  attempt INTEGER, disproved INTEGER, reason INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS verdicts_at ON verdicts(job, step, task);
CREATE TABLE IF NOT EXISTS disputes(job INTEGER, step INTEGER, task INTEGER, a INTEGER, b INTEGER, leaf INTEGER,
  hash_a BLOB, hash_b BLOB, referee_hash BLOB, referee INTEGER, wrong INTEGER, referee_attempt INTEGER,
  chosen_ns INTEGER, decided_ns INTEGER,
  PRIMARY KEY(job, step, task)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS comparisons(seq INTEGER PRIMARY KEY, job INTEGER, step INTEGER, task INTEGER, a INTEGER,
  b INTEGER, owner_a INTEGER, owner_b INTEGER, verdict INTEGER, why TEXT, referee INTEGER, at_ns INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS comparisons_of ON comparisons(job, verdict);
CREATE TABLE IF NOT EXISTS purged(job INTEGER PRIMARY KEY, at_ns INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS convictions(seq INTEGER PRIMARY KEY, owner INTEGER, at_ns INTEGER, job INTEGER,
  step INTEGER, task INTEGER, slashed INTEGER, clawed_back INTEGER, recomputed INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS chains(seq INTEGER PRIMARY KEY, at_ns INTEGER, job INTEGER, step INTEGER,
  first INTEGER, count INTEGER, attempt INTEGER, party INTEGER, requester INTEGER, entries BLOB) STRICT;
CREATE INDEX IF NOT EXISTS chains_of ON chains(party) WHERE party<>0;
CREATE INDEX IF NOT EXISTS chains_for ON chains(requester) WHERE requester<>0;
)sql";

}  // namespace reeve::shell
