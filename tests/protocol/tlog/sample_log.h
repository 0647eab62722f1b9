#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/digest.h"
#include "protocol/tlog/note.h"
#include "protocol/tlog/tile.h"

namespace reeve::tlog {

/// A log in memory whose entry i is the text of i.
class SampleLog {
 public:
  explicit SampleLog(std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i)
      append(std::to_string(i));
  }
  void append(const std::string& entry) {
    entries_.push_back(entry);
    leaves_.push_back(leaf_hash(as_bytes(entry)));
    frontier_.append(leaves_.back(),
                     [this](unsigned level, const Digest& hash) { levels_[level].push_back(hash); });
  }

  std::uint64_t size() const { return entries_.size(); }
  const Frontier& frontier() const { return frontier_; }
  const std::vector<Digest>& leaves() const { return leaves_; }
  const std::string& entry(std::uint64_t index) const { return entries_[index]; }

  Bytes tile(const TileName& name) const {
    Bytes bytes;
    const std::uint64_t first = name.number * kTileWidth;
    for (std::uint64_t i = first; i < first + name.width; ++i) {
      if (name.entries) {
        append_entry(bytes, as_bytes(entries_.at(i)));
      } else {
        const Digest& hash = levels_.at(name.level).at(i);
        bytes.insert(bytes.end(), hash.bytes.begin(), hash.bytes.end());
      }
    }
    return bytes;
  }
  SubtreeReader reader() const {
    return read_tiles([this](const TileName& name) -> Result<Bytes> { return tile(name); }, size());
  }
  std::string checkpoint(const std::string& origin, const Identity& signer) const {
    return sign_note(checkpoint_text({origin, size(), frontier_.root()}), origin, signer);
  }

 private:
  std::vector<std::string> entries_;
  std::vector<Digest> leaves_;
  std::map<unsigned, std::vector<Digest>> levels_;
  Frontier frontier_;
};

inline Identity sample_signer() {
  return Identity::from_seed(SecretBytes(sha256(as_bytes("a log's key")).bytes));
}

}  // namespace reeve::tlog
