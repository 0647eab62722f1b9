#include "client/ledger/log_fetch.h"

#include <httplib.h>

#include <fstream>
#include <set>
#include <sstream>

#include "client/ledger/log_folder.h"

namespace reeve::client {
namespace {

constexpr time_t kPatience_s = 10;
constexpr int kMostPages = 1000;

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  const std::filesystem::path beside = path.string() + ".new";
  std::ofstream file(beside, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (file) std::filesystem::rename(beside, path, error);
  if (file && !error) return {};
  return Error{ErrorCode::kIo, path.string() + " could not be written",
               "look at the disk, or name another folder"};
}

/// Files of the server's, kept in the folder.
class Mirror {
 public:
  Mirror(const LogServer& server, std::filesystem::path folder)
      : server_(server), folder_(std::move(folder)) {}

  Result<void> bring(const tlog::TileName& name) {
    const std::filesystem::path path = folder_ / tlog::tile_path(name);
    std::error_code error;
    if (std::filesystem::exists(path, error)) return {};
    const Result<std::string> body = server_.get("/" + tlog::tile_path(name), tlog::kBundleBytes);
    if (!body) return body.error();
    ++files_;
    return write_file(path, *body);
  }
  std::uint64_t files() const { return files_; }

 private:
  const LogServer& server_;
  const std::filesystem::path folder_;
  std::uint64_t files_ = 0;
};

/// Removes the partial tiles of an earlier size that wider ones have taken the place of: no check reads them.
Result<void> drop_outgrown(const std::filesystem::path& folder, std::uint64_t before, std::uint64_t now) {
  std::set<std::string> partial;
  const auto note = [&partial](const tlog::TileName& name) -> Result<void> {
    if (name.width < tlog::kTileWidth) partial.insert(tlog::tile_path(name));
    return {};
  };
  const auto drop = [&partial, &folder](const tlog::TileName& name) -> Result<void> {
    const std::string path = tlog::tile_path(name);
    std::error_code ignored;
    if (name.width < tlog::kTileWidth && !partial.contains(path))
      std::filesystem::remove(folder / path, ignored);
    return {};
  };
  if (Result<void> done = tlog::for_each_tile(now, note); !done) return done;
  return tlog::for_each_tile(before, drop);
}

Error no_continuation(const tlog::Checkpoint& before, const tlog::Checkpoint& now) {
  return {ErrorCode::kCorrupt,
          "what " + now.origin + " publishes now (" + std::to_string(now.size) +
              " entries) is no continuation of the " + std::to_string(before.size) +
              " that the folder holds: the log was rewritten",
          "keep the folder: its checkpoint and the new one together are the proof"};
}

}  // namespace

Result<LogServer> LogServer::at(const std::string& url) {
  std::string address = url;
  if (address.find("://") == std::string::npos) address = "http://" + address;
  while (address.ends_with('/'))
    address.pop_back();
  if (!address.starts_with("http://") || address.find('/', 7) != std::string::npos || address.size() == 7)
    return Error{
        ErrorCode::kInvalid, "'" + url + "' is no address of a log",
        "for example http://127.0.0.1:7703; a log behind TLS is fetched by any other client of its files"};
  return LogServer(address);
}

Result<std::string> LogServer::get(const std::string& path, std::size_t most) const {
  httplib::Client client(address_);
  client.set_connection_timeout(kPatience_s);
  client.set_read_timeout(kPatience_s);
  std::string body;
  const auto answer = client.Get(path.c_str(), [&](const char* data, std::size_t size) {
    body.append(data, size);
    return body.size() <= most;
  });
  if (!answer)
    return Error{ErrorCode::kUnreachable, address_ + path + " does not answer",
                 "does the region run, and is ledger_listen in its region.toml this address?"};
  if (answer->status == 200) return body;
  return Error{answer->status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnreachable,
               address_ + path + ": status " + std::to_string(answer->status), "ask again in a moment"};
}

Result<tlog::Verifier> LogServer::vkey() const {
  Result<std::string> text = get("/vkey", 1024);
  if (!text) return text.error();
  if (text->ends_with('\n')) text->pop_back();
  return tlog::parse_vkey(*text);
}

Result<std::vector<std::uint64_t>> LogServer::entries_about(std::uint64_t attempt,
                                                            const std::string& name) const {
  httplib::Client client(address_);
  client.set_read_timeout(kPatience_s);
  std::vector<std::uint64_t> found;
  std::string query;
  for (int page = 0; page < kMostPages; ++page) {
    const auto answer = client.Get(("/about/" + std::to_string(attempt) + query).c_str());
    if (!answer || answer->status != 200)
      return Error{ErrorCode::kUnreachable,
                   address_ + " does not say what it has of attempt " + std::to_string(attempt),
                   "does the region run?"};
    std::istringstream lines(answer->body);
    std::uint64_t index = 0;
    for (std::string kind; lines >> index >> kind;)
      if (kind == name) found.push_back(index);
    const std::string before = answer->get_header_value("Reeve-Before");
    if (before.empty() || !found.empty()) break;
    query = "?before=" + before;
  }
  return found;
}

Result<tlog::Receipt> LogServer::receipt(std::uint64_t index) const {
  const Result<std::string> text = get("/receipt/" + std::to_string(index), tlog::kReceiptBytes);
  if (!text) return text.error();
  return tlog::parse_receipt(*text);
}

Result<Fetched> fetch_log(const LogServer& server, const std::filesystem::path& folder,
                          const tlog::Verifier& verifier) {
  const Result<std::string> note = server.get("/checkpoint", tlog::kNoteBytes);
  if (!note) return note.error();
  const Result<tlog::Checkpoint> checkpoint = tlog::open_checkpoint(*note, verifier);
  if (!checkpoint) return checkpoint.error();
  Fetched fetched{*checkpoint, std::nullopt, 0};
  if (std::filesystem::exists(folder / "checkpoint")) {
    const Result<tlog::Checkpoint> before = folder_checkpoint(folder, verifier);
    if (!before) return before.error();
    fetched.before = *before;
    if (before->size > checkpoint->size) return no_continuation(*before, *checkpoint);
  }
  Mirror mirror(server, folder);
  const auto bring = [&mirror](const tlog::TileName& name) { return mirror.bring(name); };
  if (Result<void> done = tlog::for_each_tile(checkpoint->size, bring); !done) return done.error();
  fetched.files = mirror.files();
  if (fetched.before) {
    const Result<Digest> root =
        tlog::tree_root(tlog::read_tiles(folder_tiles(folder), checkpoint->size), fetched.before->size);
    if (!root) return root.error();
    if (*root != fetched.before->root) return no_continuation(*fetched.before, *checkpoint);
  }
  if (Result<void> done = write_file(folder / "vkey", tlog::vkey_text(verifier) + "\n"); !done)
    return done.error();
  if (Result<void> done = write_file(folder / "checkpoint", *note); !done) return done.error();
  if (!fetched.before) return fetched;
  if (Result<void> done = drop_outgrown(folder, fetched.before->size, checkpoint->size); !done)
    return done.error();
  return fetched;
}

}  // namespace reeve::client
