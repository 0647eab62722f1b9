#pragma once

#include <string>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// Becomes another program of Reeve: the one beside this executable, or else the one on PATH. Returns only
/// when that failed.
Error exec_sibling(const std::string& program, const std::vector<std::string>& args);

/// Runs a program from PATH without input or output and waits for it. Returns its exit status.
/// kNotFound: there is no such program.
Result<int> run_quietly(const std::string& program, const std::vector<std::string>& args);

/// True once Ctrl-C was pressed after watch_interrupts(). A second Ctrl-C ends the process as usual.
void watch_interrupts();
bool interrupted();

}  // namespace reeve::client
