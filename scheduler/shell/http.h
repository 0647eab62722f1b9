#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "protocol/result.h"

namespace reeve::shell {

/// HTTP on 127.0.0.1, read-only, as the operator sees the region: /healthz, /metrics, /api/v1/….
class HttpServer {
 public:
  struct Pages {
    std::function<std::string()> metrics;
    std::function<std::string(const std::string& target, int& status)> api;
  };

  /// kConflict names a port in use.
  static Result<std::unique_ptr<HttpServer>> start(std::uint16_t port, Pages pages);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace reeve::shell
