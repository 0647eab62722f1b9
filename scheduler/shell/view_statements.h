#pragma once

#include "scheduler/shell/view_database.h"

namespace reeve::shell {

/// Every statement that writes the view, prepared once.
struct ViewDatabase::Statements {
  explicit Statements(Database& d)
      : begin(d.must_prepare("BEGIN")),
        commit(d.must_prepare("COMMIT")),
        seq(d.must_prepare("INSERT OR REPLACE INTO meta VALUES('seq',?)")),
        party(d.must_prepare("INSERT OR REPLACE INTO parties VALUES(?,?,?)")),
        agent(d.must_prepare("INSERT OR IGNORE INTO agents(id,owner,role,name) VALUES(?,?,?,?)")),
        agent_counts(
            d.must_prepare("UPDATE agents SET settled=settled+?2, rejected=rejected+?3 WHERE id=?1")),
        job(d.must_prepare(
            "INSERT INTO jobs VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
            "state=excluded.state, final=excluded.final, reason=excluded.reason, priority=excluded.priority, "
            "settled=excluded.settled, failed=excluded.failed, ended_ns=excluded.ended_ns, "
            "spent=excluded.spent, counts=excluded.counts")),
        final_job(d.must_prepare("UPDATE jobs SET final=1 WHERE id=?")),
        step(d.must_prepare("INSERT INTO steps VALUES(?,?,?,?)")),
        result(d.must_prepare("INSERT INTO results VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)")),
        settled(d.must_prepare("INSERT INTO settled VALUES(?,?,?,?,?,?,?,?,?,?,?,0)")),
        recall(d.must_prepare(
            "UPDATE settled SET recalled=1 WHERE job=? AND step=? AND first=? AND slot=? AND attempt=?")),
        stored(d.must_prepare("INSERT OR REPLACE INTO stored VALUES(?,?,?,?,?,?,?,?)")),
        failure(d.must_prepare("INSERT INTO failures VALUES(?,?,?,?,?,?,?,?,?,?,?)")),
        failed(d.must_prepare("INSERT INTO failed VALUES(?,?,?,?,?,?)")),
        forget_failed(d.must_prepare("DELETE FROM failed WHERE job=?")),
        verdict(d.must_prepare("INSERT INTO verdicts(job,step,task,attempt,disproved,reason)"
                               " VALUES(?,?,?,?,?,?)")),
        dispute(d.must_prepare("INSERT OR REPLACE INTO disputes(job,step,task,a,b) VALUES(?,?,?,?,?)")),
        leaf(d.must_prepare("UPDATE disputes SET leaf=?4, hash_a=?5, hash_b=?6, chosen_ns=?7 WHERE job=?1 "
                            "AND step=?2 AND task=?3")),
        decided(d.must_prepare("UPDATE disputes SET leaf=?4, referee_hash=?5, referee=?6, wrong=?7,"
                               " referee_attempt=?8, decided_ns=?9"
                               " WHERE job=?1 AND step=?2 AND task=?3")),
        comparison(d.must_prepare("INSERT INTO comparisons VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")),
        may_purge(d.must_prepare("SELECT 1 FROM jobs WHERE id=?1 AND (requester=?2 OR ?2=1)"
                                 " AND NOT EXISTS(SELECT 1 FROM purged WHERE job=?1)")),
        purged(d.must_prepare("INSERT OR IGNORE INTO purged VALUES(?,?)")),
        blobs_of(d.must_prepare("SELECT DISTINCT blob FROM stored WHERE job=?")),
        blobs_in(d.must_prepare("SELECT blob FROM stored WHERE job=? AND step=? AND task>=? AND task<?")),
        drop_in(d.must_prepare("DELETE FROM stored WHERE job=? AND step=? AND task>=? AND task<?")),
        drop_stored(d.must_prepare("DELETE FROM stored WHERE job=?")),
        drop_payloads(d.must_prepare("UPDATE results SET payload=x'' WHERE job=?")),
        conviction(d.must_prepare("INSERT INTO convictions VALUES(?,?,?,?,?,?,?,?,?)")),
        chain(d.must_prepare("INSERT INTO chains VALUES(?,?,?,?,?,?,?,?,?,?)")) {}

  Statement begin, commit, seq, party, agent, agent_counts, job, final_job, step, result, settled, recall,
      stored, failure, failed, forget_failed, verdict, dispute, leaf, decided, comparison, may_purge, purged,
      blobs_of, blobs_in, drop_in, drop_stored, drop_payloads, conviction, chain;
};

}  // namespace reeve::shell
