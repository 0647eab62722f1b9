#include "client/json_fields.h"
#include "client/quantities.h"
#include "client/views.h"

namespace reeve::client {
namespace {

std::string count_of(const Json& object, const char* key) {
  return format_count(number_of(object, key));
}

std::string joined(const Json& list) {
  std::string text;
  for (const Json& item : list) {
    const std::string name =
        item.is_object() ? text_of(item, "name") : (item.is_string() ? item.get<std::string>() : item.dump());
    text += (text.empty() ? "" : ",") + name;
  }
  return text;
}

std::string agent_state(const Json& agent) {
  if (!flag_of(agent, "online")) return "offline";
  return flag_of(agent, "paused") ? "paused" : "online";
}

Tone agent_tone(const std::string& state) {
  if (state == "online") return Tone::kGood;
  return state == "offline" ? Tone::kFaint : Tone::kBusy;
}

/// "anna/escrow#7", "region/fee".
std::string account_text(const Json& account) {
  if (!account.is_object()) return "-";
  std::string text = text_of(account, "party_name");
  const std::uint64_t party = number_of(account, "party");
  if (text.empty()) text = party == 0 ? "region" : "party " + std::to_string(party);
  text += "/" + text_of(account, "account");
  if (number_of(account, "job") != 0) text += "#" + std::to_string(number_of(account, "job"));
  return text;
}

std::string size_text(const Json& capability) {
  std::string text = std::to_string(number_of(capability, "cpus")) + " cpu, " +
                     format_size(number_of(capability, "memory_mib") << 20);
  if (number_of(capability, "gpus") > 0) {
    text += ", " + std::to_string(number_of(capability, "gpus")) + " gpu of " +
            format_size(number_of(capability, "vram_mib") << 20);
  }
  return text;
}

}  // namespace

View region_view(const Json& answer, const Style& style) {
  const Json& region = member(answer, "region");
  const Json& me = member(region, "me");
  std::string text = "region     " + style.paint(Tone::kStrong, text_of(region, "name")) + ", up " +
                     format_duration({signed_of(region, "uptime_ns")}) + " (boot " +
                     count_of(region, "boot_epoch") + ")\n";
  text += "agents     " + count_of(region, "agents_online") + " online of " +
          count_of(region, "agents_known") + "\n";
  text += "jobs       " + count_of(region, "jobs_open") + " open\n";
  text += "settled    " + count_of(region, "tasks_settled") + " tasks\n";
  text += "key        " + text_of(region, "server_key") + "\n";
  text += "you        " + text_of(me, "name") + " (" + text_of(me, "role") + ")\n";
  return {answer, text, text_of(region, "name") + "\n"};
}

View agents_view(const Json& answer, const Style& style) {
  Table table({{"ID", true},
               {"NAME"},
               {"OWNER"},
               {"ROLE"},
               {"STATE"},
               {"SLOTS", true},
               {"RUNNING", true},
               {"SETTLED", true},
               {"REJECTED", true},
               {"EACH SLOT"},
               {"TAGS"}});
  std::string quiet;
  for (const Json& agent : list_of(answer, "agents")) {
    const std::string state = agent_state(agent);
    const Json& capability = member(agent, "capability");
    table.row({{std::to_string(number_of(agent, "id"))},
               {text_of(agent, "name"), Tone::kStrong},
               {text_of(agent, "owner_name")},
               {text_of(agent, "role")},
               {state, agent_tone(state)},
               {count_of(agent, "slots")},
               {count_of(agent, "running")},
               {count_of(agent, "settled")},
               {count_of(agent, "rejected"), number_of(agent, "rejected") > 0 ? Tone::kBad : Tone::kPlain},
               {size_text(capability)},
               {joined(list_of(capability, "tags"))}});
    quiet += std::to_string(number_of(agent, "id")) + "\n";
  }
  return {answer, table.render(style), quiet};
}

View agent_view(const Json& answer, const Style& style) {
  const Json& agent = member(answer, "agent");
  const Json& capability = member(agent, "capability");
  const Json& trust = member(agent, "trust");
  const std::string state = agent_state(agent);
  std::string text = "agent      " + std::to_string(number_of(agent, "id")) + "  " +
                     style.paint(Tone::kStrong, text_of(agent, "name")) + "\n";
  text += "owner      " + text_of(agent, "owner_name") + "\n";
  const Time seen{signed_of(agent, "last_seen_ns")};  // 0: not since the region started, or dropped
  text += "state      " + style.paint(agent_tone(state), state) +
          (seen.ns == 0 ? "" : ", last seen " + format_time(seen) + " UTC") + "\n";
  text += "slots      " + count_of(agent, "slots") + " of " + size_text(capability) + "; " +
          count_of(agent, "running") + " tasks running, credit for " + count_of(agent, "credit") + "\n";
  text += "kernels    " + joined(list_of(capability, "kernels")) + "\n";
  text += "tags       " + joined(list_of(capability, "tags")) + "\n";
  text +=
      "results    " + count_of(agent, "settled") + " settled, " + count_of(agent, "rejected") + " rejected\n";
  text += "trust      " + count_of(trust, "validated") + " validated, " + count_of(trust, "probation_left") +
          " of probation left, " + count_of(trust, "faults") + " faults, " + count_of(trust, "strikes") +
          " strikes" + (flag_of(trust, "convicted") ? style.paint(Tone::kBad, ", convicted") : "") + "\n";
  return {answer, text, state + "\n"};
}

View balance_view(const Json& answer, const Style& style) {
  Table table({{"ACCOUNT"},
               {"BALANCE", true},
               {"PENDING IN", true},
               {"PENDING OUT", true},
               {"POSTED IN", true},
               {"POSTED OUT", true}});
  std::string quiet;
  const auto credits = [](const Json& account, const char* key) {
    return Cell{format_credits(signed_of(account, key))};
  };
  for (const Json& account : list_of(answer, "accounts")) {
    table.row({{account_text(account)},
               {credits(account, "balance_micro").text, Tone::kStrong},
               credits(account, "credits_pending"),
               credits(account, "debits_pending"),
               credits(account, "credits_posted"),
               credits(account, "debits_posted")});
    quiet += account_text(account) + " " + format_credits(signed_of(account, "balance_micro")) + "\n";
  }
  return {answer, table.render(style), quiet};
}

View history_view(const Json& answer, const Style& style) {
  Table table({{"ID", true},
               {"WHEN (UTC)"},
               {"WHAT"},
               {"FROM"},
               {"TO"},
               {"CREDITS", true},
               {"JOB", true},
               {"TASKS"}});
  std::string quiet;
  for (const Json& transfer : list_of(answer, "transfers")) {
    const Json& what = member(transfer, "code");
    const std::uint64_t count = number_of(transfer, "count");
    const std::uint64_t first = number_of(transfer, "first");
    std::string tasks;
    if (count > 0)
      tasks = std::to_string(number_of(transfer, "step")) + "/" + std::to_string(first) +
              (count > 1 ? "-" + std::to_string(first + count - 1) : "");
    table.row({{std::to_string(number_of(transfer, "id"))},
               {format_time({signed_of(transfer, "when_ns")})},
               {what.is_string() ? what.get<std::string>() : what.dump()},
               {account_text(member(transfer, "debit"))},
               {account_text(member(transfer, "credit"))},
               {format_credits(signed_of(transfer, "amount_micro")), Tone::kStrong},
               {member(transfer, "job").is_number() ? std::to_string(number_of(transfer, "job")) : "-"},
               {tasks}});
    quiet += std::to_string(number_of(transfer, "id")) + "\n";
  }
  return {answer, table.render(style), quiet};
}

View verify_view(const Json& answer, const Style& style) {
  const Json& verify = member(answer, "verify");
  const bool ok = flag_of(verify, "ok");
  std::string text =
      "ledger: " + (ok ? style.paint(Tone::kGood, "verified") : style.paint(Tone::kBad, "BROKEN")) + " (" +
      count_of(verify, "transfers") + " transfers, " + count_of(verify, "accounts") + " accounts, " +
      count_of(verify, "events") + " events, state " + text_of(verify, "state_hash").substr(0, 16) + ")\n";
  for (const Json& problem : list_of(verify, "problems"))
    text += "  " + (problem.is_string() ? problem.get<std::string>() : problem.dump()) + "\n";
  return {answer, text, ok ? "verified\n" : "broken\n"};
}

}  // namespace reeve::client
