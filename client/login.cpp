#include "client/login.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "client/quantities.h"
#include "client/render_template.h"
#include "protocol/key_files.h"

namespace reeve::client {
namespace {

constexpr std::uintmax_t kInvitationFileBytes = 4096;

Result<RegionAddress> read_address(const std::string& endpoint, const std::string& server_key,
                                   const std::filesystem::path& file) {
  RegionAddress region;
  if (auto parsed = parse_endpoint(endpoint, region); !parsed) return parsed.error();
  if (!from_hex(server_key, region.server.bytes)) {
    return Error{ErrorCode::kInvalid, file.string() + ": server_key is not 64 hex digits",
                 "log in again with a fresh invitation"};
  }
  return region;
}

Result<Login> load_operator(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "region.toml";
  auto values = read_toml(file);
  if (!values) return values.error();
  if (values->empty()) {
    return Error{ErrorCode::kNotFound, "there is no region in " + folder.string(),
                 "make one with `reeve region init DIR`"};
  }
  auto server = load_transport(folder / "keys" / "server.key");
  if (!server) return server.error();
  auto transport = load_transport(folder / "keys" / "operator.transport.key");
  if (!transport) return transport.error();
  RegionAddress region;
  if (auto parsed = parse_endpoint((*values)["listen"], region); !parsed) return parsed.error();
  if (region.host == "0.0.0.0" || region.host == "*") region.host = "127.0.0.1";
  if (region.host == "::") region.host = "::1";
  region.server = server->public_key();
  return Login{region, (*values)["name"], "operator", *transport, folder / "keys" / "operator.key"};
}

Result<Login> load_user(const std::filesystem::path& home) {
  const std::filesystem::path file = home / "region.toml";
  if (!logged_in(home)) {
    return Error{
        ErrorCode::kNotFound, "nobody has logged in to a region from " + home.string(),
        "run `reeve login INVITATION`, or name a region's folder with --region DIR if you operate it"};
  }
  auto values = read_toml(file);
  if (!values) return values.error();
  auto region = read_address((*values)["endpoint"], (*values)["server_key"], file);
  if (!region) return region.error();
  auto transport = load_transport(home / "transport.key");
  if (!transport) return transport.error();
  return Login{*region, (*values)["region"], (*values)["role"], *transport, home / "identity.key"};
}

Error cannot_write(const std::filesystem::path& path) {
  return {ErrorCode::kIo, "cannot write " + path.string() + ": " + std::generic_category().message(errno),
          "check the folder and its permissions"};
}

}  // namespace

Result<Login> load_login(const Config& config) {
  const std::string& folder = config.get("region_dir");
  if (!folder.empty()) return load_operator(folder);
  std::error_code unknown;
  if (std::filesystem::exists("keys/operator.key", unknown)) return load_operator(".");
  return load_user(config.home());
}

Result<HomeKeys> ensure_home_keys(const std::filesystem::path& home) {
  std::error_code failed;
  std::filesystem::create_directories(home, failed);
  if (failed)
    return Error{ErrorCode::kIo, "cannot make " + home.string() + ": " + failed.message(),
                 "choose another --home"};
  std::filesystem::permissions(home, std::filesystem::perms::owner_all, failed);
  const std::filesystem::path identity_file = home / "identity.key";
  const std::filesystem::path transport_file = home / "transport.key";
  if (!std::filesystem::exists(identity_file)) {
    if (auto saved = save_identity(identity_file, Identity::create()); !saved) return saved.error();
  }
  if (!std::filesystem::exists(transport_file)) {
    if (auto saved = save_transport(transport_file, TransportPair::create()); !saved) return saved.error();
  }
  auto identity = load_identity(identity_file);
  if (!identity) return identity.error();
  auto transport = load_transport(transport_file);
  if (!transport) return transport.error();
  return HomeKeys{*identity, *transport};
}

bool logged_in(const std::filesystem::path& home) {
  std::error_code unknown;
  return std::filesystem::exists(home / "region.toml", unknown);
}

Result<void> save_login(const std::filesystem::path& home, const RegionAddress& region,
                        const std::string& region_name, Role role) {
  const std::filesystem::path file = home / "region.toml";
  const std::filesystem::path fresh = home / "region.toml.new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    out << "endpoint = " << yaml_quoted(endpoint_text(region)) << "\nserver_key = \""
        << to_hex(region.server.bytes) << "\"\nregion = " << yaml_quoted(region_name) << "\nrole = \""
        << role_name(role) << "\"\n";
    out.flush();
    if (!out) return cannot_write(fresh);
  }
  std::error_code failed;
  std::filesystem::rename(fresh, file, failed);
  if (failed)
    return Error{ErrorCode::kIo, "cannot write " + file.string() + ": " + failed.message(),
                 "check the folder"};
  return {};
}

std::string endpoint_text(const RegionAddress& region) {
  const bool bare_ipv6 = region.host.find(':') != std::string::npos;
  return (bare_ipv6 ? "[" + region.host + "]" : region.host) + ":" + std::to_string(region.port);
}

Result<void> parse_endpoint(std::string_view text, RegionAddress& region) {
  const std::size_t colon = text.rfind(':');
  const Error bad{ErrorCode::kInvalid, "endpoint '" + std::string(text) + "' is not HOST:PORT",
                  "write it as 127.0.0.1:7700 or [::1]:7700"};
  if (colon == std::string_view::npos || colon == 0) return bad;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = parse_number(text.substr(colon + 1), 65535, "port");
  if (!port || *port == 0 || host.empty()) return bad;
  region.host = host;
  region.port = static_cast<std::uint16_t>(*port);
  return {};
}

Result<Invitation> read_invitation(const std::string& given, const Environment& environment) {
  std::string text = given;
  if (text.empty()) text = environment("REEVE_TOKEN").value_or("");
  if (text.empty()) {
    return Error{
        ErrorCode::kInvalid, "no invitation was given",
        "pass it, or @FILE, or set REEVE_TOKEN; the region's operator makes one with `reeve region invite`"};
  }
  if (text.front() == '@') {
    std::ifstream file(text.substr(1));
    std::string content(kInvitationFileBytes, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.empty())
      return Error{ErrorCode::kNotFound, "cannot read the invitation in " + text.substr(1), "check the path"};
    text = content.substr(0, content.find_first_of(" \r\n"));
  }
  return parse_invitation(text);
}

}  // namespace reeve::client
