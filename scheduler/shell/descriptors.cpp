#include "scheduler/shell/descriptors.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace reeve::shell {

void Descriptor::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Error system_error(const std::string& what, int errno_value) {
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
  return Error{full ? ErrorCode::kExhausted : ErrorCode::kIo,
               what + ": " + std::generic_category().message(errno_value),
               full ? "free some disk space" : ""};
}

}  // namespace reeve::shell
