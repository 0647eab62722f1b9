#include "scheduler/shell/journal.h"

#include "protocol/archive.h"

namespace reeve::shell {

void frame_event(Bytes& row, ByteView event) {
  std::uint64_t length = event.size();
  while (length >= 0x80) {
    row.push_back(static_cast<std::uint8_t>(length | 0x80));
    length >>= 7;
  }
  row.push_back(static_cast<std::uint8_t>(length));
  row.insert(row.end(), event.begin(), event.end());
}

}  // namespace reeve::shell
