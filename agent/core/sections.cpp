#include "agent/core/sections.h"

#include <numeric>

#include "agent/core/bounds.h"
#include "protocol/check.h"

namespace reeve::agent {
namespace {

template <class T>
std::vector<T> slice(const std::vector<T>& from, std::uint32_t offset, std::uint32_t count) {
  return {from.begin() + offset, from.begin() + offset + count};
}

msg::InlineResults part_of(const msg::InlineResults& whole, std::uint32_t offset, std::uint32_t count) {
  msg::InlineResults part;
  part.sizes = slice(whole.sizes, offset, count);
  const auto begin = std::accumulate(whole.sizes.begin(), whole.sizes.begin() + offset, std::size_t{0});
  const auto size = std::accumulate(part.sizes.begin(), part.sizes.end(), std::size_t{0});
  const auto first = whole.payload.begin() + static_cast<std::ptrdiff_t>(begin);
  part.payload.assign(first, first + static_cast<std::ptrdiff_t>(size));
  return part;
}

msg::RootedResults part_of(const msg::RootedResults& whole, std::uint32_t offset, std::uint32_t count) {
  return {slice(whole.roots, offset, count), slice(whole.sizes, offset, count)};
}

msg::FailedTasks part_of(const msg::FailedTasks& whole, std::uint32_t, std::uint32_t) {
  return whole;
}

}  // namespace

msg::ReportSection section_part(const msg::ReportSection& section, TaskRange tasks) {
  REEVE_CHECK(tasks.first >= section.tasks.first && tasks.end() <= section.tasks.end(), "a part lies within");
  msg::ReportSection part{section.attempt, section.step, tasks, section.kernel, section.ticket, {}};
  const std::uint32_t offset = tasks.first - section.tasks.first;
  std::visit([&](const auto& outcome) { part.outcome = part_of(outcome, offset, tasks.count); },
             section.outcome);
  return part;
}

bool append_section(msg::ReportSection& section, const msg::ReportSection& tail, std::uint32_t most_tasks) {
  auto* results = std::get_if<msg::InlineResults>(&section.outcome);
  const auto* more = std::get_if<msg::InlineResults>(&tail.outcome);
  if (!results || !more || section.attempt != tail.attempt) return false;
  if (section.tasks.end() != tail.tasks.first) return false;
  if (section.tasks.count + tail.tasks.count > most_tasks) return false;
  if (results->payload.size() + more->payload.size() > bounds::kReportBytes) return false;
  section.tasks.count += tail.tasks.count;
  results->sizes.insert(results->sizes.end(), more->sizes.begin(), more->sizes.end());
  results->payload.insert(results->payload.end(), more->payload.begin(), more->payload.end());
  return true;
}

std::size_t section_bytes(const msg::ReportSection& section) {
  constexpr std::size_t kOverhead = 96;
  if (const auto* inlined = std::get_if<msg::InlineResults>(&section.outcome))
    return kOverhead + inlined->payload.size() + 4 * inlined->sizes.size();
  if (const auto* rooted = std::get_if<msg::RootedResults>(&section.outcome))
    return kOverhead + 40 * rooted->roots.size();
  return kOverhead + std::get<msg::FailedTasks>(section.outcome).message.size();
}

}  // namespace reeve::agent
