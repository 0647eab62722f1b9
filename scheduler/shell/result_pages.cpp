#include <algorithm>

#include "protocol/archive.h"
#include "protocol/limits.h"
#include "scheduler/shell/api_rows.h"

/// Stored results, a page at a time: of each task the bytes of an attempt that was settled and not recalled.
namespace reeve::shell {
namespace {

constexpr std::size_t kPageBytes = limits::kControlMessageBytes / 2;
constexpr std::size_t kPageRows = 4096;

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

void add_inline(msg::ResultPage& page, TaskIndex task, ByteView bytes, std::size_t& page_bytes) {
  const bool follows =
      !page.rows.empty() && page.rows.back().blobs.empty() && page.rows.back().tasks.end() == task;
  if (!follows) page.rows.push_back({{task, 0}, {}, {}, {}, {}});
  msg::ResultRow& row = page.rows.back();
  ++row.tasks.count;
  row.sizes.push_back(static_cast<std::uint32_t>(bytes.size()));
  row.payload.insert(row.payload.end(), bytes.begin(), bytes.end());
  page_bytes += bytes.size() + 16;
}

void add_blob(msg::ResultPage& page, TaskIndex task, const Digest& blob, std::uint64_t size,
              std::size_t& page_bytes) {
  const bool follows =
      !page.rows.empty() && !page.rows.back().blobs.empty() && page.rows.back().tasks.end() == task;
  if (!follows) page.rows.push_back({{task, 0}, {}, {}, {}, {}});
  msg::ResultRow& row = page.rows.back();
  ++row.tasks.count;
  row.blobs.push_back(blob);
  row.blob_sizes.push_back(size);
  page_bytes += 64;
}

}  // namespace

Result<msg::ResultPage> Api::results(const Caller& caller, const msg::FetchResults& fetch) {
  const Request request{caller, {}, {}};
  if (const Result<JobRow> row = job_row(request, fetch.step.job); !row) return row.error();
  const std::uint64_t job = fetch.step.job.value();
  Statement settled = database_.must_prepare(
      "SELECT first, count, attempt FROM settled WHERE job=? AND step=? AND first+count>? AND recalled=0"
      " ORDER BY first, slot");
  settled.bind(job, fetch.step.step, fetch.first);
  Statement stored =
      database_.must_prepare("SELECT blob, size FROM stored WHERE job=? AND step=? AND task=?");
  Statement results = database_.must_prepare(
      "SELECT first, count, attempt, sizes, payload FROM results WHERE job=? AND step=? AND first<=? AND "
      "first>?"
      " AND attempt=?");
  msg::ResultPage page;
  page.next = fetch.first;
  Recorded recorded;
  std::size_t page_bytes = 0;
  for (;;) {
    const Result<bool> row = settled.step();
    if (!row) return row.error();
    if (!*row) return page;
    const auto end = static_cast<TaskIndex>(settled.number(0) + settled.number(1));
    const std::uint64_t attempt = settled.number(2);
    for (TaskIndex task = std::max(page.next, static_cast<TaskIndex>(settled.number(0))); task < end;
         ++task) {
      if (page_bytes >= kPageBytes || page.rows.size() >= kPageRows) {
        page.more = true;
        return page;
      }
      page.next = task + 1;
      stored.bind(job, fetch.step.step, task);
      const Result<bool> has_blob = stored.step();
      if (!has_blob) return has_blob.error();
      if (*has_blob) {
        Digest blob;
        std::copy_n(stored.blob(0).begin(), blob.bytes.size(), blob.bytes.begin());
        add_blob(page, task, blob, stored.number(1), page_bytes);
        stored.reset();
        continue;
      }
      const bool held =
          recorded.attempt == attempt && task >= recorded.tasks.first && task < recorded.tasks.end();
      if (!held) {
        results.bind(job, fetch.step.step, task, std::int64_t{task} - limits::kTasksPerSection, attempt);
        for (;;) {
          const Result<bool> found = results.step();
          if (!found) return found.error();
          if (!*found) break;
          recorded = recorded_at(results);
          if (task < recorded.tasks.end()) break;
        }
        results.reset();
      }
      const std::size_t index = task - recorded.tasks.first;
      if (recorded.attempt != attempt || index >= recorded.sizes.size()) continue;
      add_inline(page, task,
                 ByteView(recorded.payload).subspan(recorded.offsets[index], recorded.sizes[index]),
                 page_bytes);
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
