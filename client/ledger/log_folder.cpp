#include "client/ledger/log_folder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include "protocol/merkle.h"

namespace reeve::client {
namespace {

Error damaged(const tlog::TileName& name, const std::string& how) {
  return {ErrorCode::kCorrupt, tlog::tile_path(name) + " " + how,
          "the file was changed, or it is of another log: fetch it again"};
}

std::uint64_t bundle_width(std::uint64_t bundle, std::uint64_t size) {
  return std::min<std::uint64_t>(tlog::kTileWidth, size - bundle * tlog::kTileWidth);
}

/// The entries of one bundle, decoded one after another, with the hashes of their leaves.
Result<std::vector<Digest>> read_bundle(const tlog::TileSource& tiles, std::uint64_t bundle,
                                        std::uint64_t size, const EntryVisitor& visit) {
  const tlog::TileName name{true, 0, bundle, static_cast<unsigned>(bundle_width(bundle, size))};
  const Result<Bytes> bytes = tiles(name);
  if (!bytes) return bytes.error();
  const auto entries = tlog::split_bundle(*bytes, name.width);
  if (!entries) return damaged(name, "does not hold " + std::to_string(name.width) + " entries");
  std::vector<Digest> leaves;
  for (const ByteView bytes_of_one : *entries) {
    const std::uint64_t index = bundle * tlog::kTileWidth + leaves.size();
    leaves.push_back(leaf_hash(bytes_of_one));
    const Result<tlog::Entry> entry = tlog::decode_entry(bytes_of_one);
    if (!entry) return damaged(name, "holds entry " + std::to_string(index) + ": " + entry.error().message);
    if (Result<void> done = visit(index, *entry); !done) return done.error();
  }
  return leaves;
}

/// Compares each hash that the entries give with the one that a file holds.
class HashFiles {
 public:
  explicit HashFiles(const tlog::TileSource& tiles) : tiles_(tiles) {}

  void take(unsigned level, const Digest& hash) {
    std::vector<Digest>& open = open_.at(level);
    open.push_back(hash);
    if (open.size() == tlog::kTileWidth) close(level);
  }
  /// The partial ones, once every entry was taken.
  Result<void> finish() {
    for (unsigned level = 0; level < open_.size(); ++level)
      if (!open_[level].empty()) close(level);
    return failure_ ? Result<void>(*failure_) : Result<void>();
  }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  void close(unsigned level) {
    const std::vector<Digest> hashes = std::exchange(open_[level], {});
    const tlog::TileName name{false, level, numbers_[level]++, static_cast<unsigned>(hashes.size())};
    if (failure_) return;
    const Result<Bytes> bytes = tiles_(name);
    if (!bytes)
      failure_ = bytes.error();
    else if (bytes->size() != hashes.size() * tlog::kHashBytes ||
             std::memcmp(bytes->data(), hashes.data(), bytes->size()) != 0)
      failure_ = damaged(name, "does not hold the hashes that the entries give");
  }

  const tlog::TileSource& tiles_;
  std::array<std::vector<Digest>, 8> open_;
  std::array<std::uint64_t, 8> numbers_{};
  std::optional<Error> failure_;
};

}  // namespace

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{ErrorCode::kNotFound, path.string() + " cannot be read", "name a file that is there"};
  std::string text;
  std::array<char, 1U << 16> part;
  while (file.read(part.data(), part.size()), file.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > most)
      return Error{ErrorCode::kCorrupt, path.string() + " has more than " + std::to_string(most) + " bytes",
                   "it is not what such a file holds"};
  }
  return text;
}

Result<tlog::Verifier> read_vkey(const std::string& text_or_file) {
  if (text_or_file.find('+') != std::string::npos) return tlog::parse_vkey(text_or_file);
  Result<std::string> text = read_small_file(text_or_file, 1024);
  if (!text) return text.error();
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r'))
    text->pop_back();
  return tlog::parse_vkey(*text);
}

Result<tlog::Checkpoint> folder_checkpoint(const std::filesystem::path& folder,
                                           const tlog::Verifier& verifier) {
  const Result<std::string> note = read_small_file(folder / "checkpoint", tlog::kNoteBytes);
  if (!note) return note.error();
  Result<tlog::Checkpoint> checkpoint = tlog::open_checkpoint(*note, verifier);
  if (!checkpoint)
    return Error{checkpoint.error().code,
                 (folder / "checkpoint").string() + ": " + checkpoint.error().message,
                 checkpoint.error().hint};
  return checkpoint;
}

tlog::TileSource folder_tiles(const std::filesystem::path& folder) {
  return [folder](const tlog::TileName& name) -> Result<Bytes> {
    const Result<std::string> text = read_small_file(folder / tlog::tile_path(name), tlog::kBundleBytes);
    if (!text) return text.error();
    return Bytes(text->begin(), text->end());
  };
}

Result<void> verify_whole_log(const tlog::TileSource& tiles, const tlog::Checkpoint& checkpoint,
                              const EntryVisitor& visit) {
  tlog::Frontier tree;
  HashFiles files(tiles);
  for (std::uint64_t bundle = 0; bundle * tlog::kTileWidth < checkpoint.size; ++bundle) {
    const Result<std::vector<Digest>> leaves = read_bundle(tiles, bundle, checkpoint.size, visit);
    if (!leaves) return leaves.error();
    for (const Digest& leaf : *leaves)
      tree.append(leaf, [&files](unsigned level, const Digest& hash) { files.take(level, hash); });
    if (files.failure()) return *files.failure();
  }
  if (Result<void> done = files.finish(); !done) return done;
  if (tree.root() == checkpoint.root) return {};
  return Error{ErrorCode::kCorrupt,
               "entries and hashes agree with one another, but not with the root of the checkpoint",
               "they are of another log, or all of them were changed: fetch them again"};
}

Result<void> verify_range(const tlog::TileSource& tiles, const tlog::Checkpoint& checkpoint,
                          std::uint64_t first, std::uint64_t last, const EntryVisitor& visit) {
  if (first > last || last >= checkpoint.size)
    return Error{ErrorCode::kInvalid,
                 "entries " + std::to_string(first) + " to " + std::to_string(last) +
                     " are not within a log of " + std::to_string(checkpoint.size),
                 "the first is 0"};
  const tlog::SubtreeReader subtrees = tlog::read_tiles(tiles, checkpoint.size);
  const auto within = [&](std::uint64_t index, const tlog::Entry& entry) -> Result<void> {
    return index < first || index > last ? Result<void>() : visit(index, entry);
  };
  for (std::uint64_t bundle = first / tlog::kTileWidth; bundle <= last / tlog::kTileWidth; ++bundle) {
    const Result<std::vector<Digest>> leaves = read_bundle(tiles, bundle, checkpoint.size, within);
    if (!leaves) return leaves.error();
    for (std::uint64_t i = 0; i < leaves->size(); ++i) {
      const std::uint64_t index = bundle * tlog::kTileWidth + i;
      if (index < first || index > last) continue;
      const auto path = tlog::prove_inclusion(subtrees, index, checkpoint.size);
      if (!path) return path.error();
      if (!verify_inclusion((*leaves)[i], index, checkpoint.size, *path, checkpoint.root))
        return Error{ErrorCode::kCorrupt,
                     "entry " + std::to_string(index) + " of tile/entries is not the one under the root",
                     "the bundle or a tile above it was changed: fetch them again"};
    }
  }
  return {};
}

}  // namespace reeve::client
