#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <fstream>
#include <map>

#include "protocol/digest.h"
#include "protocol/tlog/receipt.h"
#include "scheduler/shell/audit.h"
#include "scheduler/shell/open_ledger.h"
#include "scheduler/shell/whole_file.h"
#include "tests/scheduler/shell/region_fixture.h"

namespace reeve::shell {
namespace {

using namespace std::chrono_literals;

/// A region whose transparent log is read as a stranger reads it.
class RegionLedger : public RegionFixture {
 protected:
  struct Seen {
    std::string note;
    tlog::Verifier verifier;
    tlog::Checkpoint checkpoint;
    std::vector<Bytes> entries;
  };

  std::optional<std::string> get(const std::string& path) const {
    httplib::Client client("127.0.0.1", server_->ledger_port());
    const auto answer = client.Get(path.c_str());
    if (!answer || answer->status != 200) return std::nullopt;
    return answer->body;
  }
  int status(const std::string& path) const {
    httplib::Client client("127.0.0.1", server_->ledger_port());
    const auto answer = client.Get(path.c_str());
    return answer ? answer->status : 0;
  }
  tlog::SubtreeReader served(std::uint64_t size) const {
    return tlog::read_tiles(
        [this](const tlog::TileName& name) -> Result<Bytes> {
          const auto body = get("/" + tlog::tile_path(name));
          if (!body) return Error{ErrorCode::kNotFound, tlog::tile_path(name), ""};
          return Bytes(body->begin(), body->end());
        },
        size);
  }
  /// Everything that is published, with every hash checked.
  Seen read_log() const {
    Seen seen;
    seen.note = await("/checkpoint");  // a region that has just started has published nothing
    std::string key = get("/vkey").value_or("");
    if (!key.empty()) key.pop_back();
    const auto verifier = tlog::parse_vkey(key);
    EXPECT_TRUE(verifier.ok()) << key;
    if (verifier) seen.verifier = *verifier;
    const auto checkpoint = tlog::open_checkpoint(seen.note, seen.verifier);
    EXPECT_TRUE(checkpoint.ok()) << seen.note;
    if (!checkpoint) return seen;
    seen.checkpoint = *checkpoint;
    std::vector<Digest> leaves;
    const auto read = tlog::for_each_tile(checkpoint->size, [&](const tlog::TileName& name) -> Result<void> {
      const auto body = get("/" + tlog::tile_path(name));
      EXPECT_TRUE(body.has_value()) << tlog::tile_path(name);
      if (!name.entries || !body) return {};
      const auto entries = tlog::split_bundle(as_bytes(*body), name.width);
      EXPECT_TRUE(entries.has_value());
      for (const ByteView entry : *entries) {
        seen.entries.emplace_back(entry.begin(), entry.end());
        leaves.push_back(leaf_hash(entry));
      }
      return {};
    });
    EXPECT_TRUE(read.ok());
    EXPECT_EQ(merkle_root(leaves), checkpoint->root);
    EXPECT_EQ(*tlog::tree_root(served(checkpoint->size), checkpoint->size), checkpoint->root);
    return seen;
  }
  template <class Body>
  static std::vector<Body> bodies(const Seen& seen) {
    std::vector<Body> found;
    for (const Bytes& bytes : seen.entries) {
      const auto entry = tlog::decode_entry(bytes);
      EXPECT_TRUE(entry.ok());
      if (entry && std::holds_alternative<Body>(entry->body)) found.push_back(std::get<Body>(entry->body));
    }
    return found;
  }
  /// Runs a job and waits until its pay is published.
  void run_published(std::uint32_t tasks) {
    const JobId job = submit(tasks);
    run_job(job, tasks);
    for (int i = 0; i < 300; ++i) {
      std::uint32_t paid = 0;
      for (const tlog::Settlement& settlement : bodies<tlog::Settlement>(read_log()))
        for (const TaskRange range : settlement.tasks)
          paid += settlement.step.job == job ? range.count : 0;
      if (paid == tasks) return;
      std::this_thread::sleep_for(100ms);
    }
    FAIL() << "the job's pay is published within thirty seconds";
  }
  /// `get` again and again until it gives something.
  std::string await(const std::string& path) const {
    for (int i = 0; i < 500; ++i) {
      const auto body = get(path);
      if (body && !body->empty()) return *body;
      std::this_thread::sleep_for(20ms);
    }
    return "";
  }
  std::string journal() const { return dir_ + "/journal.db"; }
};

TEST_F(RegionLedger, AStrangerReadsAndVerifiesAllOfIt) {
  assemble();
  run_published(300);
  const Seen seen = read_log();
  EXPECT_EQ(bodies<tlog::PriceList>(seen).size(), 1U);
  EXPECT_EQ(bodies<tlog::KeyAdd>(seen).size(), 4U);
  std::uint64_t paid = 0;
  for (const tlog::Settlement& settlement : bodies<tlog::Settlement>(seen))
    for (const TaskRange range : settlement.tasks)
      paid += range.count;
  EXPECT_EQ(paid, 300U);
}

TEST_F(RegionLedger, AnAgentProvesThatItsReportWasTaken) {
  assemble();
  submit(5);
  const msg::Assignment assignment = assigned(agent_);
  const msg::Report sent = signed_report(agent_, assignment, false);
  report(agent_, assignment);
  const std::string attempt = std::to_string(assignment.attempt.value());
  const std::string about = await("/about/" + attempt);
  EXPECT_NE(about.find(" result\n"), std::string::npos) << about;
  const std::size_t line = about.rfind('\n', about.find(" result\n") - 1);
  const std::size_t begin = line == std::string::npos || about[line] != '\n' ? 0 : line + 1;
  const std::string index = about.substr(begin, about.find(' ', begin) - begin);
  const auto receipt = tlog::parse_receipt(get("/receipt/" + index).value_or(""));
  ASSERT_TRUE(receipt.ok()) << receipt.error().message;
  ASSERT_TRUE(tlog::verify_receipt(*receipt, read_log().verifier).ok());
  const auto entry = tlog::decode_entry(receipt->entry);
  ASSERT_TRUE(entry.ok());
  const auto* acknowledged = std::get_if<tlog::Acknowledged>(&entry->body);
  ASSERT_NE(acknowledged, nullptr);
  EXPECT_EQ(acknowledged->attempt, assignment.attempt);
  EXPECT_EQ(acknowledged->agent, agent_.enrolled.agent);
  EXPECT_EQ(acknowledged->report, sha256(sent.signature.bytes));
}

TEST_F(RegionLedger, ARestartGoesOnWithTheSameTree) {
  assemble();
  run_published(20);
  const Seen before = read_log();
  stop();
  start();
  assemble();
  run_published(20);
  const Seen after = read_log();
  ASSERT_GT(after.checkpoint.size, before.checkpoint.size);
  EXPECT_EQ(after.checkpoint.origin, before.checkpoint.origin);
  const auto proof =
      tlog::prove_consistency(served(after.checkpoint.size), before.checkpoint.size, after.checkpoint.size);
  ASSERT_TRUE(proof.ok());
  EXPECT_TRUE(tlog::verify_consistency(before.checkpoint.size, before.checkpoint.root, after.checkpoint.size,
                                       after.checkpoint.root, *proof));
  stop();
  EXPECT_TRUE(audit_region(dir_).ok());
}

TEST_F(RegionLedger, LostAndDamagedFilesAreMadeAgainFromTheJournal) {
  assemble();
  run_published(20);
  const Seen before = read_log();
  for (const std::string damage : {"mark", "hashes-0", "entries", "index"}) {
    stop();
    std::filesystem::resize_file(dir_ + "/ledger/" + damage, 40);
    start();
    const Seen after = read_log();
    ASSERT_GE(after.entries.size(), before.entries.size()) << damage;
    EXPECT_TRUE(std::equal(before.entries.begin(), before.entries.end(), after.entries.begin())) << damage;
  }
}

TEST_F(RegionLedger, RestoredFromBehindItSignsUnderANewOrigin) {
  assemble();
  run_published(20);
  stop();
  std::filesystem::copy_file(journal(), dir_ + "/backup");
  start();
  assemble();
  run_published(20);
  const Seen shown = read_log();
  stop();
  for (const char* name : {"/journal.db", "/journal.db-wal", "/view.db", "/view.db-wal", "/view.db-shm"})
    std::filesystem::remove(dir_ + name);
  std::filesystem::copy_file(dir_ + "/backup", journal());
  for (int restarts = 0; restarts < 2; ++restarts) {
    start();
    await("/checkpoint");
    const Seen after = read_log();
    EXPECT_EQ(after.checkpoint.origin, shown.checkpoint.origin.substr(0, 22) + "/2");
    const auto opened = bodies<tlog::LogOpen>(after);
    ASSERT_EQ(opened.size(), 1U);
    EXPECT_EQ(opened[0].generation, 2U);
    EXPECT_EQ(opened[0].origin, shown.checkpoint.origin);
    EXPECT_EQ(opened[0].size, shown.checkpoint.size);
    EXPECT_EQ(opened[0].root, shown.checkpoint.root);
    stop();
    EXPECT_TRUE(audit_region(dir_).ok());
  }
}

TEST_F(RegionLedger, AJournalThatGivesAnotherTreeIsRefused) {
  stop();
  {
    auto opened = SqliteJournal::open(journal());
    ASSERT_TRUE(opened.ok());
    LogHead head = *decode_log_head(**(*opened)->log_head());
    std::vector<Digest> peaks = head.tree.peaks();
    peaks[0].bytes[0] ^= 1;
    head.tree = *tlog::Frontier::from(head.tree.size(), peaks);
    JournalRow row{(*opened)->last_seq() + 1, 1, {}};
    frame_event(row.events, core::encode_event(core::Event(core::SessionsExpired{})));
    ASSERT_TRUE((*opened)->append_with(std::span(&row, 1), encode_log_head(head)).ok());
  }
  const auto audit = audit_region(dir_);
  ASSERT_FALSE(audit.ok());
  EXPECT_NE(audit.error().message.find("not the one that the region signed"), std::string::npos);
  auto dir = open_region(dir_);
  ASSERT_TRUE(dir.ok());
  dir->settings.port = dir->settings.http_port = dir->settings.ledger_port = 0;
  const auto server = RegionServer::start(std::move(*dir));
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find("not the one that the region signed"), std::string::npos);
}

TEST_F(RegionLedger, ADamagedPublishedCheckpointIsNamed) {
  stop();
  std::fstream(dir_ + "/ledger/checkpoint", std::ios::in | std::ios::out).write("x", 1);
  auto dir = open_region(dir_);
  ASSERT_TRUE(dir.ok());
  dir->settings.port = dir->settings.http_port = dir->settings.ledger_port = 0;
  const auto server = RegionServer::start(std::move(*dir));
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find("ledger/checkpoint"), std::string::npos) << server.error().message;
}

