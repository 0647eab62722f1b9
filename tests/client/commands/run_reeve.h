#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "client/command_line.h"

namespace reeve::client {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

/// Runs a command line in a home where nobody has logged in.
inline Ran reeve(std::vector<const char*> args) {
  std::ostringstream out;
  std::ostringstream err;
  args.insert(args.begin(), "reeve");
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "REEVE_HOME") return ::testing::TempDir() + "reeve_nobody";
    return std::nullopt;
  };
  const Connector nowhere{[](const Connector::Target&) -> Result<std::unique_ptr<Transport>> {
                            return Error{ErrorCode::kUnreachable, "no way out of a test", ""};
                          },
                          [](const Connector::Target&) -> Result<std::unique_ptr<BulkTransport>> {
                            return Error{ErrorCode::kUnreachable, "no way out of a test", ""};
                          }};
  const int code =
      run(static_cast<int>(args.size()), args.data(), {out, err, false, false}, environment, nowhere);
  return {code, out.str(), err.str()};
}

}  // namespace reeve::client
