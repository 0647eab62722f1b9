#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/result.h"

namespace reeve::agent {

/// JSON for the machine's own people and monitors, on 127.0.0.1 alone: /1/summary and /healthz.
class LocalHttp {
 public:
  /// kConflict names a port in use.
  static Result<std::unique_ptr<LocalHttp>> start(std::uint16_t port);
  ~LocalHttp();

  /// What is served from now on.
  void show(std::string summary, bool healthy);

 private:
  struct Server;
  explicit LocalHttp(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace reeve::agent
