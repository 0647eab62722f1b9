#include "client/context.h"

#include "client/quantities.h"

namespace reeve::client {
namespace {

constexpr Duration kBulkPatience = seconds(60);  // a region that restarts is back by then

}  // namespace

Result<Duration> Context::timeout() const {
  auto timeout = parse_duration(config_.get("timeout"));
  if (!timeout)
    return Error{ErrorCode::kInvalid, "timeout: " + timeout.error().message, timeout.error().hint};
  return timeout;
}

Result<const Login*> Context::login() {
  if (!login_) {
    auto loaded = load_login(config_);
    if (!loaded) return loaded.error();
    login_ = std::move(*loaded);
  }
  return &*login_;
}

Result<Connection*> Context::region() {
  if (!region_) {
    auto who = login();
    if (!who) return who.error();
    auto opened = connect((*who)->region, (*who)->transport);
    if (!opened) return opened.error();
    region_ = std::move(*opened);
  }
  return &*region_;
}

Result<BulkClient*> Context::bulk() {
  if (!bulk_) {
    auto connection = region();
    if (!connection) return connection.error();
    RegionAddress address = login_->region;
    address.port = static_cast<std::uint16_t>((*connection)->welcome().bulk_port);
    auto transport = connector_.bulk({address, login_->transport, kBulkPatience});
    if (!transport) return transport.error();
    bulk_.emplace(std::move(*transport), kBulkPatience);
  }
  return &*bulk_;
}

Result<Connection> Context::connect(const RegionAddress& region, const TransportPair& keys) const {
  const auto patience = timeout();
  if (!patience) return patience.error();
  auto transport = connector_.control({region, keys, *patience});
  if (!transport) return transport.error();
  return Connection::open(std::move(*transport), *patience);
}

}  // namespace reeve::client
