#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>

#include "agent/image/unpack.h"

/// reeve-unpack-image ARCHIVE FOLDER BYTES: unpacks an image, at most so many bytes of it. Run by a worker in
/// a sandbox, for the archive is a stranger's. Says what is wrong in one line, and its remedy in another;
/// ends with 0, with 1 where the image is at fault, with 3 where it is too large, and with 2 for any other
/// reason.
int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "reeve-unpack-image is started by reeve-worker\n");
    return 2;
  }
  umask(0);
  const auto done = reeve::agent::image::unpack_image(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
  if (done) return 0;
  std::printf("%s\n%s\n", done.error().message.c_str(), done.error().hint.c_str());
  switch (done.error().code) {
    case reeve::ErrorCode::kInvalid: return 1;
    case reeve::ErrorCode::kExhausted: return 3;
    default: return 2;
  }
}
