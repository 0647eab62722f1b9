#include "client/json_fields.h"
#include "client/quantities.h"
#include "client/views.h"

#include <sstream>

namespace reeve::client {
namespace {

std::string count_of(const Json& object, const char* key) {
  return format_count(number_of(object, key));
}

std::string when(const Json& object, const char* key) {
  const std::int64_t ns = signed_of(object, key);
  return ns == 0 ? "-" : format_time({ns});
}

/// "provisional" until every result has vested.
std::string finality(const Json& job) {
  if (text_of(job, "state") != "succeeded") return "-";
  return flag_of(job, "final") ? "final" : "provisional";
}

std::string line(const char* label, const std::string& value) {
  return std::string(label) + value + "\n";
}

std::string job_lines(const Json& job, const Style& style) {
  const std::string state = text_of(job, "state");
  std::string text = line("job        ", std::to_string(number_of(job, "id")) + "  " +
                                             style.paint(Tone::kStrong, text_of(job, "name")));
  text += line("state      ", style.paint(state_tone(state), state) +
                                  (text_of(job, "reason").empty() ? "" : ": " + text_of(job, "reason")));
  text += line("results    ", finality(job));
  text +=
      line("tasks      ", count_of(job, "settled") + " of " + count_of(job, "tasks") + " settled, " +
                              count_of(job, "running") + " running, " + count_of(job, "failed") + " failed");
  const Json& verify = member(job, "verify");
  const std::uint64_t quorum = number_of(verify, "quorum");
  text += line("verify     ", text_of(verify, "mode") +
                                  (text_of(verify, "mode") == "quorum" ? ":" + std::to_string(quorum) : ""));
  text += line("priority   ", std::to_string(signed_of(job, "priority")));
  text += line("requester  ", text_of(job, "requester_name"));
  text += line("submitted  ", when(job, "submitted_ns"));
  if (signed_of(job, "ended_ns") != 0) text += line("ended      ", when(job, "ended_ns"));
  if (signed_of(job, "expected_end_ns") != 0) text += line("expected   ", when(job, "expected_end_ns"));
  text += line("spent      ", format_credits(signed_of(job, "spent_micro")) + " credits, " +
                                  format_credits(signed_of(job, "escrow_micro")) + " held in escrow");
  return text;
}

std::string reason_text(const Json& row) {
  std::string text = "step " + std::to_string(number_of(row, "step"));
  if (member(row, "task").is_number()) text += ", task " + std::to_string(number_of(row, "task"));
  text += ": " + text_of(row, "reason") + "\n";
  if (!text_of(row, "hint").empty()) text += "  " + text_of(row, "hint") + "\n";
  return text;
}

}  // namespace

Tone state_tone(const std::string& state) {
  if (state == "succeeded" || state == "settled" || state == "agreed") return Tone::kGood;
  if (state == "failed" || state == "cancelled" || state == "disputed" || state == "rejected" ||
      state == "convicted")
    return Tone::kBad;
  if (state == "running" || state == "checking" || state == "comparing" || state == "storing" ||
      state == "recomputing")
    return Tone::kBusy;
  return Tone::kPlain;
}

View jobs_view(const Json& answer, const Style& style) {
  Table table({{"ID", true},
               {"NAME"},
               {"STATE"},
               {"TASKS", true},
               {"SETTLED", true},
               {"RUNNING", true},
               {"FAILED", true},
               {"SPENT", true},
               {"RESULTS"},
               {"SUBMITTED (UTC)"}});
  std::string quiet;
  for (const Json& job : list_of(answer, "jobs")) {
    const std::string state = text_of(job, "state");
    table.row({{std::to_string(number_of(job, "id"))},
               {text_of(job, "name"), Tone::kStrong},
               {state, state_tone(state)},
               {count_of(job, "tasks")},
               {count_of(job, "settled")},
               {count_of(job, "running")},
               {count_of(job, "failed")},
               {format_credits(signed_of(job, "spent_micro"))},
               {finality(job)},
               {when(job, "submitted_ns")}});
    quiet += std::to_string(number_of(job, "id")) + "\n";
  }
  return {answer, table.render(style), quiet};
}

std::string failure_lines(const Json& job) {
  std::string text;
  const auto add = [&text](const Json& rows, const char* what) {
    for (const Json& row : rows) {
      const std::uint64_t count = number_of(row, "count");
      text += "step " + std::to_string(number_of(row, "step")) + " task " +
              std::to_string(number_of(row, "first")) +
              (count > 1 ? " and " + std::to_string(count - 1) + " more" : "") + " " + what + ": ";
      // What a program wrote last may have several lines.
      std::istringstream lines(text_of(row, "why"));
      std::string line;
      for (bool first = true; std::getline(lines, line); first = false)
        text += (first ? "" : "\n    ") + printable(line);
      text += "\n";
    }
  };
  add(list_of(job, "failures"), "failed");
  if (list_of(job, "failures").empty()) add(list_of(job, "failed_attempts"), "failed once");
  return text;
}

namespace {

/// "comparing  pixels: 12 alike, 1 unlike"; nothing where no step's results are compared.
std::string comparison_head(const Json& job) {
  std::string how;
  for (const Json& step : list_of(job, "steps")) {
    const std::string compare = text_of(step, "compare");
    if (!compare.empty() && how.find(compare) == std::string::npos)
      how += (how.empty() ? "" : " and ") + printable(compare);
  }
  if (how.empty()) return "";
  const Json& comparisons = member(job, "comparisons");
  std::string counts =
      count_of(comparisons, "same") + " alike, " + count_of(comparisons, "differ") + " unlike";
  if (number_of(comparisons, "undecidable") > 0)
    counts += ", " + count_of(comparisons, "undecidable") + " undecidable";
  return line("compare    ", how + ": of pairs of results that are not equal, " + counts);
}

/// Which results are not alike, and by how much.
std::string unlike_lines(const Json& job) {
  std::string text;
  for (const Json& row : list_of(member(job, "comparisons"), "unlike")) {
    std::string owners;
    for (const Json& owner : list_of(row, "owners"))
      owners += (owners.empty() ? "" : " and ") + owner.get<std::string>();
    text += "step " + std::to_string(number_of(row, "step")) + " task " +
            std::to_string(number_of(row, "task")) + ": results of " + owners +
            (text_of(row, "verdict") == "differ" ? " differ: " : " cannot be compared: ") +
            printable(text_of(row, "why")) + "\n";
  }
  return text;
}

}  // namespace

View job_view(const Json& answer, const Style& style) {
  const Json& job = member(answer, "job");
  Table steps({{"STEP", true},
               {"NAME"},
               {"KERNEL"},
               {"TASKS", true},
               {"SETTLED", true},
               {"RUNNING", true},
               {"FAILED", true},
               {"AFTER"}});
  for (const Json& step : list_of(job, "steps")) {
    std::string after;
    for (const Json& index : list_of(step, "depends_on"))
      after += (after.empty() ? "" : ",") + index.dump();
    steps.row({{std::to_string(number_of(step, "index"))},
               {text_of(step, "name")},
               {text_of(step, "kernel")},
               {count_of(step, "tasks")},
               {count_of(step, "settled")},
               {count_of(step, "running")},
               {count_of(step, "failed")},
               {after}});
  }
  return {answer,
          job_lines(job, style) + comparison_head(job) + "\n" + steps.render(style) + unlike_lines(job) +
              failure_lines(job),
          text_of(job, "state") + "\n"};
}

View tasks_view(const Json& answer, const Style& style) {
  Table table({{"STEP", true},
               {"TASKS"},
               {"STATE"},
               {"ATTEMPT", true},
               {"AGENT"},
               {"OWNER"},
               {"VERDICT"},
               {"PAY", true},
               {"ROOT"}});
  std::string quiet;
  for (const Json& task : list_of(answer, "tasks")) {
    const std::uint64_t first = number_of(task, "first");
    const std::uint64_t count = number_of(task, "count");
    const std::string range =
        std::to_string(first) + (count > 1 ? "-" + std::to_string(first + count - 1) : "");
    const std::string state = text_of(task, "state");
    const std::string step = std::to_string(number_of(task, "step"));
    quiet.append(step).append("/").append(range).append(" ").append(state).append("\n");
    if (list_of(task, "attempts").empty())
      table.row({{step}, {range}, {state, state_tone(state)}, {}, {}, {}, {}, {}, {}});
    for (const Json& attempt : list_of(task, "attempts")) {
      const std::string verdict = text_of(attempt, "verdict");
      table.row({{step},
                 {range},
                 {state, state_tone(state)},
                 {std::to_string(number_of(attempt, "attempt"))},
                 {text_of(attempt, "agent_name")},
                 {text_of(attempt, "owner_name")},
                 {verdict, state_tone(verdict)},
                 {format_credits(signed_of(attempt, "pay_micro"))},
                 {text_of(attempt, "root").substr(0, 12), Tone::kFaint}});
    }
  }
  return {answer, table.render(style), quiet};
}

View explain_view(const Json& answer, const Style&) {
  std::string text;
  for (const Json& row : list_of(answer, "explain"))
    text += reason_text(row);
  if (text.empty()) text = "Nothing holds this job back.\n";
  return {answer, text, text};
}

}  // namespace reeve::client
