// What an entry of the transparent log costs its writer, and a receipt its reader.

#include <benchmark/benchmark.h>

#include <array>

#include "protocol/digest.h"
#include "protocol/tlog/entry.h"
#include "protocol/tlog/receipt.h"
#include "protocol/tlog/tile.h"

namespace reeve::tlog {
namespace {

Entry settlement(std::uint64_t number) {
  const AccountRef escrow{AccountKind::kEscrow, 70'000};
  return {number, 0, Time{1'764'400'000'000'000'000},
          Settlement{AttemptId(1ULL << 41),
                     AgentId(4),
                     PartyId(3),
                     {JobId(70'000), 1},
                     0,
                     {{0, 512}},
                     3,
                     1000,
                     50,
                     Digest(),
                     {{LineCode::kSettle, escrow, {AccountKind::kHeld, 3}, 950 * 512},
                      {LineCode::kFee, escrow, {AccountKind::kFee, 0}, 50 * 512}}}};
}

/// A log in memory.
struct Log {
  explicit Log(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i)
      tree.append(leaf_hash(encode_entry(settlement(i))),
                  [this](unsigned level, const Digest& hash) { levels.at(level).push_back(hash); });
  }
  SubtreeReader reader() const {
    const auto tile = [this](const TileName& name) -> Result<Bytes> {
      const auto* first = levels.at(name.level).at(name.number * kTileWidth).bytes.data();
      return Bytes(first, first + name.width * kHashBytes);
    };
    return read_tiles(tile, tree.size());
  }
  Frontier tree;
  std::array<std::vector<Digest>, 8> levels;
};

Identity signer() {
  return Identity::from_seed(SecretBytes(sha256(as_bytes("a log's key")).bytes));
}

void entry_into_tree(benchmark::State& state) {
  Frontier tree;
  std::uint64_t next = 0;
  for (auto _ : state) {
    const Bytes bytes = encode_entry(settlement(++next));
    tree.append(leaf_hash(bytes), [](unsigned, const Digest&) {});
  }
  benchmark::DoNotOptimize(tree.root());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(entry_into_tree);

void checkpoint_signed(benchmark::State& state) {
  const Identity key = signer();
  const std::string text = checkpoint_text({"example.org/log", 123'456'789, Digest()});
  for (auto _ : state)
    benchmark::DoNotOptimize(sign_note(text, "example.org/log", key));
}
BENCHMARK(checkpoint_signed);

/// Text to verified: shape (leaves of the log).
void receipt_verified(benchmark::State& state) {
  const Log log(static_cast<std::uint64_t>(state.range(0)));
  const Identity key = signer();
  const Verifier verifier{"example.org/log", key.public_key()};
  const std::uint64_t index = log.tree.size() / 3;
  const std::string checkpoint =
      sign_note(checkpoint_text({verifier.name, log.tree.size(), log.tree.root()}), verifier.name, key);
  const std::string text = receipt_text({encode_entry(settlement(index)), index,
                                         *prove_inclusion(log.reader(), index, log.tree.size()), checkpoint});
  for (auto _ : state) {
    const auto receipt = parse_receipt(text);
    if (!receipt || !verify_receipt(*receipt, verifier)) state.SkipWithError("the receipt does not verify");
  }
}
BENCHMARK(receipt_verified)->Arg(1)->Arg(1'000'000);

}  // namespace
}  // namespace reeve::tlog
