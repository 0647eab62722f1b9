#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "client/bulk.h"
#include "client/config.h"
#include "client/connection.h"
#include "client/login.h"
#include "client/output.h"

namespace reeve::client {

/// Opens ways to a region. Tests hand in their own.
struct Connector {
  struct Target {
    RegionAddress region;
    TransportPair keys;
    Duration patience;  // how long a message may wait for a connection
  };
  std::function<Result<std::unique_ptr<Transport>>(const Target& target)> control;
  std::function<Result<std::unique_ptr<BulkTransport>>(const Target& target)> bulk;
};

/// What a verb works with: settings, output, and the region, spoken to at first use.
class Context {
 public:
  Context(Output& output, const Config& config, Environment environment, Connector connector)
      : output_(output),
        config_(config),
        environment_(std::move(environment)),
        connector_(std::move(connector)) {}

  Output& output() { return output_; }
  const Config& config() const { return config_; }
  const Environment& environment() const { return environment_; }
  const Connector& connector() const { return connector_; }
  /// The setting `timeout`, parsed.
  Result<Duration> timeout() const;

  Result<const Login*> login();
  /// The conversation with the login's region.
  Result<Connection*> region();
  /// Its blobs.
  Result<BulkClient*> bulk();
  /// A conversation in other words: as a stranger with an invitation.
  Result<Connection> connect(const RegionAddress& region, const TransportPair& keys) const;

 private:
  Output& output_;
  const Config& config_;
  Environment environment_;
  Connector connector_;
  std::optional<Login> login_;
  std::optional<Connection> region_;
  std::optional<BulkClient> bulk_;
};

}  // namespace reeve::client
