#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "agent/shell/agent_config.h"

namespace reeve::agent {

/// What was said on the command line.
struct Command {
  std::filesystem::path home;
  std::string output = "table";
  std::string token;
  std::string length;
  bool now = false;
  AgentSettings settings;
  std::uint16_t http_port = 0;
};

// Each returns the exit code: 0 ok, 1 failed, 2 usage, 3 unreachable, 4 not allowed, 5 not found, 6 timeout.
int run_join(const Command& command);
int run_status(const Command& command);
int run_pause(const Command& command);
int run_resume(const Command& command);
int run_devices(const Command& command);
int run_leave(const Command& command);

}  // namespace reeve::agent
