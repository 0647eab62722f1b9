#include "agent/shell/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace reeve::agent {

Error file_error(const std::string& what, const std::filesystem::path& path) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  const char* hint = errno == ENOSPC   ? "free some space on that disk"
                     : errno == EACCES ? "run as the user who owns it, or choose another --home"
                                       : "";
  return {code, "cannot " + what + " " + path.string() + ": " + std::strerror(errno), hint};
}

Result<Bytes> read_file(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error("open", path);
  struct stat status {};
  fstat(fd, &status);
  Bytes bytes(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = read(fd, bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  close(fd);
  if (have < bytes.size()) return file_error("read", path);
  return bytes;
}

Result<void> write_all(int fd, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return file_error("write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> replace_file(const std::filesystem::path& path, ByteView bytes, unsigned mode) {
  const std::filesystem::path aside = path.string() + ".new";
  const int fd = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return file_error("create", aside);
  Result<void> written = write_all(fd, bytes, aside);
  if (written && fsync(fd) != 0) written = file_error("sync", aside);
  close(fd);
  if (written && rename(aside.c_str(), path.c_str()) != 0) written = file_error("rename", aside);
  if (!written) unlink(aside.c_str());
  return written;
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return file_error("open", folder);
  const int failed = fsync(fd);
  close(fd);
  if (failed != 0) return file_error("sync", folder);
  return {};
}

}  // namespace reeve::agent
