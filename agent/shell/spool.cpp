#include "agent/shell/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <set>

#include "agent/core/ranges.h"
#include "agent/core/sections.h"
#include "agent/shell/files.h"
#include "protocol/archive.h"
#include "protocol/digest.h"

namespace reeve::msg {

template <class A>
void fields(A& a, InlineResults& r) {
  a(r.sizes, r.payload);
}
template <class A>
void fields(A& a, RootedResults& r) {
  a(r.roots, r.sizes);
}
template <class A>
void fields(A& a, FailedTasks& f) {
  a(f.reason, f.message);
}
template <class A>
void fields(A& a, ReportSection& s) {
  a(s.attempt, s.step, s.tasks, s.kernel, s.ticket, s.outcome);
}

}  // namespace reeve::msg

namespace reeve::agent {

template <class A>
void fields(A& a, SpooledSection& s) {
  a(s.section, s.lease_tasks, s.replica, s.leaf_bytes, s.acked);
}

template <class A>
void fields(A& a, SpoolChange& c) {
  a(c.attempt, c.tasks, c.forgotten);
}

/// Reads and writes the log's records.
struct SpoolCodec {
  static Bytes frame(const Spool::Record& record) {
    const Bytes body = to_archive(record);
    const auto size = static_cast<std::uint32_t>(body.size());
    Bytes bytes;
    for (unsigned shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<std::uint8_t>(size >> shift));
    const Digest digest = sha256(body);
    bytes.insert(bytes.end(), digest.bytes.begin(), digest.bytes.begin() + kCheckBytes);
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  }
  /// Takes one record off the front of `log`; false at its end or at a torn record.
  static bool next(ByteView& log, Spool::Record& record) {
    if (log.size() < kHeadBytes) return false;
    std::uint32_t size = 0;
    for (unsigned i = 0; i < 4; ++i)
      size |= std::uint32_t{log[i]} << (8 * i);
    if (log.size() - kHeadBytes < size) return false;
    const ByteView body = log.subspan(kHeadBytes, size);
    const Digest digest = sha256(body);
    if (!std::equal(digest.bytes.begin(), digest.bytes.begin() + kCheckBytes, log.begin() + 4)) return false;
    if (!from_archive(body, record)) return false;
    log = log.subspan(kHeadBytes + size);
    return true;
  }

