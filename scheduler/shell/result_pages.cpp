#include <algorithm>

#include "protocol/archive.h"
#include "protocol/limits.h"
#include "scheduler/shell/api_rows.h"

/// Stored results, a page at a time: of each task the bytes of an attempt that was settled and not recalled.
namespace reeve::shell {
namespace {

constexpr std::size_t kPageBytes = limits::kControlMessageBytes / 2;
/// A task whose result is gone counts as if it had so many bytes: a page looks at no more than so many.
constexpr std::size_t kGoneBytes = 16;

/// One recorded range, with where each task's bytes begin.
struct Recorded {
  TaskRange tasks;
  std::uint64_t attempt = 0;
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint64_t> offsets;
  Bytes payload;
};

Recorded recorded_at(const Statement& row) {
  Recorded recorded;
  recorded.tasks = {static_cast<TaskIndex>(row.number(0)), static_cast<std::uint32_t>(row.number(1))};
  recorded.attempt = row.number(2);
  from_archive(row.blob(3), recorded.sizes);
  const ByteView payload = row.blob(4);
  recorded.payload.assign(payload.begin(), payload.end());
  std::uint64_t offset = 0;
  for (const std::uint64_t size : recorded.sizes) {
    recorded.offsets.push_back(offset);
    offset += size;
  }
  return recorded;
}

/// The row that `task` goes on, or a new one: rows are of consecutive tasks, all inline or all blobs, within
/// the wire's bound.
msg::ResultRow& row_for(msg::ResultPage& page, TaskIndex task, bool blobs) {
  const bool follows = !page.rows.empty() && page.rows.back().blobs.empty() != blobs &&
                       page.rows.back().tasks.end() == task &&
                       page.rows.back().tasks.count < limits::kTasksPerSection;
  if (!follows) page.rows.push_back({{task, 0}, {}, {}, {}, {}});
  return page.rows.back();
}

void add_inline(msg::ResultPage& page, TaskIndex task, ByteView bytes, std::size_t& page_bytes) {
  msg::ResultRow& row = row_for(page, task, false);
  ++row.tasks.count;
  row.sizes.push_back(static_cast<std::uint32_t>(bytes.size()));
  row.payload.insert(row.payload.end(), bytes.begin(), bytes.end());
  page_bytes += bytes.size() + 16;
}

void add_blob(msg::ResultPage& page, TaskIndex task, const Digest& blob, std::uint64_t size,
              std::size_t& page_bytes) {
  msg::ResultRow& row = row_for(page, task, true);
  ++row.tasks.count;
  row.blobs.push_back(blob);
  row.blob_sizes.push_back(size);
  page_bytes += 64;
}

}  // namespace

/// Fills one page, task by task.
struct Api::PageFiller {
  Statement stored;
  Statement recorded_rows;
  StepRef step;
  msg::ResultPage page;
  std::size_t page_bytes = 0;
  Recorded recorded;  // the range read last

  bool full() const { return page_bytes >= kPageBytes || page.rows.size() >= limits::kRowsPerPage; }

  /// The recorded range of this attempt that holds the task.
  Result<void> load(TaskIndex task, std::uint64_t attempt) {
    if (recorded.attempt == attempt && task >= recorded.tasks.first && task < recorded.tasks.end()) return {};
    recorded = Recorded();
    recorded_rows.bind(step.job.value(), step.step, task, std::int64_t{task} - limits::kTasksPerSection,
                       attempt);
    for (;;) {
      const Result<bool> found = recorded_rows.step();
      if (!found) return found.error();
      if (!*found) return {};
      recorded = recorded_at(recorded_rows);
      if (task < recorded.tasks.end()) break;
    }
    recorded_rows.reset();
    return {};
  }

