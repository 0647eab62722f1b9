#include "scheduler/shell/region_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "protocol/key_files.h"
#include "scheduler/core/events.h"
#include "scheduler/shell/clock.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {
namespace {

namespace fs = std::filesystem;

Result<void> make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return system_error(path.string(), error.value());
  if (mkdir((path / "keys").c_str(), 0700) != 0 && errno != EEXIST)
    return system_error((path / "keys").string(), errno);
  return {};
}

Result<void> write_settings(const fs::path& file, const RegionSettings& settings) {
  std::ofstream out(file);
  out << settings_text(settings);
  out.close();
  if (!out) return Error{ErrorCode::kIo, file.string() + " could not be written", "look at the disk"};
  return {};
}

Result<void> write_first_event(const std::string& journal_path, const RegionSettings& settings,
                               const Identity& identity, const TransportPair& transport) {
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(journal_path);
  if (!journal) return journal.error();
  core::RegionCreated created;
  created.name = settings.name;
  created.policy = settings.policy;
  created.operator_identity = identity.public_key();
  created.operator_transport = transport.public_key();
  created.at = wall_now();
  JournalRow row{1, 1, {}};
  frame_event(row.events, core::encode_event(core::Event(created)));
  return (*journal)->append(std::span(&row, 1));
}

Result<Descriptor> take_lock(const fs::path& path) {
  const std::string file = (path / "lock").string();
  Descriptor fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.open()) return system_error(file, errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::kConflict, path.string() + " is in use by another reeve-scheduler",
                 "stop that one first; a region has one scheduler"};
  return fd;
}

}  // namespace

Result<void> init_region(const fs::path& path, const RegionSettings& settings) {
  if (fs::exists(path / "region.toml") || fs::exists(path / "journal.db"))
    return Error{ErrorCode::kConflict, path.string() + " holds a region already",
                 "choose another folder, or `reeve region serve` this one"};
  if (Result<void> done = make_folders(path); !done) return done;
  const Identity identity = Identity::create();
  const TransportPair transport = TransportPair::create();
  const fs::path keys = path / "keys";
  if (Result<void> done = save_transport(keys / "server.key", TransportPair::create()); !done) return done;
  if (Result<void> done = save_secret(keys / "region.secret", random_secret()); !done) return done;
  if (Result<void> done = save_identity(keys / "operator.key", identity); !done) return done;
  if (Result<void> done = save_transport(keys / "operator.transport.key", transport); !done) return done;
  if (Result<void> done = write_first_event((path / "journal.db").string(), settings, identity, transport);
      !done)
    return done;
  return write_settings(path / "region.toml", settings);
}

Result<RegionDir> open_region(const fs::path& path) {
  if (!fs::exists(path / "region.toml"))
    return Error{ErrorCode::kNotFound, path.string() + " holds no region",
                 "`reeve region init " + path.string() + "` makes one"};
  Result<Descriptor> lock = take_lock(path);
  if (!lock) return lock.error();
  Result<RegionSettings> settings = load_settings(path / "region.toml");
  if (!settings) return settings.error();
  Result<TransportPair> server = load_transport(path / "keys" / "server.key");
  if (!server) return server.error();
  Result<SecretBytes> secret = load_secret(path / "keys" / "region.secret");
  if (!secret) return secret.error();
  return RegionDir{path, std::move(*settings), std::move(*server), std::move(*secret), std::move(*lock)};
}

Result<Identity> load_or_make_log_key(const fs::path& path) {
  const fs::path file = path / "keys" / "log.key";
  Result<Identity> key = load_identity(file);
  if (key || key.error().code != ErrorCode::kNotFound) return key;
  const Identity made = Identity::create();
  if (Result<void> saved = save_identity(file, made); !saved) return saved.error();
  return made;
}

}  // namespace reeve::shell
