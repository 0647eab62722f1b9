#include "scheduler/shell/policy_file.h"

#include <toml++/toml.h>

#include <charconv>
#include <functional>
#include <sstream>
#include <vector>

namespace reeve::shell {
namespace {

/// One key of a table: how it reads, writes, and what it is for.
struct Key {
  const char* name;
  const char* meaning;
  std::int64_t least;
  std::int64_t most;
  std::function<std::int64_t()> get;
  std::function<void(std::int64_t)> set;
};

template <class Number>
Key number_key(const char* name, const char* meaning, std::int64_t least, std::int64_t most, Number& field) {
  return {name,
          meaning,
          least,
          most,
          [&field] { return static_cast<std::int64_t>(field); },
          [&field](std::int64_t value) { field = static_cast<Number>(value); }};
}

Key time_key(const char* name, const char* meaning, std::int64_t unit_ns, std::int64_t most,
             Duration& field) {
  return {name,
          meaning,
          1,
          most,
          [&field, unit_ns] { return field.ns / unit_ns; },
          [&field, unit_ns](std::int64_t value) { field.ns = value * unit_ns; }};
}

constexpr std::uint16_t kMostPort = 65532;  // the three behind it are bulk data, HTTP and the log
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kMoney = 1'000'000'000'000'000;

std::vector<Key> region_keys(RegionSettings& s) {
  return {number_key("http_port", "on 127.0.0.1: /healthz, /metrics, /api/v1", 1, 65535, s.http_port),
          number_key("disk_reserve_mib", "with less disk left, new work and blobs are refused", 0, 1 << 30,
                     s.disk_reserve_mib),
          number_key("retention_days", "results are kept this long", 1, 36500, s.retention_days),
          number_key("upload_quota_mib", "what a requester may have sent that no job names yet", 1, 1 << 30,
                     s.upload_quota_mib),
          number_key("strangers_per_minute", "keys nobody enrolled that may knock", 1, 1'000'000,
                     s.strangers_per_minute),
          number_key("log_mib", "of what tasks write; the oldest logs go first; 0: none are kept", 0, 1 << 30,
                     s.log_mib),
          number_key("ledger_log", "1: the ledger's entries go into a transparent log; 0: none is kept", 0, 1,
                     s.ledger_log)};
}

std::vector<Key> policy_keys(core::Policy& p) {
  return {
      number_key("probation_tasks", "an owner's first tasks are all run by a second owner", 0, 100'000,
                 p.probation_tasks),
      number_key("floor_ppm", "of all later tasks, in millionths", 0, 1'000'000, p.floor_ppm),
      number_key("strikes", "disproved results until an owner is convicted", 1, 1000, p.strikes),
      number_key("vest_tasks", "an accepted task vests once its owner had this many after it", 0, 10'000'000,
                 p.vest_tasks),
      time_key("vest_age_h", "or after this long", kHour, 24 * 365, p.vest_age),
      time_key("lease_s", "renewed by heartbeats", kSecond, 86400, p.lease),
      time_key("agent_timeout_s", "silence after which an agent's work returns", kSecond, 86400,
               p.agent_timeout),
      time_key("opening_deadline_s", "to open a disputed result", kSecond, 86400, p.opening_deadline),
      time_key("upload_deadline_s", "to upload an accepted result", kSecond, 86400, p.upload_deadline),
      time_key("work_in_hand_ms", "expected work per agent beyond one task a slot", kMs, 3'600'000,
               p.work_in_hand),
      number_key("base_price_micro", "micro-credits per accepted task", 0, kMoney, p.base_price),
      number_key("work_price_per_1e12", "micro-credits per 10^12 units of leaf work", 0, kMoney,
                 p.work_price_per_1e12),
      number_key("fee_bp", "the operator's share in basis points", 0, 10'000, p.fee_bp),
      number_key("escrow_window_tasks", "tasks whose worst case is held at a time", 1, 10'000'000,
                 p.escrow_window_tasks),
      number_key("stake_target_micro", "withheld from an owner's first earnings", 0, kMoney, p.stake_target),
      number_key("open_jobs_per_requester", "", 1, 100'000'000, p.open_jobs_per_requester),
      number_key("agents_per_owner", "", 1, 1'000'000, p.agents_per_owner)};
}

void write_keys(std::ostringstream& out, const std::vector<Key>& keys) {
  for (const Key& key : keys) {
    out << key.name << " = " << key.get();
    if (*key.meaning != '\0') out << "  # " << key.meaning;
    out << "\n";
  }
}

Error bad_key(std::string_view name, const std::string& what) {
  return {ErrorCode::kInvalid, "region.toml: " + std::string(name) + ": " + what, "mend region.toml"};
}

Result<void> read_keys(const toml::table& table, const std::vector<Key>& keys,
                       const std::vector<std::string_view>& others) {
  for (const auto& [name, node] : table) {
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& each) { return name.str() == each.name; });
    if (key == keys.end()) {
      if (std::find(others.begin(), others.end(), name.str()) == others.end())
        return bad_key(name.str(), "no such setting");
      continue;
    }
    const auto value = node.value<std::int64_t>();
    if (!value || *value < key->least || *value > key->most)
      return bad_key(name.str(), "must be a whole number from " + std::to_string(key->least) + " to " +
                                     std::to_string(key->most));
    key->set(*value);
  }
  return {};
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

/// "HOST:PORT", an IPv6 host in brackets.
Result<Address> parse_address(const char* key, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  const std::string_view digits = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (colon == 0 || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || port == 0 ||
      port > kMostPort)
    return Error{ErrorCode::kInvalid, std::string(key) + ": '" + std::string(text) + "' is not HOST:PORT",
                 "for example 127.0.0.1:7700"};
  std::string host(text.substr(0, colon));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return Address{std::move(host), port};
}

std::string address_text(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

Result<void> parse_listen(std::string_view text, RegionSettings& settings) {
  Result<Address> address = parse_address("listen", text);
  if (!address) return address.error();
  settings.host = std::move(address->host);
  settings.port = address->port;
  return {};
}

std::string settings_text(const RegionSettings& settings) {
  RegionSettings copy = settings;
  std::ostringstream out;
  out << "# A Reeve region. Changes take effect at the next start.\n";
  out << "name = " << toml::value<std::string>(copy.name) << "\n";
  out << "listen = \"" << address_text(copy.host, copy.port) << "\"  # control; bulk data on the next port\n";
  out << "ledger_listen = \"" << address_text(copy.ledger_host, copy.ledger_port)
      << "\"  # HTTP: the transparent log, for everybody\n";
  write_keys(out, region_keys(copy));
  out << "\n[policy]  # journaled when it changes: what was decided before keeps the rules it was decided "
         "by\n";
  write_keys(out, policy_keys(copy.policy));
  return out.str();
}

Result<RegionSettings> load_settings(const std::filesystem::path& file) {
  RegionSettings settings;
  try {
    const toml::table table = toml::parse_file(file.string());
    const auto name = table["name"].value<std::string>();
    const auto listen = table["listen"].value<std::string>();
    if (!name || name->empty() || name->size() > 64) return bad_key("name", "must be 1 to 64 characters");
    if (!listen) return bad_key("listen", "must be \"HOST:PORT\"");
    settings.name = *name;
    if (Result<void> done = parse_listen(*listen, settings); !done) return done.error();
    settings.http_port = static_cast<std::uint16_t>(settings.port + 2);
    settings.ledger_port = static_cast<std::uint16_t>(settings.port + 3);
    if (table.contains("ledger_listen")) {
      Result<Address> address =
          parse_address("ledger_listen", table["ledger_listen"].value_or(std::string()));
      if (!address) return address.error();
      settings.ledger_host = std::move(address->host);
      settings.ledger_port = address->port;
    }
    Result<void> read =
        read_keys(table, region_keys(settings), {"name", "listen", "ledger_listen", "policy"});
    if (!read) return read.error();
    if (const toml::table* policy = table["policy"].as_table()) {
      read = read_keys(*policy, policy_keys(settings.policy), {});
      if (!read) return read.error();
    }
    return settings;
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << "region.toml: line " << error.source().begin.line << ": " << error.description();
    return Error{ErrorCode::kInvalid, where.str(), "mend region.toml"};
  }
}

}  // namespace reeve::shell
