#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "protocol/result.h"

/// File descriptors that close themselves, and the one way in which a thread wakes the loop.
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

/// An eventfd: any thread rings, one thread polls fd() and clears. Rings that nobody cleared are one.
class Bell {
 public:
  Bell();
  void ring() const;
  void clear() const;
  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
};

/// "path: No such file or directory", kIo (kExhausted for a full disk).
Error system_error(const std::string& what, int errno_value);

}  // namespace reeve::shell
