#pragma once

#include <cstdint>

#include "agent/image/reader.h"
#include "agent/image/root_folder.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent::image {

/// What the layers of one image may still take, all together.
struct Budget {
  std::uint64_t entries = 0;
  std::uint64_t stream_bytes = 0;  // of tar archives, once they are unpacked
  std::uint64_t file_bytes = 0;    // of files, by the sizes that they say: holes cost no bytes of a stream
};

struct LayerDigests {
  Digest stored;    // of the layer as it came
  Digest unpacked;  // of the tar archive that it is
};

/// Applies one layer, a tar archive as it is or packed with gzip or zstd, to a root. Whiteouts hide what
/// earlier layers have. Left out: devices, pipes and sockets; owners; the modes setuid, setgid and sticky;
/// extended attributes. The digests are the caller's to compare.
/// Errors: kInvalid, naming the path; kExhausted where the budget does not suffice; kIo.
Result<LayerDigests> apply_layer(const Pull& stored, RootFolder& root, Budget& budget);

}  // namespace reeve::agent::image
