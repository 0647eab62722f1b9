#include "openjd/range_expr.h"

#include <algorithm>
#include <limits>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

/// Takes integers and separators off the front of one part.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() {
    skip_blank();
    return rest_.empty();
  }
  bool take(char c) {
    skip_blank();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::int64_t> take_int() {
    skip_blank();
    const std::size_t sign = rest_.starts_with('-') ? 1 : 0;
    const std::size_t end = std::min(rest_.find_first_not_of("0123456789", sign), rest_.size());
    const auto value = parse_int(rest_.substr(0, end));
    if (value) rest_.remove_prefix(end);
    return value;
  }

 private:
  void skip_blank() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view rest_;
};

constexpr std::uint64_t distance(std::int64_t low, std::int64_t high) {
  return static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
}

}  // namespace

/// A run with the bounds as written: overlap is judged by these.
struct RangeExpr::Part {
  Run run;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string_view text;
};

Result<RangeExpr::Part> RangeExpr::parse_part(std::string_view text) {
  Scanner scan(text);
  const Error syntax = bad(in_quotes(text) + " is no range", "write 5, 1-10 or 1-10:2, with commas between");
  const auto from = scan.take_int();
  if (!from) return syntax;
  if (scan.at_end()) return Part{{*from, 1, 1, 0}, *from, *from, text};
  if (!scan.take('-')) return syntax;
  const auto to = scan.take_int();
  if (!to) return syntax;
  std::int64_t skip = 1;
  if (scan.take(':')) {
    const auto given = scan.take_int();
    if (!given) return syntax;
    skip = *given;
  }
  if (!scan.at_end()) return syntax;
  if (skip == 0) return bad("the skip of " + in_quotes(text) + " is 0", "use 1 or more, or a negative skip");
  // Source: 2023-09, 3.4.1.1.1: where the skip leads away from the end, the first value is the only one.
  if (skip > 0 ? *from > *to : *from < *to) return Part{{*from, 1, 1, 0}, *from, *from, text};
  const std::int64_t low = std::min(*from, *to);
  const std::int64_t high = std::max(*from, *to);
  const std::uint64_t step = skip > 0 ? distance(0, skip) : distance(skip, 0);
  const std::uint64_t steps = distance(low, high) / step;
  if (steps >= limits::kTasks) {
    return bad(in_quotes(text) + " has more values than a step may have tasks", "split the job");
  }
  const auto first =
      skip > 0 ? low : static_cast<std::int64_t>(static_cast<std::uint64_t>(high) - steps * step);
  return Part{{first, step, steps + 1, 0}, low, high, text};
}

Result<RangeExpr> RangeExpr::parse(std::string_view text) {
  std::vector<Part> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    Result<Part> part = parse_part(text.substr(begin, comma - begin));
    if (!part) return part.error();
    parts.push_back(*std::move(part));
    if (parts.size() > limits::kRangeRuns) {
      return bad("the range has more than " + std::to_string(limits::kRangeRuns) + " parts",
                 "use steps such as 1-100:2");
    }
    begin = comma + 1;
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.low < b.low; });
  RangeExpr out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && parts[i].low <= parts[i - 1].high) {
      return bad(in_quotes(parts[i - 1].text) + " and " + in_quotes(parts[i].text) + " overlap",
                 "let each part end before the next begins");
    }
    out.runs_.push_back(parts[i].run);
  }
  if (!out.index_runs()) return bad("the range has more values than a step may have tasks", "split the job");
  return out;
}

Result<RangeExpr> RangeExpr::of_values(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  RangeExpr out;
  for (std::size_t i = 0; i < values.size();) {
    const std::uint64_t step = i + 1 < values.size() ? distance(values[i], values[i + 1]) : 1;
    std::size_t end = i + 1;
    while (end < values.size() && distance(values[end - 1], values[end]) == step)
      ++end;
    if (end - i < 3 && step != 1) end = i + 1;  // two values are no progression
    out.runs_.push_back({values[i], end - i == 1 ? 1 : step, end - i, 0});
    i = end;
  }
  if (!out.index_runs()) {
    return bad("the list has no value, or more than " + std::to_string(limits::kRangeRuns) + " parts",
               "use a range expression such as 1-100:2");
  }
  return out;
}

void RangeExpr::append_slice(std::uint64_t index, std::uint64_t count, std::string& out) const {
  REEVE_CHECK(count <= size_ && index <= size_ - count, "a slice lies inside its range");
  auto run = std::upper_bound(runs_.begin(), runs_.end(), index,
                              [](std::uint64_t i, const Run& r) { return i < r.offset; });
  --run;
  const char* separator = "";
  for (; count != 0; ++run) {
    const std::uint64_t from = index - run->offset;
    const std::uint64_t taken = std::min(count, run->count - from);
    const auto value = [&](std::uint64_t i) {
      return std::to_string(
          static_cast<std::int64_t>(static_cast<std::uint64_t>(run->first) + (from + i) * run->step));
    };
    out.append(separator).append(value(0));
    if (taken > 1) out.append(taken == 2 ? "," : "-").append(value(taken - 1));
    if (taken > 2 && run->step != 1) out.append(":").append(std::to_string(run->step));
    separator = ",";
    index += taken;
    count -= taken;
  }
}

bool RangeExpr::index_runs() {
  size_ = 0;
  if (runs_.empty() || runs_.size() > limits::kRangeRuns) return false;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    Run& run = runs_[i];
    if (run.count == 0 || run.step == 0 || run.count > limits::kTasks) return false;
    const std::uint64_t room = distance(run.first, std::numeric_limits<std::int64_t>::max());
    if (run.count > 1 && run.step > room / (run.count - 1)) return false;
    if (i > 0 && runs_[i - 1].last() >= run.first) return false;
    run.offset = size_;
    size_ += run.count;
    if (size_ > limits::kTasks) return false;
  }
  return true;
}

std::int64_t RangeExpr::at(std::uint64_t index) const {
  REEVE_CHECK(index < size_, "an index lies inside its range");
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                      [](std::uint64_t i, const Run& run) { return i < run.offset; });
  const Run& run = *std::prev(after);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(run.first) + (index - run.offset) * run.step);
}

}  // namespace reeve::openjd
