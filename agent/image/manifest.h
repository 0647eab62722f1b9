#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/image/blob_archive.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent::image {

/// One layer of an image.
///   stored    digest of its bytes in the archive; none where the archive does not tell
///   unpacked  digest of the tar archive that comes out of them
struct LayerRef {
  std::string name;
  std::optional<Digest> stored;
  Digest unpacked;
};

/// What an image says of itself, lowest layer first. Entrypoint, command, user and working directory are not
/// read: a step has its own.
struct Manifest {
  std::vector<LayerRef> layers;
  std::vector<std::string> environment;  // NAME=VALUE
};

/// Reads the documents of an OCI layout (image-spec 1.1: index, manifest, config) or of docker save
/// (manifest.json), and checks their digests. Of several platforms this machine's is taken.
/// Errors: kInvalid, naming the document.
Result<Manifest> read_manifest(const BlobArchive& archive);

}  // namespace reeve::agent::image