TEST_F(RegionLedger, WhatIsNotThereIsRefused) {
  await("/checkpoint");
  for (const char* path :
       {"/tile/0/000.p/255", "/tile/0/001", "/tile/7/000", "/tile/8/000", "/tile/entries/x1/000",
        "/tile/0/../../keys/log.key", "/keys/log.key", "/receipt/999999999999", "/receipt/x"})
    EXPECT_EQ(status(path), 404) << path;
  EXPECT_EQ(status("/about/0"), 400);
  EXPECT_EQ(get("/about/12345"), "");
}

class WithoutLedgerLog : public RegionLedger {
 protected:
  void adjust(RegionSettings& settings) override { settings.ledger_log = 0; }
};

TEST_F(WithoutLedgerLog, ItCatchesUpWhenItIsSwitchedOn) {
  assemble();
  run_job(submit(20), 20);
  EXPECT_EQ(server_->ledger_port(), 0);
  stop();
  std::ifstream in(dir_ + "/region.toml");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.replace(text.find("ledger_log = 0"), 14, "ledger_log = 1");
  std::ofstream(dir_ + "/region.toml") << text;
  start();
  await("/checkpoint");
  EXPECT_FALSE(bodies<tlog::Settlement>(read_log()).empty());
}

TEST(LedgerStore, WhatWasNotSyncedIsCutOff) {
  const TemporaryFolder folder;
  LedgerLog log({}, TransportKey{}, Identity::create());
  log.add(1, core::Event(core::RegionCreated{}));
  {
    auto store = LedgerStore::open(folder.path());
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)->append(log.take()).ok());
    ASSERT_TRUE((*store)->sync(log.head()).ok());
    for (std::uint64_t seq = 2; seq < 600; ++seq)
      log.add(seq, core::Event(core::PolicyChanged{}));
    ASSERT_TRUE((*store)->append(log.take()).ok());
    EXPECT_EQ(*tlog::tree_root((*store)->subtrees(600), 600), log.head().tree.root());
  }
  auto store = LedgerStore::open(folder.path());
  ASSERT_TRUE(store.ok());
  EXPECT_EQ((*store)->mark().seq, 1U);
  EXPECT_EQ(*tlog::frontier_at((*store)->subtrees(2), 2), (*store)->mark().tree);
  EXPECT_FALSE((*store)->tile({false, 0, 0, 3}).ok()) << "the third hash is gone";
}

}  // namespace
}  // namespace reeve::shell
