#include "tests/demo/facts.h"

#include <algorithm>
#include <cstdio>
#include <set>

namespace reeve::demo {
namespace {

constexpr double kSecond = 1e9;

std::string text_of(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

Json fact(const char* label, const std::string& value) {
  return {{"label", label}, {"value", value}};
}

std::string counted(const Json& number) {
  return std::to_string(number.get<std::int64_t>());
}

bool is_convicted(const Answers& answers, const Json& owner) {
  return std::any_of(answers.parties.begin(), answers.parties.end(), [&owner](const Json& party) {
    return party["id"] == owner && party["convicted"].get<bool>();
  });
}

/// What no verdict names by the end of a conviction was dropped with its owner.
const char* end_of(const Answers& answers, const Json& span) {
  const auto outcome = span["outcome"].get<std::string>();
  if (outcome == "rejected" || outcome == "convicted") return "disagreed";
  if (outcome == "failed" || outcome == "late") return "lost";
  return outcome == "pending" && is_convicted(answers, span["owner"]) ? "lost" : "agreed";
}

/// Of one kind, over all jobs of a party.
std::int64_t sum_of(const Json& accounts, const Json& party, const char* kind, const char* field) {
  std::int64_t sum = 0;
  for (const Json& account : accounts)
    if (account["party"] == party && account["account"] == kind) sum += account[field].get<std::int64_t>();
  return sum;
}

}  // namespace

Json timeline_rows(const Answers& answers) {
  const auto submitted_ns = answers.job["submitted_ns"].get<std::int64_t>();
  const auto seconds_of = [submitted_ns](const Json& ns) {
    return static_cast<double>(ns.get<std::int64_t>() - submitted_ns) / kSecond;
  };
  Json rows = Json::array();
  for (const Json& agent : answers.agents) {
    if (agent["role"] == "referee") continue;
    Json attempts = Json::array();
    double free_s = 0;  // a task may be leased while the agent's one slot still runs the one before
    for (const Json& span : answers.timeline) {
      if (span["agent"] != agent["id"]) continue;
      const double end_s = seconds_of(span["end_ns"]);
      attempts.push_back({{"start_s", std::max(seconds_of(span["start_ns"]), free_s)},
                          {"end_s", end_s},
                          {"label", "task " + counted(span["first"]) + ", run " +
                                        std::to_string(span["replica"].get<int>() + 1) + ", " +
                                        span["outcome"].get<std::string>()},
                          {"end", end_of(answers, span)}});
      free_s = std::max(free_s, end_s);
    }
    rows.push_back({{"name", agent["name"]}, {"owner", agent["owner_name"]}, {"attempts", attempts}});
  }
  return rows;
}

Json account_rows(const Answers& answers) {
  Json rows = Json::array();
  for (const Json& party : answers.parties) {
    if (party["role"] != "owner") continue;
    const auto sum = [&](const char* kind, const char* field) {
      return sum_of(answers.balance, party["id"], kind, field);
    };
    std::int64_t slashed = 0;
    for (const Json& conviction : answers.convictions)
      if (conviction["owner"] == party["id"])
        slashed += conviction["slashed_micro"].get<std::int64_t>() +
                   conviction["clawed_back_micro"].get<std::int64_t>();
    const bool convicted = party["convicted"].get<bool>();
    rows.push_back({{"owner", party["name"]},
                    {"standing", convicted ? "convicted" : "in good standing"},
                    {"convicted", convicted},
                    {"earned", sum("held", "credits_posted")},
                    {"held", sum("held", "balance_micro")},
                    {"vested", sum("payable", "balance_micro") + sum("paid", "balance_micro")},
                    {"slashed", slashed},
                    {"stake", sum("stake", "balance_micro")}});
  }
  return rows;
}

Json summary_facts(const Answers& answers) {
  const Json& job = answers.job;
  std::set<std::uint64_t> owners;
  for (const Json& span : answers.timeline)
    owners.insert(span["owner"].get<std::uint64_t>());
  const double length_s =
      static_cast<double>(job["ended_ns"].get<std::int64_t>() - job["submitted_ns"].get<std::int64_t>()) /
      kSecond;
  const double spent = static_cast<double>(job["spent_micro"].get<std::int64_t>()) / 1e6;
  return Json::array(
      {fact("Tasks", counted(job["tasks"])), fact("Attempts", std::to_string(answers.timeline.size())),
       fact("Owners", std::to_string(owners.size())), fact("Time", text_of("%.0f s", length_s)),
       fact("Spent", text_of("%.2f credits", spent)),
       fact("Cheats caught", std::to_string(answers.convictions.size()))});
}

Json evidence_facts(const Json& conviction, std::int64_t frame, std::uint32_t tile) {
  return Json::array(
      {fact("Task", counted(conviction["task"]) + ": frame " + std::to_string(frame) + ", tile " +
                        std::to_string(tile)),
       fact("First leaf that differs", counted(conviction["leaf"])),
       fact("The leaf's hash, as handed in", conviction["reported"].get<std::string>()),
       fact("The same leaf by the referee", conviction["referee"].get<std::string>()),
       fact("Stake lost",
            text_of("%.6f credits",
                    static_cast<double>(conviction["slashed_micro"].get<std::int64_t>()) / 1e6)),
       fact("Pay taken back",
            text_of("%.6f credits",
                    static_cast<double>(conviction["clawed_back_micro"].get<std::int64_t>()) / 1e6))});
}

std::string ledger_line(const Json& verify) {
  if (!verify["ok"].get<bool>()) return "ledger: NOT verified";
  return "ledger: verified (" + counted(verify["transfers"]) + " transfers, " + counted(verify["accounts"]) +
         " accounts, " + counted(verify["events"]) + " events)";
}

bool promises_hold(const Answers& answers, const std::string& cheat) {
  const Json accounts = account_rows(answers);
  const auto account =
      std::find_if(accounts.begin(), accounts.end(), [&](const Json& row) { return row["owner"] == cheat; });
  const bool known = account != accounts.end();
  const bool convicted = known && (*account)["convicted"].get<bool>() && !answers.convictions.empty();
  const bool unpaid = known && (*account)["held"] == 0 && (*account)["vested"] == 0;
  const bool alone = answers.convictions.size() <= 1;
  const bool verified = answers.verify["ok"].get<bool>();
  const bool succeeded = answers.job["state"] == "succeeded";
  const auto line = [](const char* what, bool holds) {
    std::printf("%-40s %s\n", what, holds ? "yes" : "NO");
    return holds;
  };
  bool all = line("the job succeeded", succeeded);
  all &= line((cheat + " is convicted").c_str(), convicted);
  all &= line((cheat + " is unpaid").c_str(), unpaid);
  all &= line("nobody else is convicted", alone);
  all &= line("the ledger adds up", verified);
  return all;
}

}  // namespace reeve::demo
