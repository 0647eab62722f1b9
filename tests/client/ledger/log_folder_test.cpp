#include "client/ledger/log_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "protocol/tlog/receipt.h"
#include "tests/protocol/tlog/entry_samples.h"
#include "tests/protocol/tlog/sample_log.h"

namespace reeve::client {
namespace {

const Identity kSigner = tlog::sample_signer();
const tlog::Verifier kVerifier{"example.org/log", kSigner.public_key()};

/// A log of real entries whose files can be changed.
class LogFiles {
 public:
  explicit LogFiles(std::uint64_t size) : log_(0) {
    const auto samples = tlog::sample_entries();
    for (std::uint64_t i = 0; i < size; ++i) {
      tlog::Entry entry = samples[i % samples.size()];
      entry.event = i;
      const Bytes bytes = tlog::encode_entry(entry);
      log_.append(std::string(bytes.begin(), bytes.end()));
    }
    (void)tlog::for_each_tile(size, [this](const tlog::TileName& name) -> Result<void> {
      files_[tlog::tile_path(name)] = log_.tile(name);
      return {};
    });
    const std::string note = log_.checkpoint(kVerifier.name, kSigner);
    files_["checkpoint"] = Bytes(note.begin(), note.end());
  }
  /// As a reader of the folder sees it: "" or what does not fit.
  std::string verify() const { return look(true, 0, 0); }
  std::string verify(std::uint64_t first, std::uint64_t last) const { return look(false, first, last); }
  std::map<std::string, Bytes>& files() { return files_; }
  const tlog::SampleLog& log() const { return log_; }

 private:
  std::string look(bool whole, std::uint64_t first, std::uint64_t last) const {
    const Bytes& note = files_.at("checkpoint");
    const auto checkpoint =
        tlog::open_checkpoint({reinterpret_cast<const char*>(note.data()), note.size()}, kVerifier);
    if (!checkpoint) return "checkpoint: " + checkpoint.error().message;
    const tlog::TileSource tiles = [this](const tlog::TileName& name) -> Result<Bytes> {
      const auto file = files_.find(tlog::tile_path(name));
      if (file == files_.end()) return Error{ErrorCode::kNotFound, tlog::tile_path(name) + " is missing", ""};
      return file->second;
    };
    const auto visit = [](std::uint64_t, const tlog::Entry&) -> Result<void> { return {}; };
    const Result<void> done = whole ? verify_whole_log(tiles, *checkpoint, visit)
                                    : verify_range(tiles, *checkpoint, first, last, visit);
    return done ? "" : done.error().message;
  }

  tlog::SampleLog log_;
  std::map<std::string, Bytes> files_;
};

TEST(LogFolder, WholeLogsVerifyAtTheEdgesOfTiles) {
  for (const std::uint64_t size : {1U, 2U, 255U, 256U, 257U, 65536U, 65537U})
    EXPECT_EQ(LogFiles(size).verify(), "") << size;
}

TEST(LogFolder, ARangeNeedsNoOtherBundles) {
  LogFiles log(1000);
  log.files().erase("tile/entries/000");
  EXPECT_EQ(log.verify(256, 999), "");
  EXPECT_EQ(log.verify(600, 600), "");
  EXPECT_NE(log.verify(200, 300), "");
  EXPECT_NE(log.verify(1000, 1000), "");
  EXPECT_NE(log.verify(5, 4), "");
}

TEST(LogFolder, AMissingOrCutFileIsNamed) {
  LogFiles log(600);
  const std::map<std::string, Bytes> whole = log.files();
  for (const auto& [name, bytes] : whole) {
    log.files()[name].pop_back();
    EXPECT_NE(log.verify(), "") << name << " is cut";
    if (name != "checkpoint") {
      log.files().erase(name);
      EXPECT_NE(log.verify().find(name), std::string::npos) << log.verify();
    }
    log.files() = whole;
  }
}

/// REEVE_FLIPS bits, drawn over all files and a receipt: each change of one bit is found, and the file named.
TEST(LogFolder, EveryFlippedBitIsFoundAndNamed) {
  const char* asked = std::getenv("REEVE_FLIPS");
  const long flips = asked == nullptr ? 400 : std::atol(asked);
  LogFiles log(600);
  const auto entry = log.log().entry(300);
  const std::string receipt = tlog::receipt_text({Bytes(entry.begin(), entry.end()), 300,
                                                  *tlog::prove_inclusion(log.log().reader(), 300, 600),
                                                  log.log().checkpoint(kVerifier.name, kSigner)});
  std::vector<std::string> names{"receipt"};
  for (const auto& [name, bytes] : log.files())
    names.push_back(name);
  std::mt19937_64 draw(20261129);
  std::map<std::string, long> tried;
  for (long i = 0; i < flips; ++i) {
    const std::string& name = names[static_cast<std::size_t>(i) % names.size()];
    const std::size_t bits = 8 * (name == "receipt" ? receipt.size() : log.files()[name].size());
    const std::size_t bit = draw() % bits;
    const auto flip = [bit](auto& byte) {
      byte = static_cast<std::remove_reference_t<decltype(byte)>>(byte ^ (1 << (bit % 8)));
    };
    ++tried[name];
    if (name == "receipt") {
      std::string changed = receipt;
      flip(changed[bit / 8]);
      const auto parsed = tlog::parse_receipt(changed);
      ASSERT_FALSE(parsed.ok() && tlog::verify_receipt(*parsed, kVerifier).ok()) << "receipt, bit " << bit;
      continue;
    }
    flip(log.files()[name][bit / 8]);
    const std::string found = log.verify();
    ASSERT_NE(found, "") << name << ", bit " << bit;
    // A changed entry shows as the hash that its leaf does not have: one file or the other.
    const bool named = found.find(name) != std::string::npos || found.find("tile/0/") != std::string::npos ||
                       found.find("tile/1/") != std::string::npos;
    ASSERT_TRUE(named) << name << ", bit " << bit << ": " << found;
    flip(log.files()[name][bit / 8]);
  }
  EXPECT_EQ(log.verify(), "");
  for (const auto& [name, count] : tried)
    std::printf("flips: %6ld of %s\n", count, name.c_str());
}

}  // namespace
}  // namespace reeve::client
