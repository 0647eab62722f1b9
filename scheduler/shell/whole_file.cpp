#include "scheduler/shell/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "scheduler/shell/descriptors.h"

namespace reeve::shell {
namespace {

constexpr std::size_t kMostBytes = 16U << 20;

}  // namespace

Result<std::optional<Bytes>> read_whole_file(const std::filesystem::path& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open() && errno == ENOENT) return std::optional<Bytes>();
  if (!fd.open()) return system_error(path.string(), errno);
  Bytes bytes;
  std::array<std::uint8_t, 1U << 16> part;
  for (;;) {
    const ssize_t n = read(fd.get(), part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path.string(), errno);
    if (n == 0) return std::optional(std::move(bytes));
    bytes.insert(bytes.end(), part.begin(), part.begin() + n);
    if (bytes.size() > kMostBytes)
      return Error{ErrorCode::kCorrupt, path.string() + " is larger than such a file can be", "restore it"};
  }
}

Result<void> replace_whole_file(const std::filesystem::path& path, ByteView bytes) {
  const std::string beside = path.string() + ".new";
  const Descriptor fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.open()) return system_error(beside, errno);
  for (ByteView left = bytes; !left.empty();) {
    const ssize_t n = write(fd.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(beside, errno);
    left = left.subspan(static_cast<std::size_t>(n));
  }
  if (fdatasync(fd.get()) != 0) return system_error(beside, errno);
  if (std::rename(beside.c_str(), path.c_str()) != 0) return system_error(path.string(), errno);
  return {};
}

}  // namespace reeve::shell
