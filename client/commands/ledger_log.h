#pragma once

#include "client/command_line.h"

namespace reeve::client {

/// The verbs of `reeve ledger` that are about the transparent log: fetch, receipt, check.
void add_ledger_log_verbs(CommandLine& line, const Verb& ledger);

}  // namespace reeve::client
