#include "scheduler/shell/ledger_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "protocol/tlog/entry.h"
#include "scheduler/shell/whole_file.h"

namespace reeve::shell {
namespace {

constexpr std::size_t kRowBytes = 16;  // of the index: two little-endian numbers
constexpr std::size_t kRowsAtOnce = 4096;

void put_number(Bytes& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint64_t number_at(ByteView bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;)
    value = value << 8 | bytes[at + i];
  return value;
}

}  // namespace

Result<std::unique_ptr<LedgerStore>> LedgerStore::open(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  if (error) return system_error(folder.string(), error.value());
  std::unique_ptr<LedgerStore> store(new LedgerStore(folder));
  if (Result<void> done = store->open_files(); !done) return done.error();
  if (Result<void> done = store->read_mark(); !done) return done.error();
  return store;
}

Result<void> LedgerStore::open_files() {
  const auto open_one = [this](File& file, const std::string& name) -> Result<void> {
    file.path = (folder_ / name).string();
    file.fd = Descriptor(::open(file.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    struct stat info;
    if (!file.fd.open() || fstat(file.fd.get(), &info) != 0) return system_error(file.path, errno);
    file.size_bytes = static_cast<std::uint64_t>(info.st_size);
    return {};
  };
  if (Result<void> done = open_one(entries_, "entries"); !done) return done;
  if (Result<void> done = open_one(index_, "index"); !done) return done;
  for (std::size_t level = 0; level < hashes_.size(); ++level)
    if (Result<void> done = open_one(hashes_[level], "hashes-" + std::to_string(level)); !done) return done;
  return {};
}

Result<void> LedgerStore::read_mark() {
  const Result<std::optional<Bytes>> bytes = read_whole_file(folder_ / "mark");
  if (!bytes) return bytes.error();
  if (!*bytes) return reset();
  Result<LogHead> mark = decode_log_head(**bytes);
  if (!mark) return reset();
  if (Result<void> done = cut_to(mark->tree.size()); !done)
    return done.error().code == ErrorCode::kCorrupt ? reset() : done;
  mark_ = std::move(*mark);
  return {};
}

/// kCorrupt: a file is shorter than `entries` entries make it.
Result<void> LedgerStore::cut_to(std::uint64_t entries) {
  const auto cut = [](File& file, std::uint64_t size_bytes) -> Result<void> {
    if (file.size_bytes < size_bytes) return Error{ErrorCode::kCorrupt, file.path + " is too short", ""};
    if (ftruncate(file.fd.get(), static_cast<off_t>(size_bytes)) != 0) return system_error(file.path, errno);
    file.size_bytes = size_bytes;
    return {};
  };
  if (Result<void> done = cut(index_, entries * kRowBytes); !done) return done;
  const Result<std::uint64_t> end = entries == 0 ? Result<std::uint64_t>(0) : end_of(entries - 1);
  if (!end) return end.error();
  if (Result<void> done = cut(entries_, *end); !done) return done;
  for (unsigned level = 0; level < hashes_.size(); ++level)
    if (Result<void> done = cut(hashes_[level], tlog::hashes_at(level, entries) * tlog::kHashBytes); !done)
      return done;
  return {};
}

Result<void> LedgerStore::reset() {
  mark_ = {};
  unmarked_bytes_ = 0;
  return cut_to(0);
}

Result<void> LedgerStore::write(File& file, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(file.fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(file.size_bytes));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(file.path, errno);
    file.size_bytes += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<Bytes> LedgerStore::read(const File& file, std::uint64_t offset, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t n =
        pread(file.fd.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(file.path, errno);
    if (n == 0)
      return Error{ErrorCode::kCorrupt, file.path + " ends too early",
                   "stop the region and remove the folder ledger, but for the file checkpoint: it is made "
                   "again from the journal"};
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

Result<std::uint64_t> LedgerStore::end_of(std::uint64_t index) const {
  const Result<Bytes> row = read(index_, index * kRowBytes, kRowBytes);
  if (!row) return row.error();
  return number_at(*row, 0);
}

Result<void> LedgerStore::append(const LogBatch& batch) {
  Bytes rows;
  rows.reserve(batch.sizes.size() * kRowBytes);
  std::uint64_t end = entries_.size_bytes;
  for (std::size_t i = 0; i < batch.sizes.size(); ++i) {
    put_number(rows, end += batch.sizes[i]);
    put_number(rows, batch.attempts[i].value());
  }
  if (Result<void> done = write(entries_, batch.entries); !done) return done;
  if (Result<void> done = write(index_, rows); !done) return done;
  for (std::size_t level = 0; level < hashes_.size(); ++level) {
    const std::vector<Digest>& hashes = batch.hashes[level];
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(hashes.data()),
                         hashes.size() * tlog::kHashBytes);
    if (Result<void> done = write(hashes_[level], bytes); !done) return done;
  }
  unmarked_bytes_ += batch.bytes();
  return {};
}

Result<void> LedgerStore::sync(const LogHead& head) {
  const auto sync_one = [](const File& file) -> Result<void> {
    if (fdatasync(file.fd.get()) != 0) return system_error(file.path, errno);
    return {};
  };
  if (Result<void> done = sync_one(entries_); !done) return done;
  if (Result<void> done = sync_one(index_); !done) return done;
  for (const File& file : hashes_)
    if (Result<void> done = sync_one(file); !done) return done;
  if (Result<void> done = replace_whole_file(folder_ / "mark", encode_log_head(head)); !done) return done;
  mark_ = head;
  unmarked_bytes_ = 0;
  return {};
}

Result<Bytes> LedgerStore::tile(const tlog::TileName& name) const {
  const std::uint64_t first = name.number * tlog::kTileWidth;
  if (!name.entries) {
    if (name.level >= hashes_.size()) return Error{ErrorCode::kNotFound, "no such level", ""};
    return read(hashes_[name.level], first * tlog::kHashBytes, name.width * tlog::kHashBytes);
  }
  const Result<std::uint64_t> begin = first == 0 ? Result<std::uint64_t>(0) : end_of(first - 1);
  if (!begin) return begin.error();
  const Result<std::uint64_t> end = end_of(first + name.width - 1);
  if (!end) return end.error();
  if (*end < *begin || *end - *begin > tlog::kBundleBytes)
    return Error{ErrorCode::kCorrupt, index_.path + " is damaged",
                 "stop the region and remove the folder ledger, but for the file checkpoint"};
  return read(entries_, *begin, static_cast<std::size_t>(*end - *begin));
}

Result<Bytes> LedgerStore::entry(std::uint64_t index) const {
  const auto in_bundle = static_cast<unsigned>(index % tlog::kTileWidth);
  const Result<Bytes> bundle = tile({true, 0, index / tlog::kTileWidth, in_bundle + 1});
  if (!bundle) return bundle.error();
  const auto entries = tlog::split_bundle(*bundle, in_bundle + 1);
  if (!entries) return Error{ErrorCode::kCorrupt, entries_.path + " is damaged", ""};
  return Bytes(entries->back().begin(), entries->back().end());
}

Result<std::vector<std::uint64_t>> LedgerStore::entries_about(AttemptId attempt, std::uint64_t size,
                                                              std::size_t most,
                                                              std::uint64_t most_looked) const {
  std::vector<std::uint64_t> found;
  const std::uint64_t stop = size > most_looked ? size - most_looked : 0;
  for (std::uint64_t end = size; end > stop && found.size() < most;) {
    const std::uint64_t begin = std::max(stop, end > kRowsAtOnce ? end - kRowsAtOnce : 0);
    const Result<Bytes> rows =
        read(index_, begin * kRowBytes, static_cast<std::size_t>(end - begin) * kRowBytes);
    if (!rows) return rows.error();
    for (std::uint64_t i = end; i-- > begin && found.size() < most;)
      if (number_at(*rows, static_cast<std::size_t>(i - begin) * kRowBytes + 8) == attempt.value())
        found.push_back(i);
    end = begin;
  }
  return found;
}

tlog::SubtreeReader LedgerStore::subtrees(std::uint64_t size) const {
  return tlog::read_tiles([this](const tlog::TileName& name) { return tile(name); }, size);
}

}  // namespace reeve::shell