 private:
  static constexpr std::size_t kCheckBytes = 8;
  static constexpr std::size_t kHeadBytes = 4 + kCheckBytes;
};

namespace {

/// A log this long is rewritten once little of it still counts.
constexpr std::uint64_t kLogBytes = 4U << 20;

std::string file_name(AttemptId attempt, TaskIndex task) {
  char name[32];
  std::snprintf(name, sizeof name, "%016llx-%08x", static_cast<unsigned long long>(attempt.value()), task);
  return name;
}

bool is_rooted(const SpooledSection& held) {
  return std::holds_alternative<msg::RootedResults>(held.section.outcome);
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{ErrorCode::kIo, "cannot create " + folder.string() + ": " + error.message(), ""};
  std::unique_ptr<Spool> spool(new Spool(folder));
  if (const auto recovered = spool->recover(); !recovered) return recovered.error();
  spool->remove_orphans();
  if (const auto rewritten = spool->rewrite(); !rewritten) return rewritten.error();
  return spool;
}

Spool::~Spool() {
  if (log_ >= 0) close(log_);
}

Result<void> Spool::recover() {
  const auto bytes = read_file(folder_ / "index.log");
  if (!bytes) {
    if (bytes.error().code == ErrorCode::kNotFound) return {};
    return bytes.error();
  }
  ByteView log(bytes.value());
  Record record;
  while (SpoolCodec::next(log, record))
    apply_record(record);
  for (auto held = held_.begin(); held != held_.end();) {
    const TaskRange tasks = held->second.section.tasks;
    bool there = true;
    for (TaskIndex task = tasks.first; is_rooted(held->second) && task != tasks.end(); ++task)
      there = there && std::filesystem::exists(file_of(held->first.first, task));
    held = there ? std::next(held) : held_.erase(held);
  }
  return {};
}

void Spool::remove_orphans() {
  std::set<std::string> wanted{"index.log"};
  for (const auto& [key, held] : held_) {
    if (!is_rooted(held)) continue;
    for (TaskIndex task = held.section.tasks.first; task != held.section.tasks.end(); ++task)
      wanted.insert(file_name(key.first, task));
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (!wanted.contains(entry.path().filename())) std::filesystem::remove(entry.path(), error);
  }
}

Result<void> Spool::rewrite() {
  Bytes bytes;
  for (const auto& [key, held] : held_) {
    const Bytes frame = SpoolCodec::frame(held);
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  const std::filesystem::path path = folder_ / "index.log";
  if (const auto replaced = replace_file(path, bytes, 0600); !replaced) return replaced;
  if (log_ >= 0) close(log_);
  log_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (log_ < 0) return file_error("open", path);
  log_bytes_ = bytes.size();
  return sync_folder(folder_);
}

std::vector<SpooledSection> Spool::sections() const {
  std::vector<SpooledSection> all;
  for (const auto& [key, held] : held_)
    all.push_back(held);
  return all;
}

std::filesystem::path Spool::file_of(AttemptId attempt, TaskIndex task) const {
  return folder_ / file_name(attempt, task);
}

Result<void> Spool::store(AttemptId attempt, TaskIndex task, ByteView result) {
  const auto stored = replace_file(file_of(attempt, task), result, 0600);
  new_files_ = true;
  return stored;
}

Result<void> Spool::append(const Record& record) {
  const Bytes frame = SpoolCodec::frame(record);
  if (const auto written = write_all(log_, frame, folder_ / "index.log"); !written) return written;
  log_bytes_ += frame.size();
  apply_record(record);
  return {};
}

Result<void> Spool::persist(const SpooledSection& section) {
  dirty_ = true;
  return append(section);
}

Result<void> Spool::mark_acked(AttemptId attempt, TaskRange tasks) {
  return append(SpoolChange{attempt, tasks, false});
}

Result<void> Spool::forget(AttemptId attempt, TaskRange tasks) {
  remove_files(attempt, tasks);
  if (const auto appended = append(SpoolChange{attempt, tasks, true}); !appended) return appended;
  if (log_bytes_ > kLogBytes && held_.size() < 1024) return rewrite();
  return {};
}

Result<void> Spool::sync() {
  if (new_files_.exchange(false)) {
    if (const auto synced = sync_folder(folder_); !synced) return synced;
  }
  if (!std::exchange(dirty_, false)) return {};
  if (fdatasync(log_) != 0) return file_error("sync", folder_ / "index.log");
  return {};
}

void Spool::apply_record(const Record& record) {
  if (const auto* change = std::get_if<SpoolChange>(&record)) return apply_change(*change);
  const auto& held = std::get<SpooledSection>(record);
  held_.insert_or_assign(Key{held.section.attempt, held.section.tasks.first}, held);
}

void Spool::apply_change(const SpoolChange& change) {
  auto held = held_.lower_bound({change.attempt, change.tasks.first});
  if (held != held_.begin() && std::prev(held)->first.first == change.attempt) --held;
  std::vector<SpooledSection> parts;
  while (held != held_.end() && held->first.first == change.attempt &&
         held->first.second < change.tasks.end()) {
    const SpooledSection whole = held->second;
    const TaskRange both = intersection(whole.section.tasks, change.tasks);
    if (both.count == 0) {
      ++held;
      continue;
    }
    held = held_.erase(held);
    for (const TaskRange left : without(whole.section.tasks, both)) {
      parts.push_back(whole);
      parts.back().section = section_part(whole.section, left);
    }
    if (change.forgotten) continue;
    parts.push_back(whole);
    parts.back().section = section_part(whole.section, both);
    parts.back().acked = true;
  }
  for (SpooledSection& part : parts) {
    const Key key{part.section.attempt, part.section.tasks.first};
    held_.insert_or_assign(key, std::move(part));
  }
}

void Spool::remove_files(AttemptId attempt, TaskRange tasks) const {
  for (TaskIndex task = tasks.first; task != tasks.end(); ++task)
    unlink(file_of(attempt, task).c_str());
}

}  // namespace reeve::agent