  Result<void> add(TaskIndex task, std::uint64_t attempt) {
    page.next = task + 1;
    stored.bind(step.job.value(), step.step, task);
    const Result<bool> has_blob = stored.step();
    if (!has_blob) return has_blob.error();
    if (*has_blob) {
      Digest blob;
      std::copy_n(stored.blob(0).begin(), blob.bytes.size(), blob.bytes.begin());
      add_blob(page, task, blob, stored.number(1), page_bytes);
      stored.reset();
      return {};
    }
    if (Result<void> done = load(task, attempt); !done) return done;
    const std::size_t index = task - recorded.tasks.first;
    const bool here = recorded.attempt == attempt && index < recorded.sizes.size() &&
                      recorded.offsets[index] + recorded.sizes[index] <= recorded.payload.size();
    if (!here) {  // an iterating step was through with it, and it was dropped
      page_bytes += kGoneBytes;
      return {};
    }
    const ByteView payload(recorded.payload);
    add_inline(page, task, payload.subspan(recorded.offsets[index], recorded.sizes[index]), page_bytes);
    return {};
  }
};

Result<msg::ResultPage> Api::results(const Caller& caller, const msg::FetchResults& fetch) {
  const Request request{caller, {}, {}};
  if (const Result<JobRow> row = job_row(request, fetch.step.job); !row) return row.error();
  if (Result<void> kept = check_kept(fetch.step.job); !kept) return kept.error();
  Statement settled = database_.must_prepare(
      "SELECT first, count, attempt FROM settled WHERE job=? AND step=? AND first+count>? AND recalled=0"
      " ORDER BY first, slot");
  settled.bind(fetch.step.job.value(), fetch.step.step, fetch.first);
  PageFiller filler{database_.must_prepare("SELECT blob, size FROM stored WHERE job=? AND step=? AND task=?"),
                    database_.must_prepare(
                        "SELECT first, count, attempt, sizes, payload FROM results WHERE job=? AND step=?"
                        " AND first<=? AND first>? AND attempt=?"),
                    fetch.step,
                    {},
                    0,
                    {}};
  filler.page.next = fetch.first;
  for (;;) {
    const Result<bool> row = settled.step();
    if (!row) return row.error();
    if (!*row) return std::move(filler.page);
    const auto first = static_cast<TaskIndex>(settled.number(0));
    const auto end = static_cast<TaskIndex>(first + settled.number(1));
    for (TaskIndex task = std::max(filler.page.next, first); task < end; ++task) {
      if (filler.full()) {
        filler.page.more = true;
        return std::move(filler.page);
      }
      if (Result<void> done = filler.add(task, settled.number(2)); !done) return done.error();
    }
  }
}

bool Api::is_result_of(const Digest& digest, PartyId requester) {
  Statement row = database_.must_prepare(
      "SELECT 1 FROM stored JOIN jobs ON jobs.id=stored.job WHERE blob=? AND requester=? LIMIT 1");
  row.bind(digest, requester.value());
  const Result<bool> found = row.step();
  return found && *found;
}

bool Api::is_result(const Digest& digest) {
  Statement row = database_.must_prepare("SELECT 1 FROM stored WHERE blob=? LIMIT 1");
  row.bind(digest);
  const Result<bool> found = row.step();
  return !found || *found;
}

Result<void> Api::check_kept(JobId job) {
  Statement row = database_.must_prepare("SELECT 1 FROM purged WHERE job=?");
  row.bind(job.value());
  const Result<bool> found = row.step();
  if (!found) return found.error();
  if (!*found) return {};
  return Error{ErrorCode::kNotFound,
               "what was kept of job " + std::to_string(job.value()) + " is deleted: it was to be forgotten",
               "`reeve job info` still shows how it went"};
}

Result<std::vector<Digest>> Api::results_since(Time since) {
  Statement rows = database_.must_prepare("SELECT blob FROM stored WHERE at_ns>=?");
  rows.bind(since.ns);
  std::vector<Digest> blobs;
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return blobs;
    std::copy_n(rows.blob(0).begin(), sizeof(Digest), blobs.emplace_back().bytes.begin());
  }
}

}  // namespace reeve::shell
