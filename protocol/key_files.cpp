#include "protocol/key_files.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

namespace reeve {
namespace {

constexpr std::size_t kLongestFile = 4096;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error io_error(const std::filesystem::path& path, const char* doing) {
  const std::string reason = std::generic_category().message(errno);
  return {ErrorCode::kIo, std::string("cannot ") + doing + " key file " + path.string() + ": " + reason, ""};
}

Result<void> sync_folder(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open() || ::fsync(fd.get()) != 0) return io_error(path, "sync the folder of");
  return {};
}

Result<void> write_new(const std::filesystem::path& path, const std::string& text) {
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.open() && errno == EEXIST) {
    return Error{ErrorCode::kConflict, "key file " + path.string() + " exists already",
                 "a key is never overwritten: move the file away first if you want another"};
  }
  if (!fd.open()) return io_error(path, "create");
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t n = ::write(fd.get(), text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return io_error(path, "write");
    at += static_cast<std::size_t>(n);
  }
  if (::fsync(fd.get()) != 0) return io_error(path, "sync");
  return sync_folder(path);
}

Result<std::string> read_private(const std::filesystem::path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open() && errno == ENOENT)
    return Error{ErrorCode::kNotFound, "there is no key file " + path.string(), ""};
  struct stat about {};
  if (!fd.open() || ::fstat(fd.get(), &about) != 0) return io_error(path, "open");
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{ErrorCode::kNotAllowed, "others than you may read the private key " + path.string(),
                 "chmod 600 " + path.string()};
  }
  std::string text(kLongestFile + 1, '\0');
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  if (n < 0) return io_error(path, "read");
  text.resize(static_cast<std::size_t>(n));
  return text;
}

std::optional<std::string> text_of(const toml::table& table, const char* name) {
  return table[name].value<std::string>();
}

struct KeyFile {
  SecretBytes secret;
  std::string shown;  // the public half, as written
};

Result<KeyFile> parse_key(const std::filesystem::path& path, const std::string& text,
                          const std::string& kind) {
  const Error wrong{ErrorCode::kInvalid, path.string() + " is no key file of kind '" + kind + "'",
                    "it has kind = \"" + kind + "\" and secret = \"64 hexadecimal digits\""};
  if (text.size() > kLongestFile) return wrong;
  try {
    const toml::table table = toml::parse(text);
    std::array<std::uint8_t, 32> bytes;
    if (text_of(table, "kind") != kind || !from_hex(text_of(table, "secret").value_or(""), bytes))
      return wrong;
    KeyFile file{SecretBytes(bytes), text_of(table, "public").value_or("")};
    sodium_memzero(bytes.data(), bytes.size());
    return file;
  } catch (const toml::parse_error&) {
    return wrong;
  }
}

Result<KeyFile> load_key(const std::filesystem::path& path, const std::string& kind) {
  auto text = read_private(path);
  if (!text) return text.error();
  auto file = parse_key(path, *text, kind);
  sodium_memzero(text->data(), text->size());
  return file;
}

Result<void> save_key(const std::filesystem::path& path, const std::string& kind, const std::string& shown,
                      const SecretBytes& secret) {
  std::string text = "# Whoever reads this file can act as you. Keep it secret; keep a copy.\n";
  text += "kind = \"" + kind + "\"\n";
  if (!shown.empty()) text += "public = \"" + shown + "\"\n";
  text += "secret = \"" + to_hex(secret.bytes()) + "\"\n";
  auto saved = write_new(path, text);
  sodium_memzero(text.data(), text.size());
  return saved;
}

Error halves_differ(const std::filesystem::path& path) {
  return {ErrorCode::kInvalid, "public and secret of key file " + path.string() + " do not belong together",
          "restore the file from your copy"};
}

}  // namespace

Result<void> save_identity(const std::filesystem::path& path, const Identity& identity) {
  return save_key(path, "identity", did_key(identity.public_key()), identity.seed());
}

Result<void> save_transport(const std::filesystem::path& path, const TransportPair& pair) {
  return save_key(path, "transport", to_hex(pair.public_key().bytes), pair.secret());
}

Result<void> save_secret(const std::filesystem::path& path, const SecretBytes& secret) {
  return save_key(path, "secret", "", secret);
}

Result<Identity> load_identity(const std::filesystem::path& path) {
  const auto file = load_key(path, "identity");
  if (!file) return file.error();
  Identity identity = Identity::from_seed(file->secret);
  if (file->shown != did_key(identity.public_key())) return halves_differ(path);
  return identity;
}

Result<TransportPair> load_transport(const std::filesystem::path& path) {
  const auto file = load_key(path, "transport");
  if (!file) return file.error();
  TransportPair pair = TransportPair::from_secret(file->secret);
  if (file->shown != to_hex(pair.public_key().bytes)) return halves_differ(path);
  return pair;
}

Result<SecretBytes> load_secret(const std::filesystem::path& path) {
  auto file = load_key(path, "secret");
  if (!file) return file.error();
  return file->secret;
}

}  // namespace reeve
