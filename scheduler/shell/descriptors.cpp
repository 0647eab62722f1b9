#include "scheduler/shell/descriptors.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "protocol/check.h"

namespace reeve::shell {

void Descriptor::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Bell::Bell() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  REEVE_CHECK(fd_.open(), "an eventfd can be had");
}

void Bell::ring() const {
  const std::uint64_t one = 1;
  // A full counter (EAGAIN) means that the bell rings already.
  const ssize_t written = write(fd_.get(), &one, sizeof one);
  REEVE_CHECK(written == sizeof one || errno == EAGAIN, "an eventfd takes a ring");
}

void Bell::clear() const {
  std::uint64_t rings = 0;
  const ssize_t got = read(fd_.get(), &rings, sizeof rings);
  REEVE_CHECK(got == sizeof rings || errno == EAGAIN, "an eventfd gives its rings");
}

Error system_error(const std::string& what, int errno_value) {
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
  return Error{full ? ErrorCode::kExhausted : ErrorCode::kIo,
               what + ": " + std::generic_category().message(errno_value),
               full ? "free some disk space" : ""};
}

}  // namespace reeve::shell
