#pragma once

#include <string_view>

namespace reeve::shell {

/// Tells the service manager that started this process how it stands ("READY=1", "STOPPING=1"), as
/// sd_notify(3) describes it: a datagram to the socket that $NOTIFY_SOCKET names. Does nothing without one.
/// Returns true when the datagram was sent.
bool notify_service_manager(std::string_view state);

}  // namespace reeve::shell
