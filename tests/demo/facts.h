#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "client/tiles.h"

namespace reeve::demo {

using Json = nlohmann::ordered_json;

/// A region's answers about one job, each as docs/formats/api.md has it.
struct Answers {
  Json job, agents, parties, convictions, timeline, balance, verify;
};

/// The report's parts that follow from the answers alone, in the form that client/report/report_page.h reads.
Json timeline_rows(const Answers& answers);
Json account_rows(const Answers& answers);
Json summary_facts(const Answers& answers);
Json evidence_facts(const Json& conviction, std::int64_t frame, std::uint32_t tile);
/// "ledger: verified" and what was added up.
std::string ledger_line(const Json& verify);

/// Prints what the demo promises about its cheat and its ledger, and whether it holds. False if anything does
/// not.
bool promises_hold(const Answers& answers, const std::string& cheat);

}  // namespace reeve::demo
