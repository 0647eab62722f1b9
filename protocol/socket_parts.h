#pragma once

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "protocol/bytes.h"
#include "protocol/check.h"
#include "protocol/units.h"

/// What the files that wrap libzmq share. Nobody else includes it.
namespace reeve::net {

template <class T>
void set_option(void* socket, int option, const T& value) {
  REEVE_CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0,
              "libzmq knows the option and its value");
}

inline void set_bytes(void* socket, int option, ByteView value) {
  REEVE_CHECK(zmq_setsockopt(socket, option, value.data(), value.size()) == 0,
              "libzmq knows the option and its value");
}

/// Rounded up, so that a short wait is never none.
inline int milliseconds_of(Duration duration) {
  const std::int64_t ms = (std::max<std::int64_t>(duration.ns, 0) + 999'999) / 1'000'000;
  return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

/// True when the socket has one of `events` (ZMQ_POLLIN, ZMQ_POLLOUT) within the time.
inline bool wait_for(void* socket, short events, Duration timeout) {
  zmq_pollitem_t item{socket, 0, events, 0};
  return zmq_poll(&item, 1, milliseconds_of(timeout)) > 0;
}

}  // namespace reeve::net
