#include "protocol/tlog/tile.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <list>
#include <memory>

#include "protocol/check.h"

namespace reeve::tlog {
namespace {

constexpr unsigned kTileHeight = 8;
constexpr unsigned kLevels = 8;      // of hashes, in trees of up to 2^62 leaves
constexpr std::size_t kCached = 16;  // tiles: a proof walks one a level, twice at most

/// "x001/x234/067".
std::string number_path(std::uint64_t number) {
  std::string path;
  const auto three = [](std::uint64_t part) {
    const std::string digits = std::to_string(part);
    return std::string(3 - digits.size(), '0') + digits;
  };
  path = three(number % 1000);
  for (number /= 1000; number > 0; number /= 1000)
    path = "x" + three(number % 1000) + "/" + path;
  return path;
}

/// A decimal without leading zeros, of at most `most`.
std::optional<unsigned> small_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  if (std::to_string(value) != text) return std::nullopt;
  return value;
}

/// Digits of "x001/x234/067" and its like; tile_path() of the value decides whether the form was right.
std::optional<std::uint64_t> path_number(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c == 'x' || c == '/') continue;
    if (c < '0' || c > '9' || number > kMostLeaves / 10) return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number;
}

/// The newest few tiles that were read.
class TileCache {
 public:
  TileCache(TileSource source, std::uint64_t size) : source_(std::move(source)), size_(size) {}

  Result<const Bytes*> tile(unsigned level, std::uint64_t number) {
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept)
      if (kept->name.level == level && kept->name.number == number) {
        kept_.splice(kept_.begin(), kept_, kept);
        return &kept_.front().bytes;
      }
    const std::uint64_t there = hashes_at(level, size_);
    const std::uint64_t first = number * kTileWidth;
    REEVE_CHECK(first < there, "a tile that is asked for has a hash");
    const auto width = static_cast<unsigned>(std::min<std::uint64_t>(kTileWidth, there - first));
    const TileName name{false, level, number, width};
    Result<Bytes> bytes = source_(name);
    if (!bytes) return bytes.error();
    if (bytes->size() != width * kHashBytes)
      return Error{ErrorCode::kCorrupt,
                   tile_path(name) + " has " + std::to_string(bytes->size()) + " bytes instead of " +
                       std::to_string(width * kHashBytes),
                   "fetch it again, or restore it"};
    if (kept_.size() == kCached) kept_.pop_back();
    kept_.push_front({name, std::move(*bytes)});
    return &kept_.front().bytes;
  }

 private:
  struct Kept {
    TileName name;
    Bytes bytes;
  };
  TileSource source_;
  std::uint64_t size_;
  std::list<Kept> kept_;
};

}  // namespace

std::string tile_path(const TileName& tile) {
  std::string path = "tile/" + (tile.entries ? std::string("entries") : std::to_string(tile.level)) + "/" +
                     number_path(tile.number);
  if (tile.width < kTileWidth) path += ".p/" + std::to_string(tile.width);
  return path;
}

std::optional<TileName> parse_tile_path(std::string_view path) {
  constexpr std::string_view kRoot = "tile/";
  if (path.size() > 64 || !path.starts_with(kRoot)) return std::nullopt;
  std::string_view rest = path.substr(kRoot.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  TileName tile;
  const std::string_view level = rest.substr(0, slash);
  tile.entries = level == "entries";
  if (!tile.entries) {
    const auto value = small_number(level, 63);
    if (!value) return std::nullopt;
    tile.level = *value;
  }
  rest.remove_prefix(slash + 1);
  if (const std::size_t partial = rest.find(".p/"); partial != std::string_view::npos) {
    const auto width = small_number(rest.substr(partial + 3), kTileWidth - 1);
    if (!width || *width == 0) return std::nullopt;
    tile.width = *width;
    rest = rest.substr(0, partial);
  }
  const auto number = path_number(rest);
  if (!number) return std::nullopt;
  tile.number = *number;
  if (tile_path(tile) != path) return std::nullopt;
  return tile;
}

std::uint64_t hashes_at(unsigned level, std::uint64_t size) {
  return level >= kLevels ? 0 : size >> (level * kTileHeight);
}

Result<void> for_each_tile(std::uint64_t size, const std::function<Result<void>(const TileName&)>& visit) {
  const auto visit_all = [&](bool entries, unsigned level, std::uint64_t count) -> Result<void> {
    for (std::uint64_t n = 0; n * kTileWidth < count; ++n) {
      const auto width = static_cast<unsigned>(std::min<std::uint64_t>(kTileWidth, count - n * kTileWidth));
      if (Result<void> done = visit({entries, level, n, width}); !done) return done;
    }
    return {};
  };
  for (unsigned level = 0; hashes_at(level, size) > 0; ++level)
    if (Result<void> done = visit_all(false, level, hashes_at(level, size)); !done) return done;
  return visit_all(true, 0, size);
}

SubtreeReader read_tiles(TileSource source, std::uint64_t size) {
  const auto cache = std::make_shared<TileCache>(std::move(source), size);
  return [cache](unsigned height, std::uint64_t index) -> Result<Digest> {
    const unsigned level = height / kTileHeight;
    const std::uint64_t width = 1ULL << (height % kTileHeight);
    const std::uint64_t first = index * width;
    const Result<const Bytes*> tile = cache->tile(level, first / kTileWidth);
    if (!tile) return tile.error();
    std::vector<Digest> hashes(width);
    const std::size_t at = (first % kTileWidth) * kHashBytes;
    REEVE_CHECK(at + width * kHashBytes <= (*tile)->size(), "a full subtree lies within its tile");
    std::memcpy(hashes.data(), (*tile)->data() + at, width * kHashBytes);
    return merkle_root(hashes);
  };
}

void append_entry(Bytes& bundle, ByteView entry) {
  REEVE_CHECK(entry.size() <= kEntryBytes, "an entry fits its length");
  bundle.push_back(static_cast<std::uint8_t>(entry.size() >> 8));
  bundle.push_back(static_cast<std::uint8_t>(entry.size()));
  bundle.insert(bundle.end(), entry.begin(), entry.end());
}

std::optional<std::vector<ByteView>> split_bundle(ByteView bundle, unsigned count) {
  if (count > kTileWidth) return std::nullopt;
  std::vector<ByteView> entries;
  entries.reserve(count);
  while (entries.size() < count) {
    if (bundle.size() < 2) return std::nullopt;
    const std::size_t size = std::size_t{bundle[0]} << 8 | bundle[1];
    if (bundle.size() < 2 + size) return std::nullopt;
    entries.push_back(bundle.subspan(2, size));
    bundle = bundle.subspan(2 + size);
  }
  if (!bundle.empty()) return std::nullopt;
  return entries;
}

}  // namespace reeve::tlog
