#pragma once

#include <string>
#include <utility>

#include "protocol/result.h"

/// File descriptors that close themselves, and what the operating system says.
namespace reeve::shell {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// "path: No such file or directory", kIo (kExhausted for a full disk).
Error system_error(const std::string& what, int errno_value);

}  // namespace reeve::shell
