#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/commands/ledger_log.h"
#include "client/json_fields.h"
#include "client/lookup.h"
#include "client/process.h"
#include "client/views.h"

namespace reeve::client {
namespace {

struct Options {
  std::string party;
  std::uint32_t limit = 100;
};

/// "?party=ID" or "?", so that more may follow.
Result<std::string> party_query(Connection& connection, const std::string& party) {
  if (party.empty()) return std::string("?");
  auto id = find_party(connection, party);
  if (!id) return id.error();
  return "?party=" + std::to_string(*id) + "&";
}

Result<ExitCode> show(Context& context, const Options& options, bool history) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto query = party_query(**connection, options.party);
  if (!query) return query.error();
  std::string path = history ? "/api/v1/ledger/history" + *query + "limit=" + std::to_string(options.limit)
                             : "/api/v1/ledger/balance" + query->substr(0, query->size() - 1);
  auto answer = (*connection)->query(path);
  if (!answer) return answer.error();
  context.output().show((history ? history_view : balance_view)(*answer, context.output().style()));
  return kExitOk;
}

Result<ExitCode> verify_ledger(Context& context) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto answer = (*connection)->query("/api/v1/ledger/verify");
  if (!answer) return answer.error();
  context.output().show(verify_view(*answer, context.output().style()));
  return flag_of(member(*answer, "verify"), "ok") ? kExitOk : kExitFailed;
}

}  // namespace

void add_ledger_commands(CommandLine& line) {
  Verb ledger = line.group(line.root(), "ledger", "Accounts and transfers, and the proof that they add up");
  auto balance = std::make_shared<Options>();
  line.verb(ledger, "balance", "Show accounts and their balances",
            [balance](Context& context) { return show(context, *balance, false); })
      .option("--party", balance->party, "By id or name (the operator's choice; otherwise your own)");
  auto history = std::make_shared<Options>();
  Verb history_verb = line.verb(ledger, "history", "List transfers, newest first",
                                [history](Context& context) { return show(context, *history, true); });
  history_verb.option("--party", history->party, "By id or name (the operator's choice; otherwise your own)");
  history_verb.option("--limit", history->limit, "How many").with_default();
  line.verb(ledger, "verify", "Add up every stored transfer again and check each invariant", verify_ledger);
  auto folder = std::make_shared<std::string>();
  line.verb(ledger, "audit", "Replay a stopped region's whole journal and check it, offline",
            [folder](Context& context) -> Result<ExitCode> {
              return exec_sibling("reeve-scheduler",
                                  {"--output", context.config().get("output"), "audit", *folder});
            })
      .option("dir", *folder, "The region's folder")
      .required();
  add_ledger_log_verbs(line, ledger);
}

}  // namespace reeve::client
