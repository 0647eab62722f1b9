#pragma once

#include <filesystem>

#include "protocol/keys.h"
#include "scheduler/shell/descriptors.h"
#include "scheduler/shell/policy_file.h"

namespace reeve::shell {

/// A region's folder (docs/formats/region.md).
struct RegionDir {
  std::filesystem::path path;
  RegionSettings settings;
  TransportPair server_key;
  SecretBytes secret;
  Descriptor lock;  // held as long as the folder is in use

  std::string journal() const { return (path / "journal.db").string(); }
  std::string view() const { return (path / "view.db").string(); }
  std::filesystem::path blobs() const { return path / "blobs"; }
  std::filesystem::path logs() const { return path / "logs"; }
  std::filesystem::path ledger() const { return path / "ledger"; }
};

/// Makes the folder with keys, settings and a journal that holds the region's first event. kConflict when it
/// holds a region already.
Result<void> init_region(const std::filesystem::path& path, const RegionSettings& settings);

/// Takes the folder for this process. kConflict: another one serves it. kNotFound: no region there.
Result<RegionDir> open_region(const std::filesystem::path& path);

/// The key that signs the region's transparent log; a region of an earlier release gets one.
Result<Identity> load_or_make_log_key(const std::filesystem::path& path);

}  // namespace reeve::shell
